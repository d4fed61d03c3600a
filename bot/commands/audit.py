"""`audit`: what administrators changed here."""

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from bot.commandline.mentions import Mention, link_mention, read_mention
from bot.commands._base import Context, Parts, command
from bot.commands._people import find_person
from bot.commands._tables import table_code, table_row
from bot.csv_text import csv_text
from bot.errors import NotAllowed
from bot.models import CommandSpec, Lane, Option, Text
from bot.ports import ERASED_PERSON, AuditEntry
from bot.scoped_settings.changes import is_of_direct_messages
from bot.scoped_settings.scopes import Scope

_LONGEST_FILE = 100_000  # entries
#: Entries that are read at once for the managers of a channel, and how often others are read in place of hidden ones.
_PAGE, _PAGES = 500, 20
_PERSON = re.compile(r"person:([^\s<>|]+)")
_ERASED = re.compile(rf"{ERASED_PERSON}(?![\w.])")


@command(
    CommandSpec(
        name="audit",
        description="Show what was changed here, by whom and when; for administrators.",
        options=(
            Option(name="n", description="How many entries", kind="integer", default="20", minimum=1, maximum=200),
            Option(name="person", description="Only what this person did", kind="person"),
            Option(name="action", description="Only acts of this kind, such as settings or person.erased"),
            Option(name="days", description="Only of the last days", kind="integer", minimum=1, maximum=36500),
            Option.switch("file", "As a file for a spreadsheet"),
        ),
        lane=Lane.FREE,
        private=True,
        is_for_administrators=True,
        example="audit --days 30 --action settings",
    )
)
async def audit(ctx: Context) -> Parts:
    """List the newest entries: of the platform, the workspace or the channel, as far as the author administers them."""
    if not _may_read(ctx):
        raise NotAllowed(ctx.translate("audit.not_allowed"))
    is_file = ctx.is_on("file")
    days, named = ctx.option("days"), ctx.option("person")
    entries = await _entries(
        ctx,
        partial(
            ctx.audit_log.audit,
            ctx.event.adapter,
            workspace=None if ctx.is_service_admin() else ctx.event.location.workspace,
            actor=await _find_actor(ctx, named) if named else None,
            action=ctx.option("action").strip().lower(),
            since=datetime.now(UTC) - timedelta(days=int(days)) if days else None,
        ),
        _LONGEST_FILE if is_file and "n" not in ctx.event.options else ctx.integer("n"),
    )
    if not entries:
        yield Text(ctx.translate("audit.nothing"))
        return
    columns = ("at", "who", "action", "subject", "before", "after")
    heads = [ctx.translate(f"audit.{column}") for column in columns]
    if is_file:
        text = csv_text([heads, *(_cells(ctx, entry) for entry in entries)])
        yield Text(ctx.translate("audit.file", count=len(entries)))
        yield await ctx.spool.write("audit.csv", text, content_type="text/csv", event=ctx.event.id, description="audit")
        await ctx.audit("audit.export")
        return
    rows = [table_row(heads), "|" + "---|" * len(columns)]
    yield Text("\n".join([*rows, *(await _named_rows(ctx, entries))]))


def _may_read(ctx: Context) -> bool:
    """Return whether the author administers the channel or more; their own direct messages are no such place."""
    has_place = ctx.event.actor.is_admin or ctx.is_service_admin() or bool(ctx.event.location.workspace)
    return has_place and ctx.may_administer(Scope.CHANNEL, owns_dm=False)


async def _entries(
    ctx: Context, read: Callable[..., Awaitable[Sequence[AuditEntry]]], limit: int
) -> Sequence[AuditEntry]:
    """Return the newest entries that the author may read: managers of a channel those on that channel alone."""
    sees_all, here = ctx.may_administer(Scope.WORKSPACE), ctx.event.location.channel
    size = limit if sees_all else _PAGE
    found: list[AuditEntry] = []
    before: int | None = None
    for _ in range(_PAGES):
        page = await read(limit=size, before=before)
        found += [
            entry
            for entry in page
            if (sees_all or (entry.channel == here and entry.scope == Scope.CHANNEL))
            and not is_of_direct_messages(entry, ctx.directory, ctx.effective.registry)
        ]
        if len(page) < size or len(found) >= limit:
            break
        before = page[-1].seq
    return found[:limit]


async def _find_actor(ctx: Context, named: str) -> str:
    """Return the id of a person; a mention names one whose requests are no longer kept, too."""
    mention = read_mention(named.strip())
    return mention.id if mention is not None else (await find_person(ctx, named)).id


async def _named_rows(ctx: Context, entries: Sequence[AuditEntry]) -> Sequence[str]:
    """Return the rows of a table that has people's names instead of their ids, as far as they are known."""
    texts = [text for entry in entries for text in (entry.subject, entry.before, entry.after) if text]
    people = {entry.actor for entry in entries if entry.actor}.union(*map(_PERSON.findall, texts))
    names = await ctx.reports.names(ctx.event.adapter, people)

    def name(match: re.Match[str]) -> str:
        return f"@{names[match[1]]}" if match[1] in names else match[0]

    rows = []
    for entry in entries:
        at, who, action, *rest = _cells(ctx, entry)
        author = link_mention(Mention("person", who), names.get(who, "")) if entry.actor else table_code(who)
        cells = [table_code(_PERSON.sub(name, text)) for text in rest]
        rows.append(table_row([table_code(at), author, table_code(action), *cells]))
    return rows


def _cells(ctx: Context, entry: AuditEntry) -> list[str]:
    assert entry.at is not None, "read from the store"
    erased = ctx.translate("audit.erased")
    texts = (entry.subject, entry.before or "", entry.after or "")
    subject, before, after = (_ERASED.sub(lambda _: erased, text) for text in texts)
    subject = f"{subject} ({entry.scope})".lstrip() if entry.scope else subject
    return [f"{entry.at:%Y-%m-%d %H:%M} UTC", entry.actor or erased, entry.action, subject, before, after]
