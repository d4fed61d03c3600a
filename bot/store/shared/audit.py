"""The audit log: rows are added, read and, when their time is over, erased; nothing else."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.ports import ERASED_PERSON, AuditEntry
from bot.store.shared import codec
from bot.store.shared.sql import Database

ADD = "INSERT INTO audit (at, adapter, workspace, actor, entry) VALUES (:at, :adapter, :workspace, :actor, :entry)"
#: The newest entries of a workspace, or of all of an adapter's.
READ = """
SELECT seq, at, actor, entry FROM audit WHERE adapter = :adapter{conditions} AND seq < :before
ORDER BY seq DESC LIMIT :limit
"""
#: Acts of a person who is forgotten stay, as those of an erased person.
FORGET = "UPDATE audit SET actor = '' WHERE adapter = :adapter AND actor = :actor AND actor <> ''"
#: Acts that concerned that person stay, too: entries with the person's id in them, and their texts without it.
NAMING = "SELECT seq, entry FROM audit WHERE adapter = :adapter{here} AND {find}(entry, CAST(:id AS text)) > 0"
FORGET_IN_TEXT = "UPDATE audit SET entry = :entry WHERE seq = :seq"
_IS_ERASED = "SELECT 1 FROM events WHERE adapter = :adapter AND id = :event AND forgotten"
PRUNE = "DELETE FROM audit WHERE at < :before"

#: More than any sequence number.
NO_END = 2**62


async def add(db: Database, entry: AuditEntry, now: float) -> None:
    """See `AuditLog.add_audit`."""
    adapter, event = codec.to_key(entry.adapter), codec.to_key(entry.event)
    is_erased = event and await db.rows(_IS_ERASED, adapter=adapter, event=event)
    await db.rows(ADD, **to_row(replace(entry, actor="") if is_erased else entry, now))


def to_row(entry: AuditEntry, now: float) -> Mapping[str, object]:
    """Return the parameters of `ADD`."""
    return {
        "at": now,
        "adapter": codec.to_key(entry.adapter),
        "workspace": codec.to_key(entry.workspace),
        "actor": codec.to_key(entry.actor),
        "entry": codec.dumps(replace(entry, actor="", event="", at=None, seq=0)),
    }


def conditions(
    find: str, *, workspace: str | None, actor: str | None, action: str, since: datetime | None
) -> tuple[str, Mapping[str, object]]:
    """Return the conditions of `READ`, and their parameters. `find`: see `Dialect`."""
    given: dict[str, tuple[str, object]] = {}
    if workspace is not None:
        given["workspace"] = "workspace = :workspace", codec.to_key(workspace)
    if actor is not None:
        given["actor"] = "actor = :actor", codec.to_key(actor)
    if since is not None:
        given["since"] = "at >= :since", since.timestamp()
    if action:  # of JSON with spaces or without, whole or its first word
        begins = json.dumps(codec.clean(action), ensure_ascii=False)[:-1]
        fields = [f'"action":{space}{begins}{end}' for space in ("", " ") for end in ('"', ".")]
        found = (f"{find}(entry, CAST(:action{number} AS text)) > 0" for number in range(len(fields)))
        given["action0"] = f"({' OR '.join(found)})", fields[0]
        given |= {f"action{number}": ("", field) for number, field in enumerate(fields) if number}
    text = "".join(f" AND {condition}" for condition, _ in given.values() if condition)
    return text, {name: value for name, (_, value) in given.items()}


def without_person(entry: str, person: str) -> str:
    """Return a stored entry whose texts no longer name a person; unchanged where it names another."""
    found = codec.loads(AuditEntry, entry)
    name = re.compile(rf"(?<![\w.:-])(?:person:)?{re.escape(codec.clean(person))}(?![\w-]|[.:]\w)")

    before, after = (None if text is None else name.sub(ERASED_PERSON, text) for text in (found.before, found.after))
    changed = replace(found, subject=name.sub(ERASED_PERSON, found.subject), before=before, after=after)
    return entry if changed == found else codec.dumps(changed)


def parse_rows(rows: Sequence[Any]) -> Sequence[AuditEntry]:
    """Return the entries of the rows of `READ`."""
    return [
        replace(
            codec.loads(AuditEntry, entry), seq=seq, at=datetime.fromtimestamp(at, UTC), actor=codec.from_key(actor)
        )
        for seq, at, actor, entry in rows
    ]
