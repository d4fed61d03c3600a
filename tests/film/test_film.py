"""Films on the whole service: planned, made, changed, stopped; what is there is not made again."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.models import Capabilities
from tests.support.channel.adapter import Message
from tests.support.database.engines import engine, server, url
from tests.support.film.studio import SCRIPT, press, see, settled, studio
from tests.support.media_files import film as clip
from tests.support.service import Service, quiet_logs

__all__ = ["engine", "server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

SHOTS = [shot["prompt"] for shot in SCRIPT["shots"]]


async def until_done(one: Service, film: str, files: int) -> Message:
    """Wait until the film is there."""

    def is_done() -> bool:
        return any(len(m.files) == files and "again-1" in m.actions for m in one.channel.answers(film))

    await one.channel.until(is_done)
    return one.answer(film)


async def charged(one: Service) -> dict[str, int]:
    """Return how many requests are charged, by kind."""
    rows = await one.core.store.usage(since=datetime.fromtimestamp(0, UTC))
    return {row.kind: row.requests for row in rows}


async def test_a_film_is_planned_made_and_changed(tmp_path: Path, engine: dict[str, Any]) -> None:
    """Nothing is made until its maker says so; each part is made once, and only what a change concerns again."""
    async with studio(tmp_path, bot_media_concurrency=1, **engine) as (one, api):
        plan = await one.ask("a fox", command="film", options={"transition": "none"})
        film = plan.reply_to
        assert "**The fox**" in plan.text
        assert "Shot three (5 s)" in plan.text
        assert plan.actions == ["make", "edit", "fewer", "shorter", "cancel"]
        assert (dict(api.asked), api.made) == ({"plan": 1}, {})
        assert await charged(one) == {"chat": 1}  # nothing else is charged before
        await press(one, film, "make")
        await until_done(one, film, 5)
        everything = {f"{kind}: {prompt}": 1 for prompt in SHOTS for kind in ("image", "video")}
        assert api.made == {**everything, "audio: slow strings": 1}
        assert all(api.sources.values())
        await press(one, film, "again-2")
        await api.until(lambda: "video: a fox, two (variation 2)" in api.made)
        await settled(one)
        again = {"image: a fox, two (variation 2)": 1, "video: a fox, two (variation 2)": 1}
        assert api.made == {**everything, **again, "audio: slow strings": 1}
        await press(one, film, "music", values={"music": "a drum"})
        await settled(one)
        assert api.made == {**everything, **again, "audio: slow strings": 1, "audio: a drum": 1}
        lines = "5 | new | a wolf\n5 | Shot four | a fox, four\n5 | Shot one | a fox, one"
        await press(one, film, "edit", values={"prompt": lines})
        await api.until(lambda: "video: a wolf" in api.made)
        await settled(one)
        assert sorted(api.made.items() - {**everything, **again}.items()) == [
            ("audio: a drum", 2),
            ("audio: slow strings", 1),
            ("image: a wolf", 1),
            ("video: a wolf", 1),
        ]
        board = await until_done(one, film, 4)
        assert "Cost so far" in board.text
        assert await charged(one) == {"chat": 1, "image": 6, "video": 6, "audio": 3}


async def test_a_film_is_joined(tmp_path: Path) -> None:
    """One file. A clip that can't be used is named, and the clips are there; then they are made again."""
    async with studio(tmp_path, bot_media_concurrency=1) as (one, api):
        api.plans = [json.dumps({**SCRIPT, "title": "The fox \U0010fffd"})]  # a letter that no font has
        plan = await one.ask("a fox", command="film", options={"subtitles": "burnt"})
        film = plan.reply_to
        await press(one, film, "make")
        await settled(one)
        board = await see(one, film, "Shot 1 can't become part of the film: its file is damaged")
        assert [file["type"] for file in board.files] == ["video/mp4"] * 4 + ["audio/wav"]
        api.clip = clip(seconds=0.3)
        for number in range(1, 5):
            await press(one, film, f"again-{number}")
            await settled(one)
        joined = await until_done(one, film, 1)
        assert [file["name"] for file in joined.files] == ["The-fox.mp4"]
        assert "The title is left out" in joined.text
        for options in ({"do": "stop"}, {"do": "cancel"}, {"do": "continue"}, {"order": "1 2 3 4"}):
            answer = await one.ask("", command="shots", options=options)
            assert answer.text == "That changes nothing: the film stays as it is."
        await settled(one)
        assert one.answer(film).files == joined.files
        assert api.made_by("video") == 8
        tree = [line for line in (await one.ask("", command="tree")).text.splitlines() if "- **" in line]
        assert len(tree) == 18  # each file once, though the board has shown them, too
        [whole] = [line for line in tree if "The fox" in line]
        assert whole.startswith("    - **18** Video: `The fox \U0010fffd` · `film · Ada` ← 11, 13, 15, 17")
        assert (await one.ask("darker", command="edit", options={"number": "18"})).private


async def test_a_film_fits_the_platform(tmp_path: Path) -> None:
    """It is made small enough; where it can't be, it is linked to, and the board says so."""
    limits = Capabilities(max_upload=43_000, edit_interval=0.01)
    async with studio(tmp_path, limits=limits, bot_public_url="https://bot.example") as (one, api):
        api.clip = clip(seconds=1, noise=True)
        assert len(api.clip) > 5 * 43_000
        options = {"shots": "1", "duration": "5", "music": "no"}
        film = (await one.ask("a fox", command="film", options=options)).reply_to
        await press(one, film, "make")
        [file] = (await until_done(one, film, 1)).files
        assert (file["type"], file["size"] <= 43_000) == ("video/mp4", True)
        await settled(one)
        one.adapter.capabilities = replace(limits, max_upload=4_000)
        await press(one, film, "again-1")
        [file] = (await see(one, film, "more than the 4.0 kB that fit here. The link works for 72 hours")).files
        assert str(file["url"]).startswith("https://bot.example/media/")
