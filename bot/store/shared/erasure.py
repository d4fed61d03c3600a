"""Erasure of a person, in a transaction of the writer's; and the statement for feedback."""

# ruff: noqa: S608 - only constants and numbers are joined

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.models import Event, Media
from bot.store.shared import audit, codec, key_values, quota, schedules
from bot.store.shared.rows import parse_media
from bot.store.shared.sql import Database

_THEIRS = "adapter = :adapter AND actor = :actor AND actor <> ''"
_HERE = " AND workspace = :workspace"  #: where only the data of one workspace are erased
_ELSEWHERE = f"""
SELECT 1 FROM events WHERE {_THEIRS} AND workspace <> :workspace
UNION ALL SELECT 1 FROM usage WHERE {_THEIRS} AND workspace <> :workspace
UNION ALL SELECT 1 FROM schedules WHERE {_THEIRS} AND workspace <> :workspace LIMIT 1
"""
_THEIR_EVENTS = f"SELECT seq FROM events WHERE {_THEIRS}"
_EVENTS = "SELECT seq FROM events WHERE adapter = :adapter"
_BEFORE = (
    (
        "UPDATE contexts SET summary = '' WHERE (adapter, conversation) IN"
        f" (SELECT adapter, conversation FROM events WHERE {_THEIRS})"
    ),
    f"DELETE FROM turns WHERE event_seq IN ({_THEIR_EVENTS})",
    (
        f"DELETE FROM feedback WHERE event_seq IN ({_THEIR_EVENTS})"
        f" OR (actor = :actor AND event_seq IN ({_EVENTS}{{here}}))"
    ),
)
#: Messages of the person that others' requests read, and the summaries that may contain them.
_READ_BY_OTHERS = (
    (
        "UPDATE contexts SET summary = '' WHERE (adapter, conversation) IN"
        " (SELECT adapter, conversation FROM turns WHERE adapter = :adapter AND {is_said_by_them})"
    ),
    "DELETE FROM turns WHERE adapter = :adapter AND {is_said_by_them}",
)
_USAGE = f"DELETE FROM usage WHERE {_THEIRS}"

ADD_FEEDBACK = f"""
INSERT INTO feedback (event_seq, actor, is_good, at)
SELECT seq, CAST(:actor AS text), CAST(:is_good AS boolean), CAST(:at AS double precision) FROM events
WHERE adapter = :adapter AND id = :id AND event IS NOT NULL AND {key_values.NOT_ERASED}
ON CONFLICT (event_seq, actor) DO UPDATE SET is_good = excluded.is_good, at = excluded.at
"""


def to_opinion(event_id: str, by: Event, at: float, *, is_good: bool) -> Mapping[str, object]:
    """Return the parameters of `ADD_FEEDBACK`."""
    keys = {"adapter": by.adapter, "id": event_id, "actor": by.actor.id, "event": by.id}
    return {**{name: codec.to_key(value) for name, value in keys.items()}, "is_good": is_good, "at": at}


async def is_in_one_workspace(db: Database, adapter: str, actor: str, workspace: str) -> bool:
    """Return whether nothing of a person is stored of another place than this workspace."""
    who = {"adapter": codec.to_key(adapter), "actor": codec.to_key(actor), "workspace": codec.to_key(workspace)}
    return not await db.rows(_ELSEWHERE, **who)


async def find_events(db: Database, adapter: str, actor: str, workspace: str | None) -> Sequence[int]:
    """Return the sequence numbers of a person's unfinished events. `workspace`: only of this one."""
    here, place = _place(workspace)
    who = {"adapter": codec.to_key(adapter), "actor": codec.to_key(actor)}
    return [seq for (seq,) in await db.rows(f"{_THEIR_EVENTS}{here} AND NOT done", **who, **place)]


