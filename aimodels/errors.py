"""Errors of the SDK, as a tree.

AIModelsError
├── ConfigurationError       an argument of the client can't be used
└── ApiError                 the API did not give what was asked
    ├── BadRequest           400: it refused the parameters; also 404, 405, 501: it has no such endpoint
    ├── AuthenticationFailed 401: the key is wrong or expired
    ├── NotPermitted         403: the key may not do this
    ├── RateLimited          429: too many requests
    ├── ServerFailed         5xx
    ├── Unreachable          no connection, or it broke
    ├── DeadlineExceeded     no answer in time
    ├── JobFailed            a polled job ended in failure
    └── UnexpectedAnswer     an answer of a shape that nothing documents
"""

from typing import Any


class AIModelsError(Exception):
    """Root of every error that the SDK raises on purpose. Its text is one clear sentence."""


class ConfigurationError(AIModelsError):
    """An argument of the client can't be used, such as an API key that no header can carry."""


#: Parts of error codes and types that mean an unknown model.
_UNKNOWN_MODEL = ("model_not_found", "invalid_model", "unknown_model", "unsupported_model")


class ApiError(AIModelsError):
    """The API did not give what was asked. The text is the API's own: for logs, not for end users."""

    #: whether the same request may succeed later
    is_retryable = False

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str = "",
        type: str = "",
        param: str = "",
        is_enveloped: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status  #: HTTP status, None when there was no answer
        self.code = code  #: `error.code` of the envelope
        self.type = type  #: `error.type` of the envelope
        self.param = param  #: `error.param` of OpenAI's envelope: the parameter that is wrong
        self.is_enveloped = is_enveloped  #: whether it came in the reference's envelope


class BadRequest(ApiError):
    """400: the API refused the parameters."""

    @property
    def is_absence(self) -> bool:
        """Whether the address has no such endpoint, or the API has no such model."""
        return self.status in {404, 405, 501} or "unexpected endpoint" in self.message.lower()

    @property
    def is_about_model(self) -> bool:
        """Whether the API does not have the model that was named."""
        marks = f"{self.code} {self.type}".lower()
        return any(mark in marks for mark in _UNKNOWN_MODEL) or (self.is_absence and "model" in self.message.lower())


class AuthenticationFailed(ApiError):
    """401: the API key is wrong or expired."""


class NotPermitted(ApiError):
    """403: the key may not do this."""


class RateLimited(ApiError):
    """429: too many requests."""

    is_retryable = True

    def __init__(self, message: str, *, retry_after: float, status: int | None = 429, **details: Any) -> None:
        super().__init__(message, status=status, **details)
        self.retry_after = retry_after  #: seconds until another try may succeed


class ServerFailed(ApiError):
    """5xx: the API failed."""

    is_retryable = True


class Unreachable(ApiError):
    """No connection to the API, or it broke."""

    is_retryable = True

    def __init__(self, message: str, *, was_connected: bool = True, **details: Any) -> None:
        super().__init__(message, **details)
        self.was_connected = was_connected  #: False: nothing was sent


class DeadlineExceeded(ApiError):
    """The API gave no answer within the time allowed."""


class JobFailed(ApiError):
    """A polled job ended in failure."""


class UnexpectedAnswer(ApiError):
    """The API's answer has a shape that nothing documents; the text names the field that was missing."""
