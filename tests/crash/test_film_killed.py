"""The process is killed again and again while a film is made; nothing that is there is made a second time."""

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

from tests.support.channel.adapter import Message, channel_server
from tests.support.database.engines import engine, server, url
from tests.support.database.lives import Lives
from tests.support.film.studio import SCRIPT, Studio
from tests.support.media_files import film as clip
from tests.support.scripted_api import scripted_api

__all__ = ["engine", "server", "url"]

SHOTS = [shot["prompt"] for shot in SCRIPT["shots"]]
CHANGES: tuple[tuple[str, dict[str, str], str], ...] = (
    ("again-2", {}, f"video: {SHOTS[1]} (variation 2)"),
    ("music", {"music": "a drum"}, "audio: a drum"),
)
CHARGED = "SELECT kind, CAST(sum(requests) AS integer) FROM usage WHERE kind <> 'chat' GROUP BY kind"
ANSWERED = "SELECT event, command FROM events WHERE answer LIKE '%\"media\"%'"


async def test_a_film_is_made_once_however_often_the_service_is_killed(tmp_path: Path, engine: dict[str, Any]) -> None:
    """Each polled job is the only one of its node, each finished picture is made once, and the film is shown once."""
    async with channel_server() as channel, scripted_api() as server, asyncio.timeout(120):
        api = Studio(clip=clip(seconds=0.2))
        server.play(api)
        finished: dict[str, int] = {}  # how often what is committed had been asked for

        async def check() -> None:
            """Nothing that was committed is asked for again."""
            for what, count in finished.items():
                assert api.asked[what] == count, f"{what} was there, and made again"
            for event, command in await lives.rows(ANSWERED):
                if command in ("image", "video", "audio"):
                    what = f"{command}: {json.loads(event)['prompt']}"
                    finished.setdefault(what, api.asked[what])

        environment = {"AIMODELS_BASE_URL": server.url, "BOT_MEDIA_CONCURRENCY": "1"}
        # On PostgreSQL it lives longer, and the changes are made at once.
        shortest, steps = (25, [CHANGES]) if engine else (12, [CHANGES[:1], CHANGES[1:]])
        lives = Lives(
            channel=channel, engine=engine, folder=tmp_path, environment=environment, shortest=shortest, check=check
        )
        film = await channel.ask("a fox", command="film")

        def board() -> Message | None:
            return next((message for message in channel.answers(film) if message.final), None)

        def is_made() -> bool:
            shown = board()
            return shown is not None and len(shown.files) == 1 and "again-1" in shown.actions

        def is_shown_since(moment: int) -> bool:
            """Whether the film was shown after a board without it."""
            boards = [
                len(change["files"]) for event, change in channel.seen[moment:] if event == film and "files" in change
            ]
            return bool(boards) and boards[-1] == 1 and boards != [1] * len(boards)

        await lives.until(lambda: board() is not None)
        await channel.ask("", command="press", options={"event": film, "action": "make"})
        await lives.until(is_made)
        for changes in steps:
            shown = len(channel.seen)
            for action, words, _ in changes:
                await channel.ask("", command="press", options={"event": film, "action": action, **words})
            new = {what for _, _, what in changes}
            await lives.until(lambda: new <= finished.keys() and is_made() and is_shown_since(shown))  # noqa: B023
        polled = sorted(what for job, what in api.jobs.items() if job in api.polled)
        prompts = (*SHOTS, f"{SHOTS[1]} (variation 2)")
        assert polled == sorted(["audio: slow strings", "audio: a drum", *(f"video: {prompt}" for prompt in prompts)])
        assert sorted(finished) == sorted([*polled, *(f"image: {prompt}" for prompt in prompts)])
        assert len(channel.answers(film)) == 1
        made = Counter(what.partition(":")[0] for what in finished)
        assert dict(await lives.rows(CHARGED)) == made  # each is charged once
        assert lives.count > 6
