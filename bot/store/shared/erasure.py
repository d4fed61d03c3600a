"""What is erased of a person, and opinions of answers. Each function runs in a transaction of the writer's."""

# ruff: noqa: S608 - only constants and numbers are joined

from collections.abc import Sequence

from bot.store.shared import codec, key_values, quota
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
#: What others' requests read along of the person, and the summaries that may have it.
_READ_ALONG = (
    (
        "UPDATE contexts SET summary = '' WHERE (adapter, conversation) IN"
        " (SELECT adapter, conversation FROM turns WHERE adapter = :adapter AND {said_by} = :said_by)"
    ),
    "DELETE FROM turns WHERE adapter = :adapter AND {said_by} = :said_by",
)
_AFTER = (
    f"DELETE FROM usage WHERE {_THEIRS}",
    key_values.FORGET,
)

ADD_FEEDBACK = """
INSERT INTO feedback (event_seq, actor, is_good, at)
SELECT seq, CAST(:actor AS text), CAST(:is_good AS boolean), CAST(:at AS double precision) FROM events
WHERE adapter = :adapter AND id = :id AND event IS NOT NULL
ON CONFLICT (event_seq, actor) DO UPDATE SET is_good = excluded.is_good, at = excluded.at
"""


async def forget(
    db: Database, adapter: str, actor: str, *, is_running: str, said_by: str, add_usage: str, now: float
) -> Sequence[str]:
    """See `Maintenance.forget`; returns the answers whose files are to be deleted.

    `is_running`: condition of events that are being answered: they are blanked when they are done. `said_by`:
    expression of the person in a turn's `data`. `add_usage`: statement that adds the person's usage to that of nobody.
    """
    who = {"adapter": codec.key(adapter), "actor": codec.key(actor)}
    today = quota.today(now)
    person = quota.person_number(adapter, actor)
    await db.rows(quota.COUNT_ON, person=person, today=today, hour=today * 24, **who)
    answers = await db.rows(
        f"SELECT answer FROM events WHERE {_THEIRS} AND answer IS NOT NULL AND NOT ({is_running})", **who
    )
    for statement in _BEFORE:
        await db.rows(statement, **who)
    if actor:
        for statement in _READ_ALONG:
            await db.rows(statement.format(said_by=said_by), adapter=who["adapter"], said_by=codec.clean(actor))
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
