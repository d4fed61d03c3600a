"""The API calls of one event: another model answers for one that fails, and refused values are corrected."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from aimodels import ChatDelta
from aimodels.errors import ApiError, BadRequest
from bot.calls.api_job import ApiJob
from bot.calls.circuit_breaker import CircuitBreaker
from bot.calls.fallback_chain import FallbackChain, may_fall_back
from bot.calls.fitting import fit, fit_to_fallback
from bot.calls.guarded_api import EventApi
from bot.calls.learnt_limits import LearntLimits
from bot.calls.parameter_limits import ParameterLimit, read_limit
from bot.duel.duels import is_duel_answer
from bot.i18n import translate
from bot.models import Event, Kind, Usage
from bot.scoped_settings.effective import EffectiveSettings
from bot.settings.core import Settings

log = structlog.get_logger(__name__)

T = TypeVar("T")

#: Seconds that a request waits for a model's rate limit where another model could answer.
_SHORT_WAIT = 5.0


@dataclass(slots=True, kw_only=True)
class ModelCalls:
    """Calls a model on behalf of an event.

    A model that fails is replaced by the next of its kind's fallbacks, unless its answer has begun to show or it is in
    a duel. A value that a model is known to refuse is not sent: one that the person gave is refused, any other is
    replaced by the nearest that the model takes. Limits that a refusal names are kept for later calls.
    """

    api: EventApi
    event: Event
    settings: Settings
    effective: EffectiveSettings
    limits: LearntLimits
    breaker: CircuitBreaker
    api_job: ApiJob
    is_repeated: bool  #: it was begun before: an earlier try may have left models that failed
    count_lost: Callable[[], Awaitable[None]]  #: counts what the model that was asked last may have used in vain
    #: counts what a call has used after which the event makes another; raises `StoreError`
    count: Callable[[Usage], Awaitable[None]]
    #: lets the next call be reserved as one that uses so much of a model of its own; raises `StoreError`
    expect: Callable[[Usage], Awaitable[None]]
    on_fallback: Callable[[Kind], None]  #: called when another model is asked, for metrics
    too_expensive: frozenset[str] = frozenset()  #: fallbacks that would cost more than the request may
    asked: str = ""  #: the model that was to answer
    answered_by: str = ""  #: the model that did

    async def ask(
        self, kind: Kind, model: str, bind: Callable[[EventApi], Callable[..., Awaitable[T]]], /, **parameters: Any
    ) -> T:
        """Return the result of `bind(client)(model=…, **parameters)`. Raises `ApiError`, `UsageError`, `StoreError`.

        With a parameter `job` the model that makes that job is asked, and no other.
        """
        chain = await self._begin(kind, model, has_job="job" in parameters)
        while True:
            self.api_job.model = self.answered_by = chain.current
            client = self._client(chain)
            try:
                limits = await self.limits.of(self.api.account, chain.current)
                sent = self._fit(kind, chain, parameters, limits)
                while True:
                    try:
                        result = await bind(client)(model=chain.current, **sent)
                        break
                    except BadRequest as exc:
                        sent = await self._correct(chain, sent, exc)
            except ApiError as exc:
                await self._go_on(kind, chain, exc)
            except BaseException:
                chain.release()
                raise
            else:
                chain.succeeded()
                return result

    async def stream(
        self,
        kind: Kind,
        model: str,
        bind: Callable[[EventApi], Callable[..., AsyncGenerator[ChatDelta, None]]],
        /,
        **parameters: Any,
    ) -> AsyncGenerator[ChatDelta, None]:
        """Yield the pieces of `bind(client)(model=…, **parameters)`. Raises what `ask` does."""
        chain = await self._begin(kind, model)
        while True:
            has_begun = False
            self.api_job.model = self.answered_by = chain.current
            client = self._client(chain)
            try:
                limits = await self.limits.of(self.api.account, chain.current)
                sent = self._fit(kind, chain, parameters, limits)
                while True:
                    try:
                        async with aclosing(bind(client)(model=chain.current, **sent)) as deltas:
                            async for delta in deltas:
                                has_begun = True
                                yield delta
                        break
                    except BadRequest as exc:
                        if has_begun:
                            raise
                        sent = await self._correct(chain, sent, exc)
            except ApiError as exc:
                await self._go_on(kind, chain, exc, has_begun=has_begun)
            except BaseException:
                chain.release()
                raise
            else:
                chain.succeeded()
                return

    def footnote(self) -> str:
        """Return the sentence that says which model answered for which; "": the one that was to answer did."""
        if self.answered_by == self.asked:
            return ""
        return translate("fallback.note", self.event.actor.locale, model=self.asked, other=self.answered_by)

    async def _begin(self, kind: Kind, model: str, *, has_job: bool = False) -> FallbackChain:
        self.asked = model
        models = [model]
        if has_job:
            models = [self.api_job.model or model]
        elif not is_duel_answer(self.event) and (fallbacks := self.settings.fallbacks(kind)):
            chosen = [name for name in self.effective.fallbacks(kind) if name not in self.too_expensive]
            models += [name for name in chosen if name != model and name in fallbacks]
            failed = await self.api_job.failed_models() if self.is_repeated else []
            models = [name for name in models if name not in failed] or models
        return FallbackChain(models, self.breaker, account=self.api.account)

    def _client(self, chain: FallbackChain) -> EventApi:
        """Return the API for the chain's current model; another model's limit may be counted separately."""
        if not chain.has_others:
            return self.api
        limits = "" if chain.current == self.asked else chain.current
        return self.api.with_limits(limits, _SHORT_WAIT if chain.has_next else float("inf"))

    async def _go_on(self, kind: Kind, chain: FallbackChain, error: ApiError, *, has_begun: bool = False) -> None:
        """Go on to the next model after an error. Raises the error that the person is to read when there is none."""
        if not chain.has_others or not may_fall_back(error) or self.api_job.name:
            chain.release()
            raise error
        failed = chain.current
        has_next = chain.fail(error)
        await self.count_lost()
        await self.api_job.keep_failed(chain.failed if has_next else ())
        if has_begun or not has_next:
            chain.release()
            raise error if has_begun or chain.first_error is None else chain.first_error
        log.warning(
            "another model is asked", model=failed, next=chain.current, error=type(error).__name__, status=error.status
        )
        self.on_fallback(kind)

    async def _correct(self, chain: FallbackChain, sent: Mapping[str, Any], refusal: BadRequest) -> dict[str, Any]:
        """Learn from a refusal; return the parameters for another call. Raises `refusal` where none makes sense."""
        model = chain.current
        found = read_limit(refusal, {**sent, "model": model})
        if found is None:
            raise refusal
        name, limit = found
        log.info("limit of the API learnt", model=model, parameter=name, status=refusal.status, message=refusal.message)
        await self.limits.learn(self.api.account, model, name, limit)
        return fit(sent, {name: limit}, model=model, given=self._given(chain), locale=self.event.actor.locale)

    def _fit(
        self, kind: Kind, chain: FallbackChain, parameters: Mapping[str, Any], limits: Mapping[str, ParameterLimit]
    ) -> dict[str, Any]:
        model = chain.current
        if model != self.asked:
            parameters = fit_to_fallback(kind, model, parameters, self.settings)
        return fit(parameters, limits, model=model, given=self._given(chain), locale=self.event.actor.locale)

    def _given(self, chain: FallbackChain) -> frozenset[str]:
        """Return the parameters whose values the person gave for the model that is asked."""
        given = (name for name, value in self.event.options.items() if value)
        return frozenset(given) if chain.current == self.asked else frozenset()
