"""The names of workspaces and channels, for all engines."""

# ruff: noqa: D102, S608 - the promises are those of `bot.ports`; only constants are joined

import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.ports.store.places import PlaceKey, PlaceName
from bot.store.shared import codec
from bot.store.shared.sql import Database

_KEY = ("adapter", "workspace", "channel")
_COLUMNS = "adapter, workspace, channel, name, is_private"
_SAVE = f"""
INSERT INTO places ({_COLUMNS}, folded, read_at)
VALUES (:adapter, :workspace, :channel, :name, :is_private, :folded, :read_at)
ON CONFLICT (adapter, workspace, channel) DO UPDATE SET name = excluded.name, is_private = excluded.is_private,
    folded = excluded.folded, read_at = excluded.read_at
"""
#: A join, as SQLite reads all places for a list of rows.
_FIND = f"""
WITH wanted (adapter, workspace, channel) AS (VALUES {{keys}})
SELECT {_COLUMNS} FROM wanted JOIN places USING (adapter, workspace, channel) WHERE read_at >= :since
"""
_NAMED = f"SELECT {_COLUMNS} FROM places WHERE folded = :folded AND folded <> ''"
_FORGET = "DELETE FROM places WHERE adapter = :adapter AND workspace = :workspace"
#: Those of places in which nobody has used the service since.
PRUNE = "DELETE FROM places WHERE read_at < :before"
#: Places that are looked up in one statement: few sizes, as each is a statement of its own to be prepared.
_SIZES = (1, 10, 50, 200)


class PlaceQueries:
    """See `bot.ports.PlaceStore`. An engine provides `rows`, and writes."""

    async def rows(self, sql: str, /, **parameters: object) -> list[Any]:
        """See `StoreQueries.rows`."""
        raise NotImplementedError

    async def write_places(self, work: Callable[[Database], Awaitable[object]]) -> None:
        """Do work in a transaction."""
        raise NotImplementedError

    async def save_places(self, places: Sequence[PlaceName]) -> None:
        now = time.time()
        rows = [{**_row(place), "read_at": now} for place in places]
        await self.write_places(lambda db: db.execute_many(_SAVE, rows))

    async def find_places(
        self, places: Collection[PlaceKey], *, since: datetime | None = None
    ) -> Mapping[PlaceKey, PlaceName]:
        found: dict[PlaceKey, PlaceName] = {}
        wanted, oldest = sorted(places), 0.0 if since is None else since.timestamp()
        for at in range(0, len(wanted), _SIZES[-1]):
            page = wanted[at : at + _SIZES[-1]]
            size = next(size for size in _SIZES if size >= len(page))
            page += page[-1:] * (size - len(page))
            keys = ", ".join(f"(:adapter{number}, :workspace{number}, :channel{number})" for number in range(len(page)))
            parameters = {
                f"{column}{number}": codec.to_key(value)
                for number, place in enumerate(page)
                for column, value in zip(_KEY, place, strict=True)
            }
            rows = await self.rows(_FIND.format(keys=keys), since=oldest, **parameters)
            found |= {place.key: place for place in map(_parse, rows)}
        return found

    async def places_named(self, name: str, *, adapter: str = "", workspace: str = "") -> Sequence[PlaceName]:
        given = {"adapter": adapter, "workspace": workspace}
        keys = {column: codec.to_key(value) for column, value in given.items() if value}
        conditions = "".join(f" AND {column} = :{column}" for column in keys)
        sql = f"{_NAMED}{conditions} ORDER BY adapter, workspace, channel"
        return [_parse(row) for row in await self.rows(sql, folded=_fold(name), **keys)]

    async def forget_places(self, adapter: str, workspace: str) -> None:
        keys = {"adapter": codec.to_key(adapter), "workspace": codec.to_key(workspace)}
        await self.write_places(lambda db: db.rows(_FORGET, **keys))


def _fold(name: str) -> str:
    return codec.to_key(name.casefold())


def _row(place: PlaceName) -> Mapping[str, object]:
    texts = {column: codec.to_key(value) for column, value in zip(_KEY, place.key, strict=True)}
    return {**texts, "name": codec.to_key(place.name), "folded": _fold(place.name), "is_private": place.is_private}


def _parse(row: Sequence[Any]) -> PlaceName:
    adapter, workspace, channel, name = map(codec.from_key, row[:4])
    return PlaceName(adapter=adapter, workspace=workspace, channel=channel, name=name, is_private=bool(row[4]))
