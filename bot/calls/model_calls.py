"""The API calls of one event: values that a model refuses are corrected, or refused in the person's language."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from aimodels import ChatDelta
from aimodels.errors import BadRequest
from bot.calls.learnt_limits import LearntLimits
from bot.calls.parameter_limits import ParameterLimit, read_limit
from bot.errors import UsageError
from bot.i18n import join_list, translate
from bot.models import Event
from bot.moderation.guarded_api import EventApi

log = structlog.get_logger(__name__)

T = TypeVar("T")

#: Parameters that people know by the name of a setting.
_SETTINGS = {"max_tokens": "answer_tokens"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCalls:
    """Calls a model on behalf of an event.

    A value that the model is known to refuse is not sent: one that the person gave is refused, any other is replaced by
    the nearest that the model takes. What a refusal says about a parameter is kept for later calls.
    """

    api: EventApi
    event: Event
    limits: LearntLimits

    async def ask(self, model: str, create: Callable[..., Awaitable[T]], /, **parameters: Any) -> T:
        """Return the result of `create(model=…, **parameters)`. Raises `ApiError`, `UsageError` and `StoreError`."""
        fitted = self._fit(model, parameters, await self.limits.of(self.api.base_url, model))
        while True:
            try:
                return await create(model=model, **fitted)
            except BadRequest as exc:
                fitted = await self._correct(model, fitted, exc)

    async def stream(
        self, model: str, stream: Callable[..., AsyncGenerator[ChatDelta, None]], /, **parameters: Any
    ) -> AsyncGenerator[ChatDelta, None]:
        """Yield the pieces of `stream(model=…, **parameters)`. Raises what `ask` does."""
        fitted = self._fit(model, parameters, self.limits.known(self.api.base_url, model))
        while True:
            has_begun = False
            try:
                async with aclosing(stream(model=model, **fitted)) as deltas:
                    async for delta in deltas:
                        has_begun = True
                        yield delta
                return  # noqa: TRY300 (the generator's end, not a value)
            except BadRequest as exc:
                if has_begun:
                    raise
                fitted = await self._correct(model, fitted, exc)

    async def _correct(self, model: str, sent: Mapping[str, Any], refusal: BadRequest) -> dict[str, Any]:
        """Learn from a refusal; return the parameters for another call. Raises `refusal` where none makes sense."""
        found = read_limit(refusal, {**sent, "model": model})
        if found is None:
            raise refusal
        name, limit = found
        log.info("limit of the API learnt", model=model, parameter=name, status=refusal.status, message=refusal.message)
        await self.limits.learn(self.api.base_url, model, name, limit)
        return self._fit(model, sent, {name: limit})

    def _fit(self, model: str, parameters: Mapping[str, Any], limits: Mapping[str, ParameterLimit]) -> dict[str, Any]:
        fitted = dict(parameters)
        for name, limit in limits.items():
            value = fitted.get(name)
            if value is None or limit.allows(value):
                continue
            if self.event.options.get(name):
                raise UsageError(describe_limit(name, limit, model, self.event.actor.locale))
            fitted[name] = limit.nearest(value)
        return fitted


def describe_limit(name: str, limit: ParameterLimit, model: str, locale: str) -> str:
    """Return the sentence on the values that a model takes for a parameter."""
    low, high = limit.low, limit.high
    key = "one_of" if limit.choices else "at_most" if low is None else "at_least" if high is None else "between"
    return translate(
        f"refusal.{key}",
        locale,
        name=_SETTINGS.get(name, name),
        model=model,
        low="" if low is None else f"{low:g}",
        high="" if high is None else f"{high:g}",
        allowed=join_list((f"`{choice}`" for choice in limit.choices), locale),
    )
