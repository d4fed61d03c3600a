"""A person or a place: what they may use, what they have spent, their limits, and the settings that are theirs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.cockpit.page import Visit
from bot.cockpit.places.settings_place import SettingsPlace
from bot.cockpit.rendering import plain_text, window_begin
from bot.limits import Limit, Measure, Period, Subject
from bot.memory.notes import Note, notes_here
from bot.models import Actor, Event
from bot.policy.quota import describe_amount, describe_left
from bot.ports import RequestFilter
from bot.scoped_settings.access import ALWAYS_OPEN
from bot.scoped_settings.effective import EffectiveSettings
from bot.scoped_settings.names import COMMANDS_OFF
from bot.scoped_settings.scopes import Scope
from bot.values import valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Usage since a time."""

    requests: int
    cost: float


@valueclass(frozen=True, slots=True, kw_only=True)
class ShownStanding:
    """A limit, and what is left of it."""

    limit: str
    subject: Subject  #: whose use counts
    left: str
    ends: datetime | None  #: when it is whole again; None: it is


@valueclass(frozen=True, slots=True, kw_only=True)
class UseProfile:
    """A person in a place, or the place itself."""

    open: Sequence[str]  #: names of the commands that can be used
    closed: Mapping[str, str]  #: what people read who use one of the others, by its name
    are_roles_known: bool  #: False: rules on roles could not be applied
    paused: Sequence[Scope]  #: scopes whose requests wait
    standings: Sequence[ShownStanding]
    today: Spent
    month: Spent
    #: What was set for just this person or place, by the names of the settings; None: the person's own, of no concern.
    values: Mapping[str, str] | None
    notes: Sequence[Note]  #: what is remembered for just this person or place; a person's own only for that person


async def read_profile(visit: Visit, place: SettingsPlace, person: str = "") -> UseProfile:
    """Return a person's profile in a place, or that of the place. Raises `StoreError`."""
    event, are_roles_known = await _event(visit, place, person)
    effective = await visit.sources.scoped.for_event(event)
    closed = _find_closed(visit, event, effective)
    zone = ZoneInfo(visit.sources.settings.bot_time_zone)
    where = {"workspace": place.workspace or None, "channel": place.channel or None, "actor": person or None}
    scope = Scope.ME if person else place.scope
    values = effective.set_in(scope)
    sees_notes = not person or _is(visit, place, person)
    adapters = (place.adapter,) if place.adapter else tuple(visit.sources.adapters)
    return UseProfile(
        open=[spec.name for spec in visit.sources.registry.specs if spec.name not in closed],
        closed=closed,
        are_roles_known=are_roles_known,
        paused=[scope for scope, _ in effective.paused()],
        standings=await read_standings(visit, place, event),
        today=await read_spent(visit, window_begin(Period.DAY, zone), adapters, **where),
        month=await read_spent(visit, window_begin(Period.MONTH, zone), adapters, **where),
        values=dict(sorted(values.items())) if not person or _sees_all_of(visit, place, person) else None,
        notes=[note for note in notes_here(effective) if note.scope is scope] if sees_notes else (),
    )


async def read_spent(
    visit: Visit,
    since: datetime,
    adapters: Sequence[str],
    *,
    workspace: str | None = None,
    channel: str | None = None,
    actor: str | None = None,
) -> Spent:
    """Return what was used on these platforms since a time; None: in all workspaces, all channels, by all people."""
    requests, cost = 0, 0.0
    for adapter in adapters:
        sums = await visit.sources.reports.usage_sums(
            ["kind"], since=since, adapter=adapter, workspace=workspace, channel=channel, actor=actor
        )
        requests += sum(one.requests for one in sums)
        cost += sum(one.cost for one in sums)
    return Spent(requests=requests, cost=cost)


async def _event(visit: Visit, place: SettingsPlace, person: str) -> tuple[Event, bool]:
    """Return a request of the person there, or of nobody, and whether their roles are known."""
    event = place.event(visit)
    if not person:
        return replace(event, actor=Actor(id="", locale=visit.locale)), True
    found = await find_member(visit, place, person)
    actor = found or Actor(id=person)
    return replace(event, actor=replace(actor, id=person, locale=visit.locale, is_operator=False)), found is not None


async def find_member(visit: Visit, place: SettingsPlace, person: str) -> Actor | None:
    """Return a person who has used the service there, as the platform tells; None: it does not. Raises `StoreError`."""
    which = RequestFilter(
        adapter=place.adapter, workspaces=[place.workspace] if place.workspace else [], actors=[person]
    )
    rows = await visit.sources.request_log.list_requests(which, limit=1)
    job = await visit.sources.journal.job(rows[0].adapter, rows[0].id) if rows else None
    return None if job is None else await visit.sources.members.find(job.event, person)


def _sees_all_of(visit: Visit, place: SettingsPlace, person: str) -> bool:
    """Return whether the visitor may see what holds for a person wherever they ask: the operator, and themselves."""
    return visit.visitor.is_operator or _is(visit, place, person)


def _is(visit: Visit, place: SettingsPlace, person: str) -> bool:
    return (visit.visitor.adapter, visit.visitor.actor) == (place.adapter, person)


def _find_closed(visit: Visit, event: Event, effective: EffectiveSettings) -> Mapping[str, str]:
    """Return what is read by who uses a command that they may not use, by its name."""
    off, closed = effective.words(COMMANDS_OFF), {}
    for spec in visit.sources.registry.specs:
        refusal = visit.sources.policy.check(event, spec, effective)
        if refusal is not None:
            closed[spec.name] = plain_text(refusal.text)
        elif spec.name in off and spec.name not in ALWAYS_OPEN:
            closed[spec.name] = plain_text(visit.translate("policy.command_off", command=spec.name))
    return closed


async def read_standings(
    visit: Visit, place: SettingsPlace, event: Event, *, measure: Measure | None = None
) -> Sequence[ShownStanding]:
    """Return the limits whose use can be told: a place has none of a person, the service none of a workspace.

    `measure`: only those on it. Raises `StoreError`.
    """
    counts = {
        Subject.PERSON: bool(event.actor.id) and _sees_all_of(visit, place, event.actor.id),
        Subject.MEMBER: bool(event.actor.id and place.workspace),
        Subject.CHANNEL: bool(place.channel),
        Subject.WORKSPACE: bool(place.workspace),
        Subject.SERVICE: visit.visitor.is_operator,  # what others use is nobody's business
    }
    standings = await visit.sources.quotas.standings(event)
    return [
        ShownStanding(
            limit=describe_amount(one.limit, visit.locale),
            subject=one.limit.subject,
            left=describe_left(one),
            ends=one.ends if one.used and not _is_rate(one.limit) else None,
        )
        for one in standings
        if counts[one.limit.subject] and measure in (None, one.limit.measure)
    ]


def _is_rate(limit: Limit) -> bool:
    """Return whether a limit is of any 60 seconds, which have no end of their own."""
    return limit.period is Period.MINUTE