async def forget(
    db: Database,
    adapter: str,
    actor: str,
    *,
    workspace: str | None,
    is_running: str,
    find: str,
    add_usage: str,
    now: float,
    more: str = "",
) -> Sequence[str]:
    """See `Maintenance.forget`; returns the answers whose files are to be deleted.

    `is_running`: condition of events that are being answered; their content is erased when they complete. `find`:
    function that searches a text in a text, and returns 0 without a match. `add_usage`: statement that adds the
    person's usage to the rows without a person. `more`: what else of an event is erased, as assignments.
    """
    here, place = _place(workspace)
    theirs = _THEIRS + here
    who = {"adapter": codec.to_key(adapter), "actor": codec.to_key(actor)}

    async def run(statement: str, **more: object) -> Sequence[Any]:
        return await db.rows(statement.replace(_THEIRS, theirs), **who, **place, **more)

    hour = int(now // quota.HOUR) - quota.CARRIED_DAYS * 24
    await run(quota.CARRY, person=quota.hash_person(adapter, actor), hour=hour)
    answers = await run(f"SELECT answer FROM events WHERE {_THEIRS} AND answer IS NOT NULL AND NOT ({is_running})")
    for statement in _BEFORE:
        await run(statement.format(here=here))
    if actor:
        # Not by the database's JSON functions: PostgreSQL's fail on texts with NUL. In a string quotes are escaped, so
        # that a match is the field.
        name = json.dumps(codec.clean(actor), ensure_ascii=False)
        field = {"compact": f'"actor":{name}', "spaced": f'"actor": {name}'}
        is_said_by_them = f"({find}(data, :compact) > 0 OR {find}(data, :spaced) > 0)"
        if here:
            is_said_by_them += f" AND event_seq IN ({_EVENTS}{here})"
        for statement in _READ_BY_OTHERS:
            text = statement.format(is_said_by_them=is_said_by_them)
            await db.rows(text, adapter=who["adapter"], **field, **place)
    # While their events still say in which conversations they wrote.
    await db.rows(key_values.FORGET_HERE if here else key_values.FORGET, **who, **place)
    await run(f"UPDATE events SET forgotten = true, actor = '' WHERE {_THEIRS} AND ({is_running})")
    await run(
        "UPDATE events SET event = NULL, answer = NULL, ref = NULL, actor = '', done = true, forgotten = true"
        f"{more} WHERE {_THEIRS}"
    )
    for statement in (add_usage, _USAGE, audit.FORGET, schedules.FORGET):
        await run(statement)
    await _forget_in_audit(db, adapter, actor, here=here, place=place, find=find)
    return [answer for (answer,) in answers]


async def erase_forgotten(db: Database, seq: int) -> Sequence[Media]:
    """See `EventQueue.erase_forgotten`."""
    return await _erase_answers(db, "seq = :seq", seq=seq)


async def erase_left_behind(db: Database) -> Sequence[Media]:
    """Erase the answers that processes, which ended right after `complete`, left of forgotten people; returns media."""
    return await _erase_answers(db, "true")


async def _erase_answers(db: Database, which: str, **parameters: object) -> Sequence[Media]:
    """Erase the answers of forgotten people's completed events; returns their media. `which`: condition of events."""
    theirs = f"forgotten AND done AND answer IS NOT NULL AND {which}"
    found = await db.rows(f"SELECT answer FROM events WHERE {theirs}", **parameters)
    if found:
        await db.rows(f"UPDATE events SET answer = NULL WHERE {theirs}", **parameters)
    return [media for (answer,) in found for media in parse_media(answer)]


async def _forget_in_audit(
    db: Database, adapter: str, actor: str, *, here: str, place: Mapping[str, str], find: str
) -> None:
    """Take a person's id out of the texts of audit entries about them."""
    if not actor:
        return
    within, sql = json.dumps(codec.clean(actor), ensure_ascii=False)[1:-1], audit.NAMING.format(find=find, here=here)
    for seq, entry in await db.rows(sql, adapter=codec.to_key(adapter), id=within, **place):
        if (text := audit.without_person(entry, actor)) != entry:
            await db.rows(audit.FORGET_IN_TEXT, entry=text, seq=seq)


def _place(workspace: str | None) -> tuple[str, Mapping[str, str]]:
    """Return the condition of what is erased, and its parameter."""
    return ("", {}) if workspace is None else (_HERE, {"workspace": codec.to_key(workspace)})
