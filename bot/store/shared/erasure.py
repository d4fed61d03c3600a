"""Erasure of a person, in a transaction of the writer's; and the statement for feedback."""

# ruff: noqa: S608 - only constants and numbers are joined

import json
from collections.abc import Sequence

from bot.store.shared import audit, codec, key_values, quota
from bot.store.shared.sql import Database

_THEIRS = "adapter = :adapter AND actor = :actor AND actor <> ''"
_THEIR_EVENTS = f"SELECT seq FROM events WHERE {_THEIRS}"
_BEFORE = (
    (
        "UPDATE contexts SET summary = '' WHERE (adapter, conversation) IN"
        f" (SELECT adapter, conversation FROM events WHERE {_THEIRS})"
    ),
    f"DELETE FROM turns WHERE event_seq IN ({_THEIR_EVENTS})",
    (
        f"DELETE FROM feedback WHERE event_seq IN ({_THEIR_EVENTS})"
        " OR (actor = :actor AND event_seq IN (SELECT seq FROM events WHERE adapter = :adapter))"
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
_AFTER = (
    f"DELETE FROM usage WHERE {_THEIRS}",
    key_values.FORGET,
    audit.FORGET,
)

ADD_FEEDBACK = """
INSERT INTO feedback (event_seq, actor, is_good, at)
SELECT seq, CAST(:actor AS text), CAST(:is_good AS boolean), CAST(:at AS double precision) FROM events
WHERE adapter = :adapter AND id = :id AND event IS NOT NULL
ON CONFLICT (event_seq, actor) DO UPDATE SET is_good = excluded.is_good, at = excluded.at
"""


async def forget(
    db: Database, adapter: str, actor: str, *, is_running: str, find: str, add_usage: str, now: float
) -> Sequence[str]:
    """See `Maintenance.forget`; returns the answers whose files are to be deleted.

    `is_running`: condition of events that are being answered; their content is erased when they complete. `find`:
    function that searches a text in a text, and returns 0 without a match. `add_usage`: statement that adds the
    person's usage to the rows without a person.
    """
    who = {"adapter": codec.to_key(adapter), "actor": codec.to_key(actor)}
    hour = int(now // quota.HOUR) - quota.CARRIED_DAYS * 24
    await db.rows(quota.CARRY, person=quota.hash_person(adapter, actor), hour=hour, **who)
    answers = await db.rows(
        f"SELECT answer FROM events WHERE {_THEIRS} AND answer IS NOT NULL AND NOT ({is_running})", **who
    )
    for statement in _BEFORE:
        await db.rows(statement, **who)
    if actor:
        # Not by the database's JSON functions: PostgreSQL's fail on texts with NUL. In a string quotes are escaped, so
        # that a match is the field.
        name = json.dumps(codec.clean(actor), ensure_ascii=False)
        field = {"compact": f'"actor":{name}', "spaced": f'"actor": {name}'}
        is_said_by_them = f"({find}(data, :compact) > 0 OR {find}(data, :spaced) > 0)"
        for statement in _READ_BY_OTHERS:
            await db.rows(statement.format(is_said_by_them=is_said_by_them), adapter=who["adapter"], **field)
    await db.rows(f"UPDATE events SET forgotten = true, actor = '' WHERE {_THEIRS} AND ({is_running})", **who)
    await db.rows(
        "UPDATE events SET event = NULL, answer = NULL, ref = NULL, actor = '', done = true, forgotten = true"
        f" WHERE {_THEIRS}",
        **who,
    )
    await db.rows(add_usage, **who)
    for statement in _AFTER:
        await db.rows(statement, **who)
    return [answer for (answer,) in answers]
