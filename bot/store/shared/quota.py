"""The quota rule, which every engine applies in the step that records an event."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from zoneinfo import ZoneInfo

from bot.errors import OverLimit
from bot.limits import MINUTE, NEAR, Limit, Measure, NearLimit, Period, QuotaRequest, Subject, window_end
from bot.models import Event
from bot.store.shared import codec
from bot.values import valueclass

DAY = 86400  #: seconds
HOUR = 3600  #: seconds
#: Days for which the highest price of a kind is kept.
PRICE_DAYS = 30
#: Days for which the use of people who are forgotten is kept, as it counts in the present month.
CARRIED_DAYS = 32


_NEAREST_FIRST = tuple(Subject)

#: The rows of usage that count against a limit on a subject.
OF_SUBJECT = {
    Subject.PERSON: "adapter = :adapter AND actor = :actor AND actor <> ''",
    Subject.MEMBER: "adapter = :adapter AND actor = :actor AND actor <> '' AND workspace = :workspace",
    Subject.CHANNEL: "adapter = :adapter AND channel = :channel",
    Subject.WORKSPACE: "adapter = :adapter AND workspace = :workspace",
    Subject.SERVICE: "true",
}


@valueclass(frozen=True, slots=True, kw_only=True)
class QuotaFigures:
    """The figures that a request is checked against. Those that no limit needs may be left out."""

    #: when the subject's counted requests of the last minute were, oldest first
    recent: Mapping[Subject, Sequence[float]] = field(default_factory=dict)
    used: Mapping[Limit, int] = field(default_factory=dict)  #: what was used, and what may be used by open requests
    price: int | None = None  #: the highest of one item or request of the kind, in micros; None: none was finished
    is_open: bool = False  #: whether a request of the kind is being answered


def is_rate(limit: Limit) -> bool:
    """Return whether a limit is on the requests of a minute, which are counted by their times."""
    return limit.measure is Measure.REQUESTS and limit.period is Period.MINUTE


def find_exceeded(quota: QuotaRequest, figures: QuotaFigures, now: float, zone: ZoneInfo) -> OverLimit | None:
    """Return the limit that keeps the request waiting longest; None: it is within all. `now`: seconds since 1970.

    Of several that do equally long the one nearest to the person.
    """
    exceeded = [over for limit in quota.limits if (over := _exceeded(limit, quota, figures, now, zone)) is not None]
    return max(exceeded, key=lambda over: (over.wait, -_NEAREST_FIRST.index(over.limit.subject)), default=None)


def find_near(quota: QuotaRequest, figures: QuotaFigures) -> list[NearLimit]:
    """Return the limits of a day or month that are nearly used up, the admitted request included.

    Of a request whose use is not known yet, such as the tokens of an answer, nothing is included.
    """
    is_exact = bool(quota.uses.items)
    near = []
    for limit in quota.limits:
        if limit.period is Period.MINUTE:
            continue
        is_known = limit.measure is not Measure.TOKENS and (is_exact or limit.measure is not Measure.MONEY)
        used = figures.used.get(limit, 0) + (quota.uses.of(limit.measure) if is_known else 0)
        if used * 100 >= limit.amount * NEAR:
            near.append(NearLimit(limit, used))
    return near


def _exceeded(limit: Limit, quota: QuotaRequest, figures: QuotaFigures, now: float, zone: ZoneInfo) -> OverLimit | None:
    if is_rate(limit):
        recent = figures.recent.get(limit.subject, ())
        is_over = len(recent) >= limit.amount
        return (
            OverLimit(limit, wait=recent[-limit.amount] + MINUTE - now if limit.amount else MINUTE) if is_over else None
        )
    left = limit.amount - figures.used.get(limit, 0)
    needed = quota.uses.of(limit.measure)
    if limit.measure is Measure.MONEY and quota.uses.micros is None:
        if figures.price is None and figures.is_open:
            return OverLimit(limit, wait=MINUTE, is_price_unknown=True)
        needed = (figures.price or 0) * max(quota.uses.items, 1)
    uses_it = bool(needed) or (limit.measure is Measure.MONEY and bool(quota.uses.kind))
    if limit.measure is Measure.TOKENS:
        needed = min(needed, 1)  # how many it will use is not known: what is left may be used
    # At the limit even what is free today waits: the first price of a kind is only known afterwards.
    if uses_it and (left <= 0 or needed > left):
        return OverLimit(limit, wait=window_end(limit.period, now, zone) - now, left=max(0, left))
    return None


def hash_person(adapter: str, actor: str) -> int:
    """Return a number for a person that does not name them: what counts on outlasts the erasure of the person."""
    return _hash(adapter, actor)


def hash_subject(subject: Subject, event: Event) -> int:
    """Return a number for whose use counts together."""
    match subject:
        case Subject.PERSON:
            return hash_person(event.adapter, event.actor.id)
        case Subject.MEMBER:
            return _hash(event.adapter, event.actor.id, "member", event.location.workspace)
        case Subject.CHANNEL:
            return _hash(event.adapter, event.location.channel, "channel")
        case Subject.WORKSPACE:
            return _hash(event.adapter, event.location.workspace, "workspace")
        case Subject.SERVICE:
            return _hash("", "", "service")


def hash_subjects(event: Event) -> Collection[int]:
    """Return the numbers of all whose use an event may count as."""
    return {hash_subject(subject, event) for subject in Subject}


def _hash(adapter: str, name: str, *more: str) -> int:
    key = "/".join((f"{len(adapter)}", *(f"{len(word)} {word}" for word in more), f"{adapter}{name}"))
    return int.from_bytes(
        hashlib.blake2b(key.encode(errors="surrogatepass"), digest_size=8).digest(), "big", signed=True
    )


def place_keys(event: Event) -> dict[str, str]:
    """Return the keys of a person and a place that statements on usage compare."""
    return {
        "adapter": codec.to_key(event.adapter),
        "actor": codec.to_key(event.actor.id),
        "workspace": codec.to_key(event.location.workspace),
        "channel": codec.to_key(event.location.channel),
    }


#: Keeps what a person who is forgotten has used, by hour and kind.
CARRY = """
INSERT INTO carried
    (person, hour, workspace, kind, requests, prompt_tokens, completion_tokens, items, milliseconds, micros, own_micros)
SELECT CAST(:person AS bigint), hour, workspace, kind, sum(requests), sum(prompt_tokens), sum(completion_tokens),
    sum(items), sum(milliseconds), sum(micros), sum(own_micros)
FROM usage WHERE adapter = :adapter AND actor = :actor AND actor <> '' AND hour >= :hour GROUP BY hour, workspace, kind
ON CONFLICT (person, hour, workspace, kind) DO UPDATE SET requests = carried.requests + excluded.requests,
    prompt_tokens = carried.prompt_tokens + excluded.prompt_tokens,
    completion_tokens = carried.completion_tokens + excluded.completion_tokens,
    items = carried.items + excluded.items, milliseconds = carried.milliseconds + excluded.milliseconds,
    micros = carried.micros + excluded.micros, own_micros = carried.own_micros + excluded.own_micros
"""
PRUNE_CARRIED = "DELETE FROM carried WHERE hour < :hour"
