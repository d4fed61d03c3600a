"""Answers one question: may this event be answered."""

import math
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from bot.errors import OverLimit
from bot.i18n import translate
from bot.models import CommandSpec, Event, QuotaRequest, Usage
from bot.policy.quota import MEDIA_KINDS, Key, Ledger, until_tomorrow
from bot.policy.rules import command_lists, general_lists
from bot.ports import SharedStore, Store
from bot.settings.core import Settings

V = TypeVar("V")

#: Commands that whoever may use the service may always use.
ALWAYS = frozenset({"help", "stop", "cancel", "delete", "feedback"})
_MINUTE = timedelta(minutes=1)
_UNITS = ((3600, "hour"), (60, "minute"), (1, "second"))
_REMEMBERED = 10_000  # verdicts and people kept in memory


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an event is not answered: a private sentence, or nothing at all."""

    text: str
    silent: bool = False


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Policy:
    """Permissions, quotas and budgets from the settings. Administrators are held to the same.

    What a store of one process has recorded is counted here, in memory; a store that is `shared` counts itself.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        *,
        commands: Collection[str] = (),
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        """Raises `SettingsError` for a wrong rule. `commands`: the names that rules may use; empty: any."""
        self._settings = settings
        self._general = general_lists(settings)
        self._by_command = command_lists(settings.bot_command_rules, commands)
        self._ledger = Ledger(store)
        self.shared = store if isinstance(store, SharedStore) else None
        self._now = now
        self._verdicts: OrderedDict[Key, Refusal | None] = OrderedDict()
        self._requests: OrderedDict[Key, deque[datetime]] = OrderedDict()
        self._strangers: OrderedDict[Key, str] = OrderedDict()  # the day each was last told

    async def check(self, event: Event, spec: CommandSpec) -> Refusal | None:
        """None: go ahead, and the request is counted. The same event gets the same verdict and counts once.

        A shared store has yet to count it when it is recorded: see `demand`. Raises `StoreError` when today's usage
        can't be read.
        """
        key = (event.adapter, event.id)
        if key not in self._verdicts:
            counts_here = self.shared is None and spec.kind is not None
            needs_usage = counts_here and self._permission(event, spec) is None
            if needs_usage and self._settings.bot_media_per_day and spec.kind in MEDIA_KINDS:
                await self._ledger.load_media((event.adapter, event.actor.id), self._now())
            if needs_usage and self._settings.bot_budget_per_day:
                await self._ledger.load_cost(self._now())
        # From here on nothing is awaited: between the look and the count no other request gets in.
        if key in self._verdicts:
            return self._verdicts[key]
        verdict = self._permission(event, spec)
        if verdict is None and self.shared is None:
            over = self._quota(event, spec)
            verdict = None if over is None else self._in_words(event, over)
        verdict = self._told_once(event, verdict)
        _remember(self._verdicts, key, verdict)
        return verdict

    async def check_again(self, event: Event, spec: CommandSpec) -> Refusal | None:
        """`check` for a recorded event that asks for something else now: it counts once more. Raises `StoreError`."""
        self._verdicts.pop((event.adapter, event.id), None)
        refusal = await self.check(event, spec)
        demand = self.demand(event, spec)
        if refusal is None and demand is not None and self.shared is not None:
            try:
                await self.shared.admit(event, demand)
            except OverLimit as over:
                return self.refusal(event, over)
        return refusal

    def demand(self, event: Event, spec: CommandSpec) -> QuotaRequest | None:
        """What a shared store is to count for an event that passed `check`; None: nothing."""
        if self.shared is None or spec.name in ALWAYS:
            return None
        settings, is_media = self._settings, spec.kind in MEDIA_KINDS
        demand = QuotaRequest(
            kind=spec.kind,
            items=_items(event, spec) if is_media else 0,
            requests_per_minute=settings.bot_requests_per_minute,
            media_per_day=settings.bot_media_per_day if is_media else 0,
            budget_per_day=settings.bot_budget_per_day if spec.kind is not None else 0.0,
        )
        is_limited = demand.requests_per_minute or demand.media_per_day or demand.budget_per_day
        return demand if is_limited else None

    def refusal(self, event: Event, over: OverLimit) -> Refusal:
        """What to tell of a limit that the store found."""
        refusal = self._in_words(event, over)
        return self._told_once(event, refusal) or refusal

    async def allowance(self, adapter: str, actor: str, locale: str) -> Sequence[str]:
        """Sentences that say what a person may use, and what is left of it today. Raises `StoreError`."""
        settings, sentences = self._settings, []
        if settings.bot_requests_per_minute:
            sentences.append(translate("policy.allowed_rate", locale, limit=settings.bot_requests_per_minute))
        if settings.bot_media_per_day:
            if self.shared is not None:
                used = await self.shared.media_today(adapter, actor)
            else:
                await self._ledger.load_media((adapter, actor), self._now())
                used = self._ledger.media((adapter, actor), self._now())
            left = max(0, settings.bot_media_per_day - used)
            sentences.append(translate("policy.allowed_media", locale, limit=settings.bot_media_per_day, left=left))
        if settings.bot_budget_per_day:
            sentences.append(translate("policy.allowed_budget", locale))
        return sentences

    def spent(self, event: Event, usage: Sequence[Usage]) -> None:
        """Tell what a finished event used (nothing: `()`), once it is in the store."""
        if self.shared is None:
            self._ledger.settle(event, usage, self._now())

    # -- may this person do this here?

    def _permission(self, event: Event, spec: CommandSpec) -> Refusal | None:
        locale = event.actor.locale
        if event.actor.is_bot and not self._settings.bot_allow_bots:
            return Refusal("", silent=True)
        if event.actor.is_stranger and not self._settings.bot_allow_strangers:
            return Refusal(translate("policy.stranger", locale))
        subject = self._general.find_rejected_subject(event)
        if subject is not None:
            return Refusal(translate(f"policy.{subject}", locale))
        rules = self._by_command.get(spec.name)
        subject = rules.find_rejected_subject(event) if rules is not None else None
        if subject is not None:
            return Refusal(translate(f"policy.command_{subject}", locale, command=spec.name))
        return None

    def _told_once(self, event: Event, verdict: Refusal | None) -> Refusal | None:
        """A stranger is told once a day; more would let outsiders make the service talk."""
        if verdict is None or verdict.silent or not event.actor.is_stranger:
            return verdict
        key, today = (event.adapter, event.actor.id), self._now().date().isoformat()
        if self._strangers.get(key) == today:
            return Refusal("", silent=True)
        _remember(self._strangers, key, today)
        return verdict

    # -- and is there room for it?

    def _in_words(self, event: Event, over: OverLimit) -> Refusal:
        settings, locale, tomorrow = self._settings, event.actor.locale, until_tomorrow(self._now())
        if over.limit == "rate":
            wait = in_words(over.wait, locale)
            return Refusal(translate("policy.rate", locale, limit=settings.bot_requests_per_minute, wait=wait))
        if over.limit == "price":
            return Refusal(translate("policy.price_unknown", locale, wait=in_words(60, locale)))
        if over.limit == "money":
            return Refusal(translate("policy.budget", locale, wait=in_words(tomorrow, locale)))
        key, limit = "policy.media_left" if over.left else "policy.media", settings.bot_media_per_day
        return Refusal(translate(key, locale, limit=limit, left=over.left, wait=in_words(tomorrow, locale)))

    def _quota(self, event: Event, spec: CommandSpec) -> OverLimit | None:
        if spec.name in ALWAYS:
            return None
        now = self._now()
        recent = self._requests.get((event.adapter, event.actor.id)) or deque()
        while recent and recent[0] <= now - _MINUTE:
            recent.popleft()
        over = self._rate(recent, now) or self._media(event, spec, now) or self._money(event, spec, now)
        if over is not None:
            return over
        recent.append(now)
        _remember(self._requests, (event.adapter, event.actor.id), recent)
        if spec.kind is not None:
            self._ledger.reserve(event, spec.kind, _items(event, spec), now)
        return None

    def _rate(self, recent: deque[datetime], now: datetime) -> OverLimit | None:
        limit = self._settings.bot_requests_per_minute
        if not limit or len(recent) < limit:
            return None
        return OverLimit("rate", wait=(recent[-limit] + _MINUTE - now).total_seconds())

    def _media(self, event: Event, spec: CommandSpec, now: datetime) -> OverLimit | None:
        limit = self._settings.bot_media_per_day
        if not limit or spec.kind not in MEDIA_KINDS:
            return None
        used, wanted = self._ledger.media((event.adapter, event.actor.id), now), _items(event, spec)
        return None if used + wanted <= limit else OverLimit("media", left=max(0, limit - used))

    def _money(self, event: Event, spec: CommandSpec, now: datetime) -> OverLimit | None:
        limit = self._settings.bot_budget_per_day
        if not limit or spec.kind is None:
            return None
        price = self._ledger.price(spec.kind)
        if price is None and self._ledger.is_open(spec.kind, now):
            return OverLimit("price")
        cost = self._ledger.cost(now)
        # At the limit even what is free today waits: the first price of a kind is only known afterwards.
        is_within = cost < limit and cost + (price or 0.0) * _items(event, spec) <= limit
        return None if is_within else OverLimit("money")


def _items(event: Event, spec: CommandSpec) -> int:
    """How many files are asked for; what is no number is refused later, and counts as one."""
    option = spec.option("n")
    if option is None or spec.kind not in MEDIA_KINDS:
        return 1
    try:
        return max(1, int(float(event.options.get(option.name, "") or option.default or 1)))
    except (ValueError, OverflowError):
        return 1


def in_words(seconds: float, locale: str) -> str:
    """A wait, rounded up: "40 seconds", "1 minute", "5 hours"."""
    unit, name = next(((unit, name) for unit, name in _UNITS if seconds >= unit), _UNITS[-1])
    number = max(1, math.ceil(seconds / unit))
    return translate(f"policy.{name}" if number == 1 else f"policy.{name}s", locale, number=number)


def _remember(memory: OrderedDict[Key, V], key: Key, value: V) -> None:
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > _REMEMBERED:
        memory.popitem(last=False)
