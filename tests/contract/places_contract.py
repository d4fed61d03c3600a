"""The promises of every store about the names of workspaces and channels."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.ports import PlaceName, Store
from tests.support.database.store import StoreSuite


def place(
    channel: str, name: str, *, workspace: str = "w", adapter: str = "one", is_private: bool = False
) -> PlaceName:
    return PlaceName(adapter=adapter, workspace=workspace, channel=channel, name=name, is_private=is_private)


class PlacesContract(StoreSuite):
    async def test_names_of_places_are_kept(self, tmp_path: Path) -> None:
        """As they are, also odd ones; the newest name of each place; found by place and, in any case, by name."""
        lab, room, odd = place("", "Lab"), place("room", "Straße", is_private=True), place("o\0", '"雪\0')
        elsewhere = place("hall", "STRASSE", workspace="v", adapter="two")
        async with self.open(tmp_path) as store:
            await store.save_places([lab, place("room", "old"), odd])
            await store.save_places([room, elsewhere, place("nameless", "")])
        async with self.open(tmp_path) as store:
            wanted = [lab.key, room.key, odd.key, ("one", "w", "unknown"), ("two", "w", "")]
            assert await store.find_places(wanted) == {one.key: one for one in (lab, room, odd)}
            assert await store.find_places([("one", "w", f"{number}") for number in range(500)]) == {}
            assert await store.find_places([]) == {}
            assert await store.places_named("strasse") == [room, elsewhere]
            assert await store.places_named("STRAßE", adapter="two", workspace="v") == [elsewhere]
            assert await store.places_named("old") == await store.places_named("") == []
            soon = datetime.now(UTC) + timedelta(minutes=1)
            assert await store.find_places([lab.key], since=soon) == {}
            assert await store.find_places([lab.key], since=soon - timedelta(hours=1)) == {lab.key: lab}

    async def test_names_of_places_go(self, store: Store) -> None:
        """With their workspace, or when nobody has confirmed them for as long as requests are kept."""
        lab, room, other = place("", "Lab"), place("room", "room"), place("room", "room", workspace="v")
        await store.save_places([lab, room, other])
        await store.forget_places("one", "w")
        assert await store.find_places([lab.key, room.key, other.key]) == {other.key: other}
        now = datetime.now(UTC)
        await store.prune(now - timedelta(hours=1))
        assert await store.places_named("ROOM") == [other]
        await store.prune(now + timedelta(hours=1))
        assert await store.places_named("room") == []
