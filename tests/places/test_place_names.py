"""Platforms are asked for names at a slow pace."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from bot.background import BackgroundTasks
from bot.models import Location
from bot.places.place_names import PlaceNames
from bot.places.timing import PlaceTiming
from bot.ports import NoDirectory, PlaceName
from bot.store.sqlite.store import SqliteStore


class SlowPlatform(NoDirectory):
    """A platform that is asked for names."""

    def __init__(self) -> None:
        self.asked: asyncio.Queue[str] = asyncio.Queue()

    async def name_places(self, location: Location) -> Sequence[PlaceName]:
        self.asked.put_nowait(location.channel)
        place = PlaceName(adapter="one", workspace=location.workspace, channel=location.channel, name=location.channel)
        return [place]


async def test_a_pause_follows_each_question(tmp_path: Path) -> None:
    """However slowly places come, the next waits for the pause; another platform has a pace of its own."""
    background, platform = BackgroundTasks("places"), SlowPlatform()
    async with SqliteStore(tmp_path / "bot.db") as store:
        names = PlaceNames(store, {"one": platform, "two": platform}, background, PlaceTiming(pause=3600.0))

        def look_up(adapter: str, channel: str) -> None:
            names.look_up(adapter, Location(workspace="w", channel=channel))

        async def catch_up() -> None:
            """Return once what was begun before has written and read."""
            for _ in range(3):
                await store.forget_places("one", "another")
                await store.find_places([("one", "another", "")])

        look_up("one", "room")
        assert await platform.asked.get() == "room"
        await catch_up()
        look_up("one", "hall")
        look_up("one", "yard")
        await catch_up()
        look_up("two", "garden")
        assert await platform.asked.get() == "garden"
        await catch_up()
        assert platform.asked.empty()
        await background.close()
