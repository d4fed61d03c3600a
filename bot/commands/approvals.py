"""`approvals`: the requests that wait for an approver; and the form in which one is declined."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.approvals.question_texts import describe_request
from bot.commands._base import Context, Parts, command
from bot.commands._tables import table_code, table_row
from bot.models import CommandSpec, Event, Lane, Option, Text
from bot.spending.money import money


@command(
    CommandSpec(
        name="approvals",
        description="Show the requests that wait for an approver.",
        options=(Option(name="reason", description="Why a request is declined"),),
        lane=Lane.FREE,
        private=True,
        example="approvals",
    )
)
async def approvals(ctx: Context) -> Parts:
    """Decline the request whose button was pressed; else list one's own, and those that one may decide on."""
    if "choice" in ctx.event.options:
        yield Text(await ctx.approvals.decide(ctx.event))
        return
    columns = ("who", "what", "price", "until")
    zone = ctx.settings.bot_time_zone
    lines = [table_row([ctx.translate(f"approval.{column}", zone=zone) for column in columns]), "|---|---|---:|---|"]
    for pending in await ctx.approvals.pending.all():
        if pending.adapter != ctx.event.adapter or pending.workspace != ctx.event.location.workspace:
            continue
        job = await ctx.journal.job(pending.adapter, pending.event)
        if job is not None and await _may_see(ctx, job.event):
            until = f"{datetime.fromtimestamp(pending.until, ZoneInfo(zone)):%Y-%m-%d %H:%M}"
            what = table_code(describe_request(job.event))
            lines.append(
                table_row([table_code(job.event.actor.name or job.event.actor.id), what, money(pending.price), until])
            )
    yield Text("\n".join(lines) if lines[2:] else ctx.translate("approval.none"))


async def _may_see(ctx: Context, event: Event) -> bool:
    effective = await ctx.approvals.scoped.for_event(event)
    return ctx.event.actor.id == event.actor.id or ctx.approvals.may_approve(ctx.event, event, effective)
