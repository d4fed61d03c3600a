"""The audit log: who changed, approved, erased or exported something, where and when."""

import csv
import io
from collections.abc import Sequence

from starlette.responses import Response

from bot.cockpit.page import COMMAND_LINE, Rights, Visit, page, read_number
from bot.ports import AuditEntry

_PAGE, _FILE = 100, 10_000


@page("/audit", rights=Rights.ADMINISTRATOR, title="cockpit.menu.audit", order=70)
async def show_audit(visit: Visit) -> Response:
    """List the newest entries that the visitor may see."""
    before = visit.request.query_params.get("before", "")
    entries = await _entries(visit, _PAGE, read_number(before))
    older = entries[-1].seq if len(entries) == _PAGE else None
    return visit.render("audit.html", entries=entries, older=older)


@page("/audit.csv", rights=Rights.ADMINISTRATOR)
async def download_audit(visit: Visit) -> Response:
    """Return the newest entries as a file for a spreadsheet; that is in the log, too."""
    entries = await _entries(visit, _FILE, None)
    await visit.audit("audit.export", scope="" if visit.visitor.is_operator else "workspace")
    out = io.StringIO()
    writer = csv.writer(out)
    columns = ("at", "adapter", "workspace", "channel", "actor", "action", "subject", "scope", "before", "after")
    writer.writerow(columns)
    for entry in entries:
        writer.writerow([f"'{text}" if text[:1] in "=+-@\t\r" and text else text for text in _texts(entry, columns)])
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return Response("\ufeff" + out.getvalue(), media_type="text/csv", headers=headers)


async def _entries(visit: Visit, limit: int, before: int | None) -> Sequence[AuditEntry]:
    """Return the newest entries of all platforms that the visitor may see, newest first. Raises `StoreError`."""
    who = visit.visitor
    adapters = [*visit.sources.health, COMMAND_LINE] if who.is_operator else [who.adapter]
    workspace = None if who.is_operator else who.workspace
    found: list[AuditEntry] = []
    for adapter in adapters:
        found += await visit.sources.audit_log.audit(adapter, workspace=workspace, limit=limit, before=before)
    return sorted(found, key=lambda entry: entry.seq, reverse=True)[:limit]


def _texts(entry: AuditEntry, columns: Sequence[str]) -> list[str]:
    values = (getattr(entry, column) for column in columns)
    return ["" if value is None else value if isinstance(value, str) else value.isoformat() for value in values]
