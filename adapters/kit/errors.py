"""A platform's errors as `bot.errors`, by a table: error code → what to say of it and whether to try again."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import aiohttp

from bot.errors import DeliveryDelayed, DeliveryError, DeliveryRefused

#: Raised by a request over HTTP that gets no answer.
NETWORK_ERRORS = (aiohttp.ClientError, TimeoutError, OSError)

_TOO_MANY_REQUESTS, _SERVER_ERROR = 429, 500

Code = TypeVar("Code", str, int)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorTable(Generic[Code]):
    """Error codes of one platform."""

    platform: str  #: its name, as sentences call it
    refused: Mapping[Code, str]  #: codes of what will not succeed later, with the reason as half a sentence
    delayed: Collection[Code] = ()  #: codes of what may succeed later; "" or 0 for answers without a code

    def rate_limited(self, retry_after: float) -> DeliveryDelayed:
        """Return the error of a request over a rate limit; `retry_after`: seconds."""
        return DeliveryDelayed(f"{self.platform} gets too many requests", retry_after=retry_after)

    def answered(self, status: int, code: Code, *, otherwise: str = "") -> DeliveryDelayed | DeliveryRefused:
        """Return the error of an answer with that HTTP status and code; "" or 0 for none.

        `otherwise`: the reason of a refusal with a code that is not in the table.
        """
        if status == _TOO_MANY_REQUESTS or status >= _SERVER_ERROR or code in self.delayed:
            return DeliveryDelayed(f"{self.platform} answers {(code in self.delayed and code) or status}")
        reason = self.refused.get(code) or otherwise or f"{self.platform} answers {status}"
        return DeliveryRefused(f"{reason} ({code})")

    def unreachable(self, exc: Exception) -> DeliveryDelayed:
        """Return the error of a request that got no answer."""
        return DeliveryDelayed(f"{self.platform} can't be reached: {type(exc).__name__}")


class translating:  # noqa: N801 - as `contextlib.suppress`: a context manager that is called like a function
    """Raise `translate(exc)`, with its cause, for an exception that is one of `errors`."""

    def __init__(self, translate: Callable[[Exception], DeliveryError], errors: tuple[type[Exception], ...]) -> None:
        self._translate = translate
        self._errors = errors

    def __enter__(self) -> None:
        """Nothing is needed before the block."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, self._errors):
            raise self._translate(error) from error
