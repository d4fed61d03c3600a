r"""Steps of migrations in Python, shared by the engines.

Stored JSON is rewritten here, as SQL's own JSON functions differ and PostgreSQL's fail on `\u0000`. Each step runs
once, in the transaction of its migration.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from bot.store.shared import codec
from bot.store.shared.sql import Database

Step = Callable[[Database], Awaitable[None]]

#: Events rewritten at a time.
_PAGE = 200

_EVENT_FIELDS = {
    "place": "location",
    "problem": "rejection",
    "again": "replaces",
    "continues": "has_prior_messages",
}
_ACTION_FIELDS = {"asks": "prompts_for"}


async def rename_fields(db: Database) -> None:
    """Rename the fields of stored events and of the actions of their answers."""
    last = 0
    while True:
        page = "SELECT seq, event, answer FROM events WHERE seq > :last ORDER BY seq LIMIT :page"
        rows = await db.rows(page, last=last, page=_PAGE)
        if not rows:
            return
        last = rows[-1][0]
        events = [{"seq": seq, "event": rename_event_fields(event)} for seq, event, _ in rows if event is not None]
        await db.execute_many("UPDATE events SET event = :event WHERE seq = :seq", events)
        answers = [
            {"seq": seq, "answer": rename_action_fields(answer)} for seq, _, answer in rows if answer is not None
        ]
        # In two steps: SQLite has a trigger that lets no answer be overwritten by another.
        await db.execute_many("UPDATE events SET answer = NULL WHERE seq = :seq", [{"seq": a["seq"]} for a in answers])
        await db.execute_many("UPDATE events SET answer = :answer WHERE seq = :seq", answers)


def rename_event_fields(text: str) -> str:
    """Return the JSON of an event with the new names; new names stay."""
    return _dumps(_renamed(json.loads(text), _EVENT_FIELDS))


def rename_action_fields(text: str) -> str:
    """Return the JSON of an answer whose actions have the new names; new names stay."""
    answer = json.loads(text)
    answer["actions"] = [_renamed(action, _ACTION_FIELDS) for action in answer.get("actions", ())]
    return _dumps(answer)


async def key_values(db: Database, *, decode: Callable[[str], str]) -> None:
    """Move settings into the table of values, each with the owner that its scope names.

    `decode`: converts a column of `settings` to its text.
    """
    moved = []
    for row in await db.rows("SELECT scope, name, value FROM settings"):
        scope, name, value = map(decode, row)
        kind, _, of = scope.partition(":")
        adapter, _, one = of.partition(":")
        owner = {"adapter": adapter, "actor": "", "conversation": ""}
        if kind == "person":
            owner["actor"] = one
        elif kind == "conversation":
            owner["conversation"] = one
            name = "prior_messages_read_by" if name == "earlier" else name
        elif kind == "undelivered":
            event = "SELECT actor, conversation FROM events WHERE adapter = :adapter AND id = :id AND event IS NOT NULL"
            rows = await db.rows(event, adapter=codec.to_key(adapter), id=codec.to_key(one))
            if not rows:  # it was pruned or erased
                continue
            owner["actor"], owner["conversation"] = map(codec.from_key, rows[0])
            scope, name, value = f"undelivered:{adapter}:{owner['conversation']}", one, "undelivered"
        elif kind == "notes":
            scope, owner["adapter"] = f"storage:{of}", ""
        else:
            owner["adapter"] = ""
        values = {"namespace": scope, "name": name, "value": value, **owner}
        moved.append({column: codec.to_key(text) for column, text in values.items()})
    await db.execute_many(
        "INSERT INTO key_values (namespace, name, value, adapter, actor, conversation)"
        " VALUES (:namespace, :name, :value, :adapter, :actor, :conversation)",
        moved,
    )


#: By engine, and by the name of the migration that each follows.
STEPS: dict[str, Mapping[str, Step]] = {
    "sqlite": {"rename_fields": rename_fields, "key_values": partial(key_values, decode=str)},
    "postgres": {"rename_fields": rename_fields, "key_values": partial(key_values, decode=codec.from_key)},
}


def _renamed(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in values.items()}


def _dumps(values: object) -> str:
    return codec.clean(json.dumps(values, ensure_ascii=False, separators=(",", ":")))
