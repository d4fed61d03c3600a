"""The limits of parameters that an API account has named in its refusals, for all processes of the service."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog

from bot.calls.parameter_limits import ParameterLimit
from bot.errors import StoreError
from bot.media.names import short_digest
from bot.models import CommandSpec, Option
from bot.ports import KeyValues, Namespace

log = structlog.get_logger(__name__)

#: After which a limit is forgotten, so that an API that takes more is noticed.
KEPT = timedelta(days=1)

_Limits = Mapping[str, Mapping[str, ParameterLimit]]


class LearntLimits:
    """The limits by model and parameter of each API account."""

    def __init__(self, values: KeyValues) -> None:
        self._values = values
        self._namespaces: dict[str, Namespace] = {}  #: by account
        #: By account: what was read last, and the limits in it by model.
        self._parsed: dict[str, tuple[Mapping[str, str], _Limits]] = {}

    async def of(self, account: str, model: str) -> Mapping[str, ParameterLimit]:
        """Return the known limits of a model by parameter. Raises `StoreError`."""
        return (await self._read(account)).get(model, {})

    async def learn(self, account: str, model: str, name: str, limit: ParameterLimit) -> None:
        """Keep a limit for a day. A database that fails is ignored: the API refuses the next value, too."""
        try:
            await self._of(account).set(f"{name} {model}", limit.encode(), expires=datetime.now(UTC) + KEPT)
        except StoreError as exc:
            log.warning("limit of the API not saved", reason=str(exc))

    async def narrow(self, spec: CommandSpec, account: str, models: Collection[str]) -> CommandSpec:
        """Return the command with the values that at least one of the models takes. Raises `StoreError`."""
        known = await self._read(account)
        limits = [known.get(model, {}) for model in models]
        if not any(limits):
            return spec
        return replace(spec, options=tuple(_narrow(option, limits) for option in spec.options))

    async def _read(self, account: str) -> _Limits:
        items = await self._of(account).items()
        if not items:
            return {}
        read, limits = self._parsed.get(account, (None, {}))
        if read is not items:
            found: dict[str, dict[str, ParameterLimit]] = {}
            for key, text in items.items():
                name, _, model = key.partition(" ")
                found.setdefault(model, {})[name] = ParameterLimit.decode(text)
            limits = found
            self._parsed[account] = (items, limits)
        return limits

    def _of(self, account: str) -> Namespace:
        found = self._namespaces.get(account)
        if found is None:
            found = self._namespaces[account] = self._values.namespace(f"api-limits:{short_digest(account)}")
        return found


def _narrow(option: Option, limits: Collection[Mapping[str, ParameterLimit]]) -> Option:
    """Return an option without the values that every model refuses."""
    found = [known[option.name] for known in limits if option.name in known]
    if len(found) < len(limits):  # nothing is known of a model
        return option
    if option.choices:
        choices = tuple(choice for choice in option.choices if any(limit.allows(choice) for limit in found))
        default = option.default if not option.default or option.default in choices else "".join(choices[:1])
        return replace(option, choices=choices, default=default) if choices else option
    if option.kind not in ("integer", "number"):
        return option
    least, most = zip(*(limit.bounds for limit in found), strict=True)
    low = _tighter(max, option.minimum, None if None in least else min(least))
    high = _tighter(min, option.maximum, None if None in most else max(most))
    if low is not None and high is not None and low > high:
        return option
    default = str(ParameterLimit(low, high).nearest(option.default)) if option.default else ""
    return replace(option, minimum=low, maximum=high, default=default)


def _tighter(choose: Callable[[float, float], float], own: float | None, learnt: float | None) -> float | None:
    return own if learnt is None else learnt if own is None else choose(own, learnt)
