"""`usage`: the usage of the API, by day and kind."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.commands._base import Context, Parts, command
from bot.commands._tables import table_row
from bot.i18n import kind_label
from bot.models import KINDS, CommandSpec, Kind, Lane, Option, Text, UsageRow


@command(
    CommandSpec(
        name="usage",
        description="Show requests, tokens, media and cost by day: yours or this channel's.",
        options=(
            Option(
                name="whose",
                description="Your own use, or everybody's in this channel",
                kind="choice",
                choices=("mine", "channel"),
                default="mine",
            ),
            Option(
                name="days",
                description="How many days to look back",
                kind="integer",
                default="7",
                minimum=1,
                maximum=366,
            ),
        ),
        lane=Lane.FREE,
        private=True,
        example="usage channel --days 30",
    )
)
async def usage(ctx: Context) -> Parts:
    """A table by day and kind with totals."""
    whose, days = ctx.option("whose"), ctx.integer("days")
    event = ctx.event
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    since = today - timedelta(days=days - 1)
    rows = await ctx.ledger.usage(
        since=since,
        adapter=event.adapter,
        actor=event.actor.id if whose == "mine" else None,
        channel=event.location.channel if whose == "channel" else None,
    )
    title = ctx.translate(f"spent.{whose}", days=days)
    yield Text(f"**{title}**\n\n{table(ctx, rows)}" if rows else ctx.translate("spent.nothing", title=title))
    if whose == "channel":
        good, bad = await ctx.journal.feedback_totals(
            since=since, adapter=event.adapter, channel=event.location.channel
        )
        if good or bad:
            yield Text("\n\n" + ctx.translate("spent.opinions", good=good, bad=bad))


def table(ctx: Context, rows: Sequence[UsageRow]) -> str:
    """The rows summed over models, newest day first, as a Markdown table."""
    sums: defaultdict[tuple[str, Kind], list[float]] = defaultdict(lambda: [0, 0, 0, 0.0])
    for row in rows:
        amounts = (row.requests, row.prompt_tokens + row.completion_tokens, row.items, row.cost)
        sums[row.day, row.kind] = [a + b for a, b in zip(sums[row.day, row.kind], amounts, strict=True)]
    whole = [sum(column) for column in zip(*sums.values(), strict=True)]
    heads = [ctx.translate(f"spent.{column}") for column in ("day", "kind", "requests", "tokens", "media", "cost")]
    lines = [table_row(heads), "|---|---|---:|---:|---:|---:|"]
    by_kind = sorted(sums.items(), key=lambda entry: KINDS.index(entry[0][1]))
    for (day, kind), numbers in sorted(by_kind, key=lambda entry: entry[0][0], reverse=True):
        lines.append(table_row([day, kind_label(kind, ctx.event.actor.locale), *_figures(numbers)]))
    lines.append(
        table_row([f"**{ctx.translate('spent.total')}**", "", *(f"**{figure}**" for figure in _figures(whole))])
    )
    return "\n".join(lines)


def _figures(numbers: Sequence[float]) -> list[str]:
    *counts, cost = numbers
    return [*(f"{int(count):,}" for count in counts), f"{cost:.4f}" if cost else "–"]
