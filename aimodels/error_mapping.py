"""From what the API or the network did to the error tree. The cause is kept; the key is never in a text or a repr."""

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

#: What the transports raise when there is no connection or it breaks; httpx-aiohttp lets some of aiohttp's own through.
BROKEN = (httpx.HTTPError, httpx.StreamError, aiohttp.ClientError, OSError)

#: Says more than the status: an empty account is a 429 on some servers, but waiting does not help.
_BY_CODE: dict[str, type[ApiError]] = {"invalid_api_key": AuthenticationFailed, "insufficient_quota": NotPermitted}
_BY_STATUS: dict[int, type[ApiError]] = {401: AuthenticationFailed, 402: NotPermitted, 403: NotPermitted}
#: For error envelopes that come without an error's status.
_BY_TYPE: dict[str, type[ApiError]] = {
    "authentication_error": AuthenticationFailed,
    "permission_error": NotPermitted,
    "invalid_request_error": BadRequest,
}


def refused(status: int, raw: bytes | str, *, key: str, retry_after: float = 1.0) -> ApiError:
    """The error that an answer stands for. `retry_after` in seconds, for a 429."""
    body = _json(raw)
    error = _error(body)
    code, kind = str(error.get("code") or ""), str(error.get("type") or "")
    text = str(error.get("message") or "").replace(key, "[key]") or f"the API answered with status {status}"
    told: dict[str, Any] = {"status": status, "code": code.replace(key, "[key]"), "type": kind.replace(key, "[key]")}
    told["is_enveloped"] = body.get("success") is False
    special = _BY_CODE.get(code) or _BY_STATUS.get(status)
    if special is not None:
        return special(text, **told)
    if status == 429 or kind == "rate_limit_error":
        return RateLimited(text, retry_after=retry_after, **told)
    if status >= 500:
        return ServerFailed(text, **told)
    if status >= 400:
        return BadRequest(text, **told)
    if status >= 300:
        return UnexpectedAnswer("the API redirects: its base URL must be where it ends up", status=status)
    return _BY_TYPE.get(kind, ServerFailed)(text, **told)


def unreachable(exc: Exception, key: str) -> Unreachable:
    """The error for a connection that could not be made or broke. Raise it from `exc`."""
    for link in (exc, exc.__cause__):
        if isinstance(link, aiohttp.ClientResponseError):  # its repr shows the request's headers, and so the key
            bare = CIMultiDictProxy[str](CIMultiDict())
            link.request_info = aiohttp.RequestInfo(link.request_info.url, link.request_info.method, bare)
            link.args = (link.request_info, link.history)
    reason = str(exc) or type(exc).__name__
    return Unreachable(f"no answer from the API: {reason}".replace(key, "[key]"))


def _json(raw: bytes | str) -> dict[str, Any]:
    """Read an object; an empty one when it is none."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _error(body: dict[str, Any]) -> dict[str, Any]:
    """Find the error's fields, however they are wrapped."""
    error = body.get("error", body)
    if isinstance(error, dict):
        return error if "message" in error else {**error, "message": error.get("detail")}
    return {"message": error}
