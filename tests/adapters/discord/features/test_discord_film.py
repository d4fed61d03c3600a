"""A film on Discord: a slash command's answer becomes its board, and then the film."""

from pathlib import Path
from typing import Any

from adapters.discord.timing import Timing
from bot.i18n import translate
from simulators.discord.values import CHANNEL
from tests.support.discord.messages import actions_of
from tests.support.discord.whole import whole
from tests.support.film.studio import Studio
from tests.support.media_files import film as clip


def _said(key: str, **values: object) -> str:
    return translate(key, "zh-TW", **values)


async def test_a_film_in_one_message(tmp_path: Path) -> None:
    """Planned, made shorter, made; a shot is made again, then the music; all in the message of the plan."""
    async with whole(tmp_path, timing=Timing(double_press=0.0)) as one:
        api = Studio(clip=clip(seconds=0.3))
        one.api.play(api)
        await one.command("film", prompt="a fox", subtitles="file")
        plan = await one.see(CHANNEL, _said("film.length", count=4, seconds=20))
        assert actions_of(plan) == ["make", "edit", "fewer", "shorter", "cancel"]
        await one.core.worker.drain()
        await one.press(plan, "edit")
        [form] = await one.simulator.until(
            lambda: [c for c in one.simulator.called("POST", "callback") if c["type"] == 9]
        )
        lines = form["data"]["components"][0]["component"]["value"].splitlines()
        assert lines[0] == "5 | Shot one | a fox, one"
        await one.submit(plan, prompt="\n".join(lines[::-1]))
        await one.see(CHANNEL, f"1. Shot four ({_said('film.shot_length', seconds=5)})")
        await one.core.worker.drain()
        await one.press(plan, "shorter")
        shorter = await one.see(CHANNEL, _said("film.length", count=4, seconds=8))
        await one.core.worker.drain()
        assert not api.made
        await one.press(shorter, "make")
        await one.see(CHANNEL, _said("film.cost", cost="7.00"))
        await one.core.worker.drain()
        [film] = [m for m in one.simulator.messages[CHANNEL] if "The fox" in str(m)]
        assert film["id"] == plan["id"]
        assert _names(film) == ["The-fox.mp4", "The-fox.srt"]
        await one.press(film, "again-1")
        await one.see(CHANNEL, _said("film.cost", cost="8.50"))
        await one.core.worker.drain()
        [film] = [m for m in one.simulator.messages[CHANNEL] if "The fox" in str(m)]
        await one.press(film, "remix")
        await one.see(CHANNEL, _said("film.cost", cost="9.50"))
        await one.core.worker.drain()
        assert (api.made_by("image"), api.made_by("video"), api.made_by("audio")) == (5, 5, 2)


def _names(message: dict[str, Any]) -> list[str]:
    return [file["filename"] for file in message["attachments"]]
