"""The process is killed again and again while a film is made; nothing that is there is made a second time."""

import asyncio
import contextlib
import json
import signal
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.channel.adapter import Channel, Message, channel_server
from tests.support.film.studio import SCRIPT, Studio
from tests.support.killed_service import serve
from tests.support.media_files import film as clip
from tests.support.processes import process
from tests.support.scripted_api import scripted_api

SHOTS = [shot["prompt"] for shot in SCRIPT["shots"]]


@dataclass(slots=True)
class Lives:
    """A service that dies after some moments, and is started again until something is reached."""

    channel: Channel
    api: Studio
    url: str
    folder: Path
    count: int = 0
    finished: dict[str, int] = field(default_factory=dict)  #: how often what is committed had been asked for

    async def until(self, reached: Callable[[], bool]) -> None:
        """Start the service again and again, each time for a few moments more or less."""
        while not reached():
            self.count += 1
            moments = 12 + self.count * 7 % 29
            environment = {
                "AIMODELS_BASE_URL": self.url,
                "AIMODELS_API_KEY": "key",
                "BOT_DATA_DIR": str(self.folder),
                "BOT_MAX_ATTEMPTS": "20",
                "BOT_MEDIA_CONCURRENCY": "1",
            }
            async with process(
                serve, self.channel.url, str(moments), environment=environment, folder=self.folder
            ) as one:
                gone = asyncio.create_task(one.wait())
                there = asyncio.create_task(self.channel.until(reached))
                await asyncio.wait({gone, there}, return_when=asyncio.FIRST_COMPLETED)
                one.send_signal(signal.SIGKILL)
                await gone
                there.cancel()
            self._check()

    def _check(self) -> None:
        """Nothing that was committed is asked for again."""
        for what, count in self.finished.items():
            assert self.api.asked[what] == count, f"{what} was there, and made again"
        with contextlib.closing(sqlite3.connect(self.folder / "bot.db")) as database:
            rows = database.execute("SELECT event, command FROM events WHERE answer LIKE '%\"media\"%'").fetchall()
        for event, command in rows:
            if command in ("image", "video", "audio"):
                what = f"{command}: {json.loads(event)['prompt']}"
                self.finished.setdefault(what, self.api.asked[what])


async def test_a_film_is_made_once_however_often_the_service_is_killed(tmp_path: Path) -> None:
    """Each polled job is the only one of its node, each finished picture is made once, and the film is shown once."""
    async with channel_server() as channel, scripted_api() as server, asyncio.timeout(200):
        api = Studio(clip=clip(seconds=0.2))
        server.play(api)
        lives = Lives(channel, api, server.url, tmp_path)
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
        for action, words in (("again-2", {}), ("music", {"music": "a drum"})):
            shown = len(channel.seen)
            await channel.ask("", command="press", options={"event": film, "action": action, **words})
            await lives.until(lambda: is_made() and is_shown_since(shown))  # noqa: B023
        polled = sorted(what for job, what in api.jobs.items() if job in api.polled)
        prompts = (*SHOTS, f"{SHOTS[1]} (variation 2)")
        assert polled == sorted(["audio: slow strings", "audio: a drum", *(f"video: {prompt}" for prompt in prompts)])
        assert sorted(lives.finished) == sorted([*polled, *(f"image: {prompt}" for prompt in prompts)])
        assert len(channel.answers(film)) == 1
        assert lives.count > 8
