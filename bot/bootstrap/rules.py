"""The rules of a service: who may do what, how much, and what it costs."""

from zoneinfo import ZoneInfo

from bot.bootstrap.resources import Resources
from bot.calls.guarded_api import GuardedApi
from bot.calls.learnt_limits import LearntLimits
from bot.moderation.rules import load_rules
from bot.policy import LimitNotices, Policy, Quotas
from bot.scoped_settings.effective import ScopedSettings
from bot.scoped_settings.registry import load_settings_registry
from bot.security.value_signer import derive_key
from bot.spending.limits import LimitBook
from bot.spending.prices import PriceBook
from bot.values import valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The settings that change while the service runs, the prices, and what is checked of each request."""

    scoped: ScopedSettings
    prices: PriceBook
    quotas: Quotas
    policy: Policy
    limits: LearntLimits  #: of parameters, as refusals of the API have named them
    api: GuardedApi  #: the API behind the rules on words


async def make_rules(resources: Resources) -> Rules:
    """Connect the rules. Raises `StoreError`."""
    settings, store, adapters = resources.settings, resources.store, resources.adapters
    specs = resources.registry.specs
    api = GuardedApi(
        client=resources.api,
        rules=load_rules(settings.bot_content_rules),
        key=derive_key(resources.secret, b"pseudonyms"),
        settings=settings,
        workspaces=resources.workspace_apis,
    )
    scoped = ScopedSettings(
        values=store,
        registry=load_settings_registry(settings, specs),
        lacking={name: adapter.capabilities.lacks for name, adapter in adapters.items()},
    )
    prices = PriceBook(settings, store)
    zone = ZoneInfo(settings.bot_time_zone)
    quotas = Quotas(limits=LimitBook(settings, store), prices=prices, ledger=store, zone=zone)
    policy = Policy(
        settings,
        quotas=quotas,
        scoped=scoped,
        near=LimitNotices(queue=store, values=store, adapters=adapters, zone=zone, background=resources.background),
        commands=[spec.name for spec in specs],
        directories=adapters,
    )
    await quotas.limits.rules()  # names the roles that matter
    return Rules(scoped=scoped, prices=prices, quotas=quotas, policy=policy, limits=LearntLimits(store), api=api)
