"""Hands the HTTP requests to a platform to the flight recorder: a middleware for the sessions of all platforms."""

import asyncio
import time
from functools import partial

import aiohttp
from aiohttp import ClientHandlerType, ClientMiddlewareType, ClientRequest, ClientResponse, payload
from yarl import URL

from bot.ports import LOWEST_ERROR_STATUS, CallRecorder, PlatformCall, receipt

#: Bytes of a body that is kept.
_LARGEST = 65_536


def record_calls(recorder: CallRecorder) -> ClientMiddlewareType:
    """Return a middleware that records the calls made for requests."""
    find_log = recorder.answered.get

    async def call(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        log = find_log() or receipt.get()
        if log is None:
            return await handler(request)
        about, at = (request.method, request.url, request._body), time.time()  # noqa: SLF001 - its own accessor is a function more
        try:
            response = await handler(request)
        except BaseException as exc:
            is_from_network = isinstance(exc, aiohttp.ClientError | OSError | asyncio.CancelledError)
            is_sent = is_from_network and not isinstance(exc, aiohttp.ClientConnectorError)
            log.add_call(at, 0, type(exc).__name__, partial(_read_failed, *about, is_sent))
            raise
        log.add_call(at, response.status, "", partial(_read, *about, response))
        return response

    return call


def _read(method: str, url: URL, body: object, response: ClientResponse) -> PlatformCall:
    """Return a call that was answered."""
    status, headers = response.status, response.headers
    answer = response._body if "json" in headers.get("Content-Type", "") else b""  # noqa: SLF001 - read by the caller; what returns it is a coroutine
    retry_after = headers.get("Retry-After", "") if status >= LOWEST_ERROR_STATUS else ""
    return (method, url.raw_path_qs, status, True, retry_after, _body_of(body), answer[:_LARGEST] if answer else b"")


def _read_failed(method: str, url: URL, body: object, is_sent: bool) -> PlatformCall:
    """Return a call that was not answered."""
    return (method, url.raw_path_qs, 0, is_sent, "", _body_of(body), b"")


def _body_of(body: object) -> bytes:
    """Return a body that is in memory as a whole; of a form, its fields without the contents of files."""
    if payload.BytesPayload in type(body).__mro__:  # `isinstance` of an abstract class is slow
        found: bytes = body._value  # type: ignore[attr-defined]  # noqa: SLF001 - what is sent; its own accessor is a coroutine
        return found if len(found) <= _LARGEST else b""
    if isinstance(body, aiohttp.MultipartWriter):
        return b"".join(_part_of(part) for part, *_ in body)[:_LARGEST]
    return b""


def _part_of(part: object) -> bytes:
    if not isinstance(part, payload.Payload):
        return b""
    headers = part._binary_headers  # noqa: SLF001 - as they are sent
    return b"--\r\n" + headers + (b"" if b"filename" in headers else _body_of(part)) + b"\r\n--"
