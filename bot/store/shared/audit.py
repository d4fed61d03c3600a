"""The audit log: rows are added, read and, when their time is over, erased; nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.ports import AuditEntry
from bot.store.shared import codec

ADD = "INSERT INTO audit (at, adapter, workspace, actor, entry) VALUES (:at, :adapter, :workspace, :actor, :entry)"
#: The newest entries of a workspace, or of all of an adapter's.
READ = """
SELECT seq, at, actor, entry FROM audit WHERE adapter = :adapter{of_workspace} AND seq < :before
ORDER BY seq DESC LIMIT :limit
"""
OF_WORKSPACE = " AND workspace = :workspace"
#: Acts of a person who is forgotten stay, as those of an erased person.
FORGET = "UPDATE audit SET actor = '' WHERE adapter = :adapter AND actor = :actor AND actor <> ''"
#: Acts that concerned that person stay, too.
FORGET_SUBJECT = """
UPDATE audit SET entry = replace(entry, CAST(:subject AS text), CAST(:nobody AS text))
WHERE adapter = :adapter{here} AND {find}(entry, CAST(:subject AS text)) > 0 AND CAST(:subject AS text) <> :nobody
"""
PRUNE = "DELETE FROM audit WHERE at < :before"

#: More than any sequence number.
NO_END = 2**62


def to_row(entry: AuditEntry, now: float) -> Mapping[str, object]:
    """Return the parameters of `ADD`."""
    return {
        "at": now,
        "adapter": codec.to_key(entry.adapter),
        "workspace": codec.to_key(entry.workspace),
        "actor": codec.to_key(entry.actor),
        "entry": codec.dumps(replace(entry, actor="", at=None, seq=0)),
    }


def parse_rows(rows: Sequence[Any]) -> Sequence[AuditEntry]:
    """Return the entries of the rows of `READ`."""
    return [
        replace(
            codec.loads(AuditEntry, entry), seq=seq, at=datetime.fromtimestamp(at, UTC), actor=codec.from_key(actor)
        )
        for seq, at, actor, entry in rows
    ]
