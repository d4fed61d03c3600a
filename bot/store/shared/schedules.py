"""The schedules, for all engines."""

# ruff: noqa: D102, S608 - the promises are those of `bot.ports`; only constants are joined

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from bot.ports import Schedule
from bot.store.shared import codec
from bot.store.shared.key_values import NOT_ERASED
from bot.store.shared.sql import Database

T = TypeVar("T")

_FIND = "SELECT schedule FROM schedules WHERE adapter = :adapter AND id = :id"
_ADD = f"""
INSERT INTO schedules (adapter, id, workspace, actor, due, schedule)
SELECT CAST(:adapter AS text), CAST(:id AS text), CAST(:workspace AS text), CAST(:actor AS text),
    CAST(:due AS double precision), CAST(:schedule AS text)
WHERE (SELECT count(*) FROM schedules WHERE adapter = :adapter AND actor = :actor) < :most
    AND (SELECT count(*) FROM schedules WHERE adapter = :adapter AND workspace = :workspace) < :most_here
    AND {NOT_ERASED}
ON CONFLICT (adapter, id) DO NOTHING
"""
_CHANGE = """
UPDATE schedules SET due = :due, schedule = :schedule
WHERE adapter = :adapter AND id = :id AND coalesce(due, 0) = coalesce(CAST(:was AS double precision), 0) RETURNING id
"""
_DELETE = "DELETE FROM schedules WHERE adapter = :adapter AND id = :id RETURNING id"
_DUE = "SELECT schedule FROM schedules WHERE due <= :at AND adapter IN ({adapters}) ORDER BY due LIMIT :limit"
_NEXT = "SELECT min(due) FROM schedules WHERE due > :after AND adapter IN ({adapters})"
#: Of a person who is forgotten.
FORGET = "DELETE FROM schedules WHERE adapter = :adapter AND actor = :actor AND actor <> ''"


class ScheduleQueries:
    """See `bot.ports.ScheduleStore`. An engine provides `rows`, and writes."""

    schedules_changed: asyncio.Event

    async def rows(self, sql: str, /, **parameters: object) -> list[Any]:
        """See `StoreQueries.rows`."""
        raise NotImplementedError

    async def write_schedules(self, work: Callable[[Database], Awaitable[T]], schedule: Schedule) -> T:
        """Do work on a schedule in a transaction, alone with its author's and workspace's; announce the change."""
        raise NotImplementedError

    async def add_schedule(self, schedule: Schedule, *, most: int, most_here: int) -> bool:
        async def work(db: Database) -> bool:
            event = codec.to_key(schedule.event.id)
            await db.rows(_ADD, **_row(schedule), **_keys(schedule), event=event, most=most, most_here=most_here)
            return bool(await db.rows(_FIND, **_key(schedule)))

        return await self.write_schedules(work, schedule)

    async def change_schedule(self, schedule: Schedule, *, was: Schedule) -> bool:
        async def work(db: Database) -> bool:
            return bool(await db.rows(_CHANGE, **_row(schedule), **_key(schedule), was=_seconds(was.due)))

        return await self.write_schedules(work, schedule)

    async def delete_schedule(self, schedule: Schedule) -> bool:
        async def work(db: Database) -> bool:
            return bool(await db.rows(_DELETE, **_key(schedule)))

        return await self.write_schedules(work, schedule)

    async def find_schedule(self, adapter: str, schedule_id: str) -> Schedule | None:
        rows = await self.rows(_FIND, adapter=codec.to_key(adapter), id=codec.to_key(schedule_id))
        return next(iter(_parse(rows)), None)

    async def schedules(self, adapter: str, *, actor: str = "", workspace: str = "") -> Sequence[Schedule]:
        given = {"adapter": adapter, "actor": actor, "workspace": workspace}
        keys = {name: codec.to_key(value) for name, value in given.items() if value}
        conditions = " AND ".join(f"{name} = :{name}" for name in keys)
        return _parse(
            await self.rows(f"SELECT schedule FROM schedules WHERE {conditions} ORDER BY due IS NULL, due, id", **keys)
        )

    async def due_schedules(self, adapters: Collection[str], at: datetime, *, limit: int) -> Sequence[Schedule]:
        sql, names = _of_adapters(_DUE, adapters)
        return _parse(await self.rows(sql, at=at.timestamp(), limit=limit, **names))

    async def next_due(self, adapters: Collection[str], after: datetime) -> datetime | None:
        sql, names = _of_adapters(_NEXT, adapters)
        ((due,),) = await self.rows(sql, after=after.timestamp(), **names)
        return None if due is None else datetime.fromtimestamp(due, UTC)


def _of_adapters(sql: str, adapters: Collection[str]) -> tuple[str, Mapping[str, str]]:
    """Return a statement on these adapters, and its parameters."""
    names = {f"adapter{number}": codec.to_key(adapter) for number, adapter in enumerate(sorted(adapters))}
    return sql.format(adapters=", ".join(f":{name}" for name in names) or "''"), names


def _key(schedule: Schedule) -> Mapping[str, str]:
    return {"adapter": codec.to_key(schedule.event.adapter), "id": codec.to_key(schedule.id)}


def _keys(schedule: Schedule) -> Mapping[str, str]:
    event = schedule.event
    place = {"workspace": codec.to_key(event.location.workspace), "actor": codec.to_key(event.actor.id)}
    return {**_key(schedule), **place}


def _row(schedule: Schedule) -> Mapping[str, object]:
    return {"due": _seconds(schedule.due), "schedule": codec.dumps(schedule)}


def _seconds(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


def _parse(rows: Sequence[Any]) -> Sequence[Schedule]:
    return [codec.loads(Schedule, text) for (text,) in rows]
