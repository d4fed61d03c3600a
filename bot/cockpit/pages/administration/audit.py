"""The audit log: who changed, approved, erased or exported something, where and when."""

from collections.abc import Sequence

from starlette.responses import Response

from bot.cockpit.page import COMMAND_LINE, Rights, Visit, csv_file, page, read_number
from bot.cockpit.places.names import read_places_of
from bot.ports import AuditEntry
from bot.scoped_settings.changes import is_of_direct_messages

_PAGE, _FILE = 100, 10_000


@page("/audit", rights=Rights.ADMINISTRATOR, title="cockpit.menu.audit", order=70)
async def show_audit(visit: Visit) -> Response:
    """List the newest entries that the visitor may see."""
    before = visit.request.query_params.get("before", "")
    entries = await _entries(visit, _PAGE, read_number(before))
    older = entries[-1].seq if len(entries) == _PAGE else None
    places = await read_places_of(visit, entries)
    return visit.render("audit.html", entries=_shown(visit, entries), older=older, places=places)


@page("/audit.csv", rights=Rights.ADMINISTRATOR)
async def download_audit(visit: Visit) -> Response:
    """Return the newest entries as a file for a spreadsheet; that is in the log, too."""
    entries = await _entries(visit, _FILE, None)
    await visit.audit("audit.export", scope="" if visit.visitor.is_operator else "workspace")
    columns = ("at", "adapter", "workspace", "channel", "actor", "action", "subject", "scope", "before", "after")
    return await csv_file("audit.csv", [columns, *(_texts(entry, columns) for entry in _shown(visit, entries))])


async def _entries(visit: Visit, limit: int, before: int | None) -> Sequence[AuditEntry]:
    """Return the newest entries of all platforms that the visitor may see, newest first. Raises `StoreError`."""
    found: list[AuditEntry] = []
    for adapter in (*visit.adapters, COMMAND_LINE) if visit.visitor.is_operator else visit.adapters:
        found += await visit.sources.audit_log.audit(adapter, workspace=visit.workspace, limit=limit, before=before)
    return sorted(found, key=lambda entry: entry.seq, reverse=True)[:limit]


def _shown(visit: Visit, entries: Sequence[AuditEntry]) -> Sequence[AuditEntry]:
    """Return the entries without those on what people set for their direct messages."""
    adapters, registry = visit.sources.adapters, visit.sources.scoped.registry
    return [
        entry
        for entry in entries
        if entry.adapter not in adapters or not is_of_direct_messages(entry, adapters[entry.adapter], registry)
    ]


def _texts(entry: AuditEntry, columns: Sequence[str]) -> list[str]:
    values = (getattr(entry, column) for column in columns)
    return ["" if value is None else value if isinstance(value, str) else value.isoformat() for value in values]
