"""The models that are asked in turn for one request."""

from collections.abc import Sequence

from aimodels.errors import ApiError, BadRequest, DeadlineExceeded, NotPermitted, RateLimited, ServerFailed, Unreachable
from bot.calls.circuit_breaker import CircuitBreaker, circuit_name

_ALWAYS = float("inf")


class FallbackChain:
    """The chosen model and those that may answer in its place; a model whose circuit is open is skipped.

    Where no circuit lets the request through, the chosen model is asked all the same: there is nothing to gain by
    skipping it.
    """

    def __init__(self, models: Sequence[str], breaker: CircuitBreaker, *, account: str) -> None:
        self.failed: list[str] = []
        self.first_error: ApiError | None = None
        self._models = list(models)
        self._breaker = breaker
        self._account = account
        self._is_held = False  #: whether the breaker waits to hear of the call
        self.current = (self._acquire() if self.has_others else None) or models[0]

    @property
    def has_others(self) -> bool:
        """Whether there is more than one model, asked or not."""
        return len(self._models) + len(self.failed) > 1

    @property
    def has_next(self) -> bool:
        """Whether another model would be asked next."""
        return any(self._breaker.is_available(self._key(model)) for model in self._rest())

    def succeeded(self) -> None:
        """Note that the current model has answered."""
        if self._is_held:
            self._breaker.succeeded(self._key(self.current))
            self._is_held = False

    def release(self) -> None:
        """Note that the call says nothing about the current model."""
        if self._is_held:
            self._breaker.release(self._key(self.current))
            self._is_held = False

    def fail(self, error: ApiError) -> bool:
        """Note that the current model failed, and go on to the next. False: there is none."""
        self.first_error = self.first_error or error
        self._breaker.failed(self._key(self.current), seconds=_known_absence(error))
        self._is_held = False
        self.failed.append(self.current)
        self._models.remove(self.current)
        following = self._acquire()
        self.current = following or self.current
        return following is not None

    def _acquire(self) -> str | None:
        for model in self._models:
            if self._breaker.acquire(self._key(model)):
                self._is_held = True
                return model
        return None

    def _rest(self) -> list[str]:
        return [model for model in self._models if model != self.current]

    def _key(self, model: str) -> str:
        return circuit_name(self._account, model)


def may_fall_back(error: ApiError) -> bool:
    """Return whether another model may answer: the error is the model's, neither the request's nor the connection's."""
    if isinstance(error, Unreachable):
        return error.was_connected
    if isinstance(error, BadRequest):
        return error.is_about_model
    return isinstance(error, DeadlineExceeded | ServerFailed | RateLimited | NotPermitted)


def _known_absence(error: ApiError) -> float | None:
    """Return the seconds for which a model is surely away; None: it may answer the next request."""
    if isinstance(error, RateLimited):
        return error.retry_after
    return _ALWAYS if isinstance(error, BadRequest | NotPermitted) else None
