"""Translation of error answers and transport exceptions into the SDK's errors; the key is in no text or repr."""

# ruff: noqa: PLR2004 (status codes are known by their numbers)

import json
from typing import Any

import aiohttp
import httpx
from multidict import CIMultiDict, CIMultiDictProxy

from aimodels.errors import (
    ApiError,
    AuthenticationFailed,
    BadRequest,
    NotPermitted,
    RateLimited,
    ServerFailed,
    UnexpectedAnswer,
    Unreachable,
)

#: Exceptions of the transports for connections that fail.
CONNECTION_ERRORS = (httpx.HTTPError, httpx.StreamError, OSError)

#: Codes that win over the status: an empty account is a 429 on some servers, but waiting does not help.
_BY_CODE: dict[str, type[ApiError]] = {"invalid_api_key": AuthenticationFailed, "insufficient_quota": NotPermitted}
_BY_STATUS: dict[int, type[ApiError]] = {401: AuthenticationFailed, 402: NotPermitted, 403: NotPermitted}
#: For error envelopes that come without an error's status.
_BY_TYPE: dict[str, type[ApiError]] = {
    "authentication_error": AuthenticationFailed,
    "permission_error": NotPermitted,
    "invalid_request_error": BadRequest,
}


def from_response(status: int, raw: bytes | str, *, key: str, retry_after: float = 1.0) -> ApiError:
    """The error for an answer's status and body; `retry_after` (seconds) is for a 429."""
    body = _json(raw)
    error = _error(body)
    code, kind = str(error.get("code") or ""), str(error.get("type") or "")
    text = str(error.get("message") or "").replace(key, "[key]") or f"the API answered with status {status}"
    details: dict[str, Any] = {"status": status, "code": code.replace(key, "[key]"), "type": kind.replace(key, "[key]")}
    details["param"] = str(error.get("param") or "").replace(key, "[key]")
    details["is_enveloped"] = body.get("success") is False
    special = _BY_CODE.get(code) or _BY_STATUS.get(status)
    if special is not None:
        return special(text, **details)
    if status == 429 or kind == "rate_limit_error":
        return RateLimited(text, retry_after=retry_after, **details)
    if status >= 500 and status != 501:
        return ServerFailed(text, **details)
    if status >= 400:
        return BadRequest(text, **details)
    if status >= 300:
        return UnexpectedAnswer("the API redirects: its base URL must be where it ends up", status=status)
    lacking = BadRequest(text, **details)  # some servers say with a good status that they have no such endpoint
    return lacking if lacking.is_absence else _BY_TYPE.get(kind, ServerFailed)(text, **details)


def is_connect_error(exc: Exception) -> bool:
    """Return whether no connection was made, so that nothing was sent."""
    return isinstance(exc, httpx.ConnectError | httpx.ConnectTimeout)


def from_exception(exc: Exception, key: str) -> Unreachable:
    """The error for a transport's exception. Raise it from `exc`."""
    cause = exc.__cause__
    if isinstance(cause, aiohttp.ClientResponseError):  # its repr shows the request's headers, and so the key
        bare = CIMultiDictProxy[str](CIMultiDict())
        cause.request_info = aiohttp.RequestInfo(cause.request_info.url, cause.request_info.method, bare)
        cause.args = (cause.request_info, cause.history)
    reason = str(exc) or type(exc).__name__
    text = f"no answer from the API: {reason}".replace(key, "[key]")
    return Unreachable(text, was_connected=not is_connect_error(exc))


def _json(raw: bytes | str) -> dict[str, Any]:
    """Parse a JSON object; empty when the text is none."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _error(body: dict[str, Any]) -> dict[str, Any]:
    """Find the error's fields in any of the usual wrappings."""
    error = body.get("error", body)
    if not isinstance(error, dict):
        return {"message": error}
    if "message" in error:
        return error
    detail = error.get("detail")
    return {**error, **_detail(detail[0])} if isinstance(detail, list) and detail else {**error, "message": detail}


def _detail(problem: Any) -> dict[str, Any]:
    """Return message and parameter of the first problem in FastAPI's list."""
    if not isinstance(problem, dict):
        return {"message": problem}
    place = problem.get("loc")
    name = str(place[-1]) if isinstance(place, list) and len(place) > 1 else ""
    return {"message": problem.get("msg"), "param": name}
