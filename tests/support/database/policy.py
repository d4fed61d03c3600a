"""The policy of a store, made as the service makes it."""

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.background import BackgroundTasks
from bot.limits import QuotaRequest
from bot.models import CommandSpec, Event
from bot.policy import LimitNotices, Policy, Quotas
from bot.ports import Store
from bot.scoped_settings.effective import ScopedSettings
from bot.scoped_settings.registry import load_settings_registry
from bot.settings.core import Settings
from bot.spending.limits import LimitBook
from bot.spending.prices import PriceBook


def make_policy(
    settings: Settings,
    store: Store,
    *,
    commands: tuple[str, ...] = (),
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Policy:
    """Make the policy of these settings."""
    zone = ZoneInfo(settings.bot_time_zone)
    near = LimitNotices(queue=store, values=store, adapters={}, zone=zone, background=BackgroundTasks("limits"))
    return Policy(
        settings,
        near=near,
        quotas=make_quotas(settings, store, now=now),
        scoped=scoped_settings(settings, store),
        commands=commands,
        now=now,
    )


def make_quotas(settings: Settings, store: Store, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Quotas:
    """Make the quotas of these settings."""
    return Quotas(
        limits=LimitBook(settings, store),
        prices=PriceBook(settings, store),
        ledger=store,
        zone=ZoneInfo(settings.bot_time_zone),
        now=now,
    )


def scoped_settings(settings: Settings, store: Store) -> ScopedSettings:
    """Return the settings that change at run time: the models."""
    specs = [CommandSpec(name=kind, description="", kind=kind) for kind in ("chat", "code", "image", "audio", "video")]
    return ScopedSettings(values=store, registry=load_settings_registry(settings, specs))


async def quota_of(policy: Policy, event: Event, spec: CommandSpec) -> QuotaRequest | None:
    """Return the quota that a policy records an event with."""
    return await policy.quota(event, spec, await policy.scoped.for_event(event))
