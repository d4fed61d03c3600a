"""Errors of the sandbox, and the API's envelopes for answers and errors."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

TYPES = {
    400: ("invalid_request", "invalid_request_error"),
    401: ("invalid_api_key", "authentication_error"),
    403: ("permission_denied", "permission_error"),
    404: ("not_found", "invalid_request_error"),
    405: ("method_not_allowed", "invalid_request_error"),
    429: ("rate_limit_exceeded", "rate_limit_error"),
    500: ("internal_error", "server_error"),
}


class SandboxError(Exception):
    """The sandbox can't start; the text says why and names the setting."""


class Refusal(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, message: str, *, code: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = headers or {}


def timestamp() -> str:
    """The current time in the envelope's format."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def failure(status: int, message: str, code: str = "") -> dict[str, Any]:
    """Build an error envelope."""
    usual, kind = TYPES.get(status, TYPES[500] if status >= 500 else TYPES[400])  # noqa: PLR2004
    return {
        "success": False,
        "error": {"code": code or usual, "message": message, "type": kind},
        "timestamp": timestamp(),
    }


def success(data: dict[str, Any]) -> dict[str, Any]:
    """Build the envelope of an answer."""
    return {
        "success": True,
        "data": data,
        "message": "sandbox: 操作成功 (made offline, by no AI model)",
        "timestamp": timestamp(),
    }


def explain(errors: Sequence[Any]) -> str:
    """Describe which parameters of a body are wrong and what is allowed."""
    problems = []
    for error in errors:
        if error["type"] == "json_invalid":
            return f"the body is not valid JSON: {error.get('ctx', {}).get('error', 'it can not be read')}"
        where = ".".join(str(part) for part in error["loc"][1:])
        text = str(error["msg"]).removeprefix("Value error, ")
        if error["type"] == "missing":
            text = "is required"
        elif error["type"] == "string_pattern_mismatch":
            text = "must not be blank"
        problems.append(f"{where}: {text}" if where else "the body must be a JSON object")
    return "; ".join(dict.fromkeys(problems))
