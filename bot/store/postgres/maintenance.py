"""Forgetting and pruning. Each runs inside the writer."""

# ruff: noqa: S608 - only constants are joined

import time
from collections.abc import Sequence

from bot.store.postgres.connection import Connection, PostgresDatabase
from bot.store.postgres.statements import ADDED
from bot.store.shared import key_values, quota

#: Events erased in one transaction: the writer's other work waits for that long only.
CHUNK = 200

_THEIRS = "SELECT seq FROM events WHERE adapter = $1 AND actor = $2 AND actor <> ''"
_IDLE = f"{_THEIRS} AND (owner IS NULL OR done)"
_FORGET = (
    (
        "UPDATE contexts SET summary = '' WHERE (adapter, conversation) IN"
        " (SELECT adapter, conversation FROM events WHERE adapter = $1 AND actor = $2)"
    ),
    f"DELETE FROM turns WHERE event_seq IN ({_THEIRS})",
    (
        f"DELETE FROM feedback WHERE event_seq IN ({_THEIRS})"
        " OR (actor = $2 AND event_seq IN (SELECT seq FROM events WHERE adapter = $1))"
    ),
    (
        "UPDATE events SET event = NULL, answer = NULL, ref = NULL, actor = '', done = true, forgotten = true"
        f" WHERE seq IN ({_IDLE})"
    ),
    f"UPDATE events SET forgotten = true, actor = '' WHERE seq IN ({_THEIRS})",  # blanked when they are done
    (
        "INSERT INTO usage SELECT hour, adapter, '', channel, kind, model, sum(requests), sum(prompt_tokens),"
        " sum(completion_tokens), sum(items), sum(cost) FROM usage"
        " WHERE adapter = $1 AND actor = $2 AND actor <> '' GROUP BY hour, adapter, channel, kind, model"
        f" {ADDED}"
    ),
    "DELETE FROM usage WHERE adapter = $1 AND actor = $2 AND actor <> ''",
    "DELETE FROM people WHERE adapter = $1 AND actor = $2",
)
_COUNTED_OUT = """
DELETE FROM allowances WHERE day < floor(extract(epoch FROM now()) / 86400)::bigint
AND NOT EXISTS (SELECT 1 FROM unnest(recent) AS at WHERE at > extract(epoch FROM now()) - 60)
"""


async def forget(db: Connection, who: tuple[str, str], person: int) -> Sequence[str]:
    """See `Store.forget`; returns the answers that are gone. `person`: their number."""
    today = quota.today(time.time())
    values = {"person": person, "today": today, "hour": today * 24, "adapter": who[0], "actor": who[1]}
    await PostgresDatabase(db).rows(quota.COUNT_ON, **values)
    answers = await db.fetch(f"SELECT answer FROM events WHERE seq IN ({_IDLE}) AND answer IS NOT NULL", *who)
    for statement in _FORGET:
        await db.execute(statement, *who)
    await PostgresDatabase(db).rows(key_values.FORGET, adapter=who[0], actor=who[1])
    return [row["answer"] for row in answers]


async def prune(db: Connection, before: float) -> Sequence[str | None]:
    """Erase one chunk of what was received earlier (seconds since 1970); returns the answers."""
    rows = await db.fetch(
        "DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE done AND received_at < $1"
        " ORDER BY received_at LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING adapter, conversation, answer",
        before,
        CHUNK,
    )
    await db.execute(
        "DELETE FROM contexts USING unnest($1::text[], $2::text[]) AS place (adapter, conversation)"
        " WHERE contexts.adapter = place.adapter AND contexts.conversation = place.conversation AND NOT EXISTS"
        " (SELECT 1 FROM events WHERE events.adapter = place.adapter AND events.conversation = place.conversation)",
        [row["adapter"] for row in rows],
        [row["conversation"] for row in rows],
    )
    await db.execute(_COUNTED_OUT)
    return [row["answer"] for row in rows]


async def prune_rest(db: Connection) -> None:
    """Erase values that have expired or whose conversation is gone, people of whom no event is left, old prices."""
    await PostgresDatabase(db).rows(key_values.PRUNE, now=time.time())
    await PostgresDatabase(db).rows(
        "DELETE FROM spent WHERE day < :oldest", oldest=quota.today(time.time()) - quota.PRICE_DAYS
    )
    await db.execute(
        "DELETE FROM people WHERE NOT EXISTS (SELECT 1 FROM events"
        " WHERE events.adapter = people.adapter AND events.actor = people.actor AND events.actor <> '')"
    )
