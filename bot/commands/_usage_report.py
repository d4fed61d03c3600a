"""A report on usage: the groups that it is summed up in, as a table, as bars and as a file."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from bot.commands._base import Context
from bot.commands._tables import table_code, table_row
from bot.csv_text import csv_text
from bot.drawable import Chart
from bot.i18n import kind_label
from bot.media.drawing.canvas import can_write
from bot.media.drawing.chart import Bar
from bot.models import KINDS
from bot.ports import UsageField, UsageSum
from bot.spending.money import rounded_money
from bot.values import valueclass

#: The fields that usage is summed by, for each choice of what is shown.
FIELDS: Mapping[str, tuple[UsageField, ...]] = {
    "day": ("day", "kind"),
    "month": ("day",),
    "kind": ("kind",),
    "model": ("model",),
    "person": ("person",),
    "role": ("roles",),
    "channel": ("channel",),
}
#: The fields of a file.
ALL_FIELDS: tuple[UsageField, ...] = ("day", "workspace", "channel", "person", "roles", "kind", "model")
_IN_ORDER_OF_TIME = ("day", "month")
_LONGEST_TABLE = 50  #: rows
_LONGEST_CHART = 31  #: bars


@valueclass(frozen=True, slots=True)
class Group:
    """One row of a report."""

    key: str  #: day, month, kind, model, or the id of a person, role or channel; "": unknown
    kind: str  #: of a day's rows; "": all
    amounts: tuple[int, int, int, float]  #: requests, tokens, files and cost


@valueclass(frozen=True, slots=True)
class DrawnChart:
    """A chart as a picture, and its numbers.

    A bar has the number of its row in the table for a label, where the font does not have the letters of its name.
    """

    bars: Sequence[Bar]
    numbers: Chart

    @property
    def has_row_numbers(self) -> bool:
        """Whether a bar has a number for a label."""
        return [bar.label for bar in self.bars] != [label for label, _ in self.numbers.bars]


def group(by: str, sums: Sequence[UsageSum]) -> Sequence[Group]:
    """Return the rows of a report: the newest first, else by cost. A person counts for each of their roles."""
    added: defaultdict[tuple[str, str], list[UsageSum]] = defaultdict(list)
    for one in sums:
        key, kind = one.fields[0], one.fields[1] if by == "day" else ""
        for part in key.split("\n") if by == "role" else [key[:7] if by == "month" else key]:
            added[part, kind].append(one)
    groups = [Group(*key, _add(found)) for key, found in added.items()]
    if by in _IN_ORDER_OF_TIME:
        groups.sort(key=lambda one: [*KINDS, ""].index(one.kind))
        return sorted(groups, key=lambda one: one.key, reverse=True)
    return sorted(groups, key=lambda one: (-one.amounts[3], -one.amounts[0], one.key))


def _add(sums: Sequence[UsageSum]) -> tuple[int, int, int, float]:
    return (
        sum(one.requests for one in sums),
        sum(one.prompt_tokens + one.completion_tokens for one in sums),
        sum(one.items for one in sums),
        sum(one.cost for one in sums),
    )


async def labels(ctx: Context, by: str, groups: Sequence[Group]) -> Mapping[str, str]:
    """Return what the rows are called, by their keys. Raises `StoreError`."""
    keys = {one.key for one in groups}
    match by:
        case "person":
            return {**await _people(ctx, keys), "": ctx.translate("audit.erased")}
        case "kind":
            return {kind: kind_label(kind, ctx.event.actor.locale) for kind in KINDS}
        case _:
            return {key: key or "-" for key in keys}


async def _people(ctx: Context, ids: set[str]) -> Mapping[str, str]:
    """Return the names of people; two of the same name have their ids beside it."""
    names = await ctx.reports.names(ctx.event.adapter, ids)
    count = Counter(names.values())
    return {one: name if count[name := names.get(one, one)] <= 1 else f"{name} ({one})" for one in ids}


def table(ctx: Context, by: str, groups: Sequence[Group], names: Mapping[str, str], sums: Sequence[UsageSum]) -> str:
    """Return the report as a Markdown table with totals."""
    has_kind = by == "day"
    columns = (by, *(["kind"] if has_kind else []), "requests", "tokens", "media", "cost")
    lines = [table_row([ctx.translate(f"spent.{column}", zone=ctx.settings.bot_time_zone) for column in columns])]
    lines.append("|---" * (2 if has_kind else 1) + "|---:" * 4 + "|")
    for one in groups[:_LONGEST_TABLE]:
        name = names[one.key] if by in (*_IN_ORDER_OF_TIME, "kind") else table_code(names[one.key])
        kinds = [kind_label(kind, ctx.event.actor.locale) for kind in KINDS if has_kind and kind == one.kind]
        lines.append(table_row([name, *kinds, *_figures(one.amounts)]))
    if len(groups) > _LONGEST_TABLE:
        more = ctx.translate("spent.more", count=len(groups) - _LONGEST_TABLE)
        lines.append(table_row([more, *[""] * (len(columns) - 1)]))
    total = [f"**{ctx.translate('spent.total')}**", *([""] if has_kind else [])]
    lines.append(table_row([*total, *(f"**{figure}**" for figure in _figures(_add(sums)))]))
    return "\n".join(lines)


def chart(ctx: Context, title: str, by: str, groups: Sequence[Group], names: Mapping[str, str]) -> DrawnChart:
    """Return a chart, of costs where there are any, else of requests; the oldest day first."""
    has_costs = any(one.amounts[3] for one in groups)
    values: dict[str, float] = defaultdict(float)
    rows: dict[str, int] = {}
    for row, one in enumerate(groups, 1):
        values[one.key] += one.amounts[3] if has_costs else one.amounts[0]
        rows.setdefault(one.key, row)
    keys = list(values)[:_LONGEST_CHART]
    if by in _IN_ORDER_OF_TIME:
        keys.reverse()
    drawn = [names[key] if can_write(names[key]) else f"#{rows[key]}" for key in keys]
    figures = [rounded_money(values[key]) if has_costs else f"{values[key]:g}" for key in keys]
    return DrawnChart(
        [Bar(label, values[key], figure) for label, key, figure in zip(drawn, keys, figures, strict=True)],
        Chart(
            title=title,
            series=ctx.translate("spent.cost" if has_costs else "spent.requests"),
            bars=tuple((names[key], values[key]) for key in keys),
        ),
    )


async def file(ctx: Context, sums: Sequence[UsageSum]) -> str:
    """Return the report in all fields as a CSV file. Raises `StoreError`."""
    people = await ctx.reports.names(ctx.event.adapter, {one.fields[ALL_FIELDS.index("person")] for one in sums})
    figures = ("requests", "prompt_tokens", "completion_tokens", "items", "cost", "own_cost")
    records = [[*ALL_FIELDS, "name", *figures]]
    for one in sums:
        fields = [value.replace("\n", " ") for value in one.fields]
        name = people.get(one.fields[ALL_FIELDS.index("person")], "")
        amounts = (one.requests, one.prompt_tokens, one.completion_tokens, one.items)
        records.append([*fields, name, *(str(amount) for amount in amounts), f"{one.cost:.6f}", f"{one.own_cost:.6f}"])
    return csv_text(records)


def _figures(amounts: tuple[int, int, int, float]) -> list[str]:
    *counts, cost = amounts
    return [*(f"{int(count):,}" for count in counts), rounded_money(cost) if cost else "–"]
