"""`usage`: the usage of the API by day, person, place or model: a table, a chart or a file."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.commands import _usage_report as report
from bot.commands._base import Context, Parts, command
from bot.errors import NotAllowed
from bot.media.drawing.chart import draw_bars
from bot.models import CommandSpec, Lane, Option, Text
from bot.ports import UsageField, UsageSum
from bot.scoped_settings.scopes import Scope
from bot.spending.money import rounded_money

_DAYS_BY_MONTH = 366  #: that are looked back where nobody says how many


@command(
    CommandSpec(
        name="usage",
        description="Show requests, tokens, media and cost: yours; administrators see everybody's.",
        options=(
            Option(
                name="whose",
                description="Your own use; for administrators this channel's, the workspace's or everybody's",
                kind="choice",
                choices=("mine", "channel", "workspace", "everybody"),
                default="mine",
            ),
            Option(
                name="days",
                description="How many days to look back; by month a year, if left out",
                kind="integer",
                default="7",
                minimum=1,
                maximum=366,
            ),
            Option(
                name="by",
                description="What is summed up",
                kind="choice",
                choices=tuple(report.FIELDS),
                default="day",
            ),
            Option(
                name="as",
                description="A table, a chart beside it, or a file for a spreadsheet",
                kind="choice",
                choices=("table", "chart", "file"),
                default="table",
            ),
        ),
        lane=Lane.FREE,
        private=True,
        example="usage channel --days 30",
    )
)
async def usage(ctx: Context) -> Parts:
    """Answer with a table; with a chart of it; or with a file of everything in it."""
    whose, by = ctx.option("whose"), ctx.option("by")
    days = _DAYS_BY_MONTH if by == "month" and "days" not in ctx.event.options else ctx.integer("days")
    if not _may_see(ctx, whose):
        raise NotAllowed(ctx.translate(f"spent.not_allowed.{whose}"))
    today = datetime.now(ZoneInfo(ctx.settings.bot_time_zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    since = today - timedelta(days=days - 1)
    title = ctx.translate(f"spent.title.{whose}", days=days)
    if ctx.option("as") == "file":
        text = await report.file(ctx, await _sums(ctx, report.ALL_FIELDS, whose, since))
        yield Text(ctx.translate("spent.file", title=title))
        yield await ctx.spool.write("usage.csv", text, content_type="text/csv", event=ctx.event.id, description=title)
        if whose != "mine":
            await ctx.audit("usage.export", subject=whose)
        return
    sums = await _sums(ctx, report.FIELDS[by], whose, since)
    if not sums:
        yield Text(ctx.translate("spent.nothing", title=title))
        return
    groups = report.group(by, sums)
    names = await report.labels(ctx, by, groups)
    yield Text(f"**{title}**\n\n{report.table(ctx, by, groups, names, sums)}")
    own = sum(one.own_cost for one in sums)
    if own:
        yield Text("\n\n" + ctx.translate("spent.own", cost=rounded_money(own)))
    if whose == "channel":
        good, bad = await ctx.journal.feedback_totals(
            since=since, adapter=ctx.event.adapter, channel=ctx.event.location.channel
        )
        if good or bad:
            yield Text("\n\n" + ctx.translate("spent.opinions", good=good, bad=bad))
    if ctx.option("as") == "chart":
        chart = report.chart(ctx, title, by, groups, names)
        if chart.has_row_numbers:
            yield Text("\n\n" + ctx.translate("spent.numbers"))
        picture = await asyncio.to_thread(draw_bars, chart.bars)
        described = ", ".join(f"{bar.label} {bar.text}" for bar in chart.bars)
        media = await ctx.spool.write(
            "usage.png", picture, content_type="image/png", event=ctx.event.id, description=f"{title}: {described}"
        )
        yield replace(media, chart=chart.numbers)


def _may_see(ctx: Context, whose: str) -> bool:
    """Return whether the author may see that: their own always, others' as an administrator of theirs."""
    match whose:
        case "mine":
            return True
        case "channel":
            return ctx.may_administer(Scope.CHANNEL)
        case "workspace":
            return ctx.may_administer(Scope.WORKSPACE)
        case _:
            return ctx.is_service_admin()


async def _sums(ctx: Context, by: Sequence[UsageField], whose: str, since: datetime) -> Sequence[UsageSum]:
    event = ctx.event
    return await ctx.reports.usage_sums(
        by,
        since=since,
        adapter=event.adapter,
        actor=event.actor.id if whose == "mine" else None,
        channel=event.location.channel if whose == "channel" else None,
        workspace=event.location.workspace if whose == "workspace" else None,
        zone=ZoneInfo(ctx.settings.bot_time_zone),
    )
