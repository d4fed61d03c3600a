"""Usage and cost by day, kind, model, person, channel or workspace: a chart, a table and a file."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import get_args
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.responses import Response

from bot.cockpit.page import Rights, Visit, csv_file, page, read_number
from bot.cockpit.places.names import ShownPlaces, read_places
from bot.cockpit.rendering import days_ago
from bot.ports import UsageField, UsageSum
from bot.values import valueclass

#: What usage can be shown by.
_BY: tuple[UsageField, ...] = ("day", "kind", "model", "person", "channel", "workspace")
_FIELDS: tuple[UsageField, ...] = get_args(UsageField)
#: Values that are ids of a platform.
_IDS = ("person", "channel", "workspace")
#: What else is read with a value: where a channel is, and who has written in direct messages.
_PARTS: Mapping[UsageField, Sequence[UsageField]] = {"channel": ("channel", "workspace", "person")}
_DAYS, _MOST_DAYS = 30, 3660
_PAGE = 200  #: lines of a table that is not by day


@valueclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table."""

    name: str
    detail: str = ""  #: where that is, and its id
    adapter: str = ""  #: of an id
    workspace: str = ""  #: of a channel
    people: frozenset[str] = frozenset()  #: ids of those who have used a channel
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
        rows=await _named(visit, by, rows[begin:end]),
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
    found = [(adapter, _named_fields(one)) for adapter, rows in sums.items() for one in rows]
    places = await read_places(visit, {(adapter, of["workspace"], of["channel"]) for adapter, of in found})
    people = await _name_people(visit, {(adapter, of["person"]) for adapter, of in found})
    await visit.audit("usage.export", scope="" if visit.visitor.is_operator else "workspace")
    return await csv_file("usage.csv", _records(sums, places, people))


def _records(
    sums: Mapping[str, Sequence[UsageSum]], places: ShownPlaces, people: Mapping[tuple[str, str], str]
) -> Iterator[Sequence[str]]:
    amounts = ("requests", "prompt_tokens", "completion_tokens", "items", "cost")
    yield ["platform", *_FIELDS, *amounts, "workspace_name", "channel_name", "person_name"]
    for adapter, found in sums.items():
        for one in found:
            of = _named_fields(one)
            where = adapter, of["workspace"]
            names = (places.name_of(*where), places.name_of(*where, of["channel"]), people.get((adapter, of["person"])))
            yield [
                adapter,
                *one.fields,
                *(str(getattr(one, name)) for name in amounts),
                *(name or "" for name in names),
            ]


def _named_fields(one: UsageSum) -> Mapping[str, str]:
    return dict(zip(_FIELDS, one.fields, strict=True))


async def _rows(visit: Visit, by: UsageField, days: int) -> Sequence[Row]:
    """Return all lines, with ids in place of names."""
    added: defaultdict[tuple[str, ...], list[UsageSum]] = defaultdict(list)
    for adapter, sums in (await sums_of(visit, _PARTS.get(by, (by,)), days)).items():
        for one in sums:
            added[adapter if by in _IDS else "", *one.fields[:2]].append(one)
    rows = [
        Row(
            name=value,
            adapter=adapter,
            workspace="".join(workspace),
            people=frozenset(chain.from_iterable(one.fields[2:] for one in found)),
            requests=sum(one.requests for one in found),
            tokens=sum(one.prompt_tokens + one.completion_tokens for one in found),
            items=sum(one.items for one in found),
            cost=sum(one.cost for one in found),
        )
        for (adapter, value, *workspace), found in added.items()
    ]
    if by == "day":
        return sorted(rows, key=lambda row: row.name, reverse=True)
    return sorted(rows, key=lambda row: (-row.cost, -row.requests, row.name))


async def _named(visit: Visit, by: UsageField, rows: Sequence[Row]) -> Sequence[Row]:
    """Return lines with the names that are known, and what stands beside them. Raises `StoreError`."""
    labels: list[tuple[str, ...]]
    match by:
        case "person":
            people = await _name_people(visit, {(row.adapter, row.name) for row in rows})
            labels = [(people.get((row.adapter, row.name), ""), row.name) for row in rows]
        case "workspace":
            places = await read_places(visit, [(row.adapter, row.name, "") for row in rows])
            labels = [(places.workspace(row.adapter, row.name), row.adapter, row.name) for row in rows]
        case "channel":
            labels = await _label_channels(visit, rows)
        case _:
            labels = [(row.name,) for row in rows]
    unknown = visit.translate("cockpit.usage.unknown")
    named = [(row, label[0] or row.name or unknown, label[1:]) for row, label in zip(rows, labels, strict=True)]
    return [
        replace(row, name=name, detail=" · ".join(part for part in beside if part and part != name))
        for row, name, beside in named
    ]


async def _label_channels(visit: Visit, rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """Return the names of channels, those of direct messages with whom they are with, and where the channels are."""
    places = await read_places(visit, [(row.adapter, row.workspace, row.name) for row in rows])
    labels: list[tuple[str, ...]] = []
    for row in rows:
        where = row.adapter, row.workspace
        is_direct = places.is_direct(*where, row.name)
        people = await _name_people(visit, {(row.adapter, one) for one in row.people}) if is_direct else {}
        name = ": ".join(filter(None, (places.channel(*where, row.name), ", ".join(sorted(people.values())))))
        labels.append((name, places.workspace(*where), row.adapter, row.name))
    return labels


async def _name_people(visit: Visit, people: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
    """Return the names of people by platform and id, as far as they are stored. Raises `StoreError`."""
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for adapter, person in people:
        wanted[adapter].add(person)
    return {
        (adapter, person): name
        for adapter, ids in wanted.items()
        for person, name in (await visit.sources.reports.names(adapter, ids)).items()
    }


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
