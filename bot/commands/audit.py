"""`audit`: what administrators changed here."""

from bot.commands._base import Context, Parts, command
from bot.commands._tables import csv_text, table_code, table_row
from bot.errors import UsageError
from bot.models import CommandSpec, Lane, Option, Text
from bot.ports import AuditEntry


@command(
    CommandSpec(
        name="audit",
        description="Show what was changed here, by whom and when; for administrators.",
        options=(
            Option(name="n", description="How many entries", kind="integer", default="20", minimum=1, maximum=200),
            Option(
                name="file",
                description="As a file for a spreadsheet",
                kind="choice",
                choices=("no", "yes"),
                default="no",
            ),
        ),
        lane=Lane.FREE,
        private=True,
        example="audit -n 50",
    )
)
async def audit(ctx: Context) -> Parts:
    """List the newest entries of the workspace; an administrator of the service sees all of the platform."""
    if not (ctx.event.actor.is_admin or ctx.is_service_admin()):
        raise UsageError(ctx.translate("audit.not_allowed"))
    workspace = None if ctx.is_service_admin() else ctx.event.location.workspace
    entries = await ctx.audit_log.audit(ctx.event.adapter, workspace=workspace, limit=ctx.integer("n"))
    if not entries:
        yield Text(ctx.translate("audit.nothing"))
        return
    columns = ("at", "who", "action", "subject", "before", "after")
    heads = [ctx.translate(f"audit.{column}") for column in columns]
    if ctx.option("file") == "yes":
        text = csv_text([heads, *(_cells(ctx, entry) for entry in entries)])
        yield Text(ctx.translate("audit.file", count=len(entries)))
        yield await ctx.spool.write("audit.csv", text, content_type="text/csv", event=ctx.event.id, description="audit")
        await ctx.audit("audit.export")
        return
    lines = [table_row(heads), "|" + "---|" * len(columns)]
    lines += [table_row([table_code(text) for text in _cells(ctx, entry)]) for entry in entries]
    yield Text("\n".join(lines))


def _cells(ctx: Context, entry: AuditEntry) -> list[str]:
    assert entry.at is not None, "read from the store"
    subject = f"{entry.subject} ({entry.scope})" if entry.scope else entry.subject
    who = entry.actor or ctx.translate("audit.erased")
    return [f"{entry.at:%Y-%m-%d %H:%M} UTC", who, entry.action, subject, entry.before or "", entry.after or ""]
