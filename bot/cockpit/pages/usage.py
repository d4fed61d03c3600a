"""Usage and cost by day, kind, model, person, channel or workspace: a chart, a table and a file."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.responses import Response

from bot.cockpit.page import Rights, Visit, csv_file, page, read_number
from bot.cockpit.rendering import days_ago
from bot.ports import UsageField, UsageSum

#: What usage can be shown by.
_BY: tuple[UsageField, ...] = ("day", "kind", "model", "person", "channel", "workspace")
_FIELDS: tuple[UsageField, ...] = get_args(UsageField)
_DAYS, _MOST_DAYS = 30, 3660
_PAGE = 200  #: lines of a table that is not by day


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table."""

    name: str
    requests: int
    tokens: int
    items: int
    cost: float


@page("/usage", rights=Rights.ADMINISTRATOR, title="cockpit.menu.usage", order=20)
async def show_usage(visit: Visit) -> Response:
    """Show the sums of what the visitor may see."""
    query = visit.request.query_params
    by: UsageField = next((field for field in _BY if field == query.get("by")), "day")
    days = _days(query.get("days", ""))
    rows = await _rows(visit, by, days)
    number = 1 if by == "day" else max(read_number(query.get("page", "")) or 1, 1)
    begin, end = ((number - 1) * _PAGE, number * _PAGE) if by != "day" else (0, len(rows))
    total = Row(
        name="",
        requests=sum(row.requests for row in rows),
        tokens=sum(row.tokens for row in rows),
        items=sum(row.items for row in rows),
        cost=sum(row.cost for row in rows),
    )
    return visit.render(
        "usage.html",
        rows=await _named(visit, rows[begin:end]) if by == "person" else rows[begin:end],
        most=max((row.cost if total.cost else row.requests for row in rows), default=0),
        total=total,
        by=by,
        days=days,
        choices=_BY,
        file=urlencode({"days": days}),
        older=urlencode({"by": by, "days": days, "page": number + 1}) if end < len(rows) else "",
    )


@page("/usage.csv", rights=Rights.ADMINISTRATOR)
async def download_usage(visit: Visit) -> Response:
    """Return every sum as a file for a spreadsheet."""
    days = _days(visit.request.query_params.get("days", ""))
    sums = await sums_of(visit, _FIELDS, days)
    await visit.audit("usage.export", scope="" if visit.visitor.is_operator else "workspace")
    return await csv_file("usage.csv", _records(sums))


def _records(sums: Mapping[str, Sequence[UsageSum]]) -> Iterator[Sequence[str]]:
    yield ["platform", *_FIELDS, "requests", "prompt_tokens", "completion_tokens", "items", "cost"]
    for adapter, found in sums.items():
        for one in found:
            amounts = (one.requests, one.prompt_tokens, one.completion_tokens, one.items, one.cost)
            yield [adapter, *one.fields, *map(str, amounts)]


async def _rows(visit: Visit, by: UsageField, days: int) -> Sequence[Row]:
    added: defaultdict[str, list[UsageSum]] = defaultdict(list)
    for sums in (await sums_of(visit, (by,), days)).values():
        for one in sums:
            added[one.fields[0]].append(one)
    rows = [
        Row(
            name=key or visit.translate("cockpit.usage.unknown"),
            requests=sum(one.requests for one in found),
            tokens=sum(one.prompt_tokens + one.completion_tokens for one in found),
            items=sum(one.items for one in found),
            cost=sum(one.cost for one in found),
        )
        for key, found in added.items()
    ]
    if by == "day":
        return sorted(rows, key=lambda row: row.name, reverse=True)
    return sorted(rows, key=lambda row: (-row.cost, -row.requests, row.name))


async def _named(visit: Visit, rows: Sequence[Row]) -> Sequence[Row]:
    """Return people with the names that are known. Raises `StoreError`."""
    names: dict[str, str] = {}
    for adapter in visit.adapters:
        names |= await visit.sources.reports.names(adapter, {row.name for row in rows})
    return [replace(row, name=f"{names[row.name]} ({row.name})" if names.get(row.name) else row.name) for row in rows]


def zone_of(visit: Visit) -> ZoneInfo:
    """Return the time zone of the pages."""
    return ZoneInfo(visit.sources.settings.bot_time_zone)


async def sums_of(visit: Visit, by: Sequence[UsageField], days: int) -> Mapping[str, Sequence[UsageSum]]:
    """Return the sums of each platform that the visitor may see. Raises `StoreError`."""
    zone = zone_of(visit)
    since, reports = days_ago(days - 1, zone), visit.sources.reports
    return {
        adapter: await reports.usage_sums(by, since=since, adapter=adapter, workspace=visit.workspace, zone=zone)
        for adapter in visit.adapters
    }


def _days(given: str) -> int:
    return max(1, min(read_number(given) or _DAYS, _MOST_DAYS))
