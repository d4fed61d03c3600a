"""Hands the HTTP requests to a platform to the flight recorder: a middleware for the sessions of all platforms."""

import asyncio
import time
from functools import partial

import aiohttp
from aiohttp import ClientHandlerType, ClientMiddlewareType, ClientRequest, ClientResponse, payload

from bot.ports import LOWEST_ERROR_STATUS, CallRecorder, PlatformCall

#: Bytes of a body that is kept.
_LARGEST = 65_536


def record_calls(recorder: CallRecorder) -> ClientMiddlewareType:
    """Return a middleware that records the calls made for requests."""

    async def call(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        record = recorder.begin_call()
        if record is None:
            return await handler(request)
        made = PlatformCall(request.method, request.url, time.time(), _body_of(request._body))  # noqa: SLF001 - its own accessor is a function more
        try:
            response = await handler(request)
        except BaseException as exc:
            is_from_network = isinstance(exc, aiohttp.ClientError | OSError | asyncio.CancelledError)
            made.is_sent = is_from_network and not isinstance(exc, aiohttp.ClientConnectorError)
            made.error, made.ended = type(exc).__name__, time.time()
            record(made)
            raise
        made.status, made.ended = response.status, time.time()
        if response.status >= LOWEST_ERROR_STATUS:
            made.retry_after = response.headers.get("Retry-After", "")
        if "json" in response.headers.get("Content-Type", ""):  # a file's content is not kept
            made.read_answer = partial(_answer_of, response)
        record(made)
        return response

    return call


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


def _answer_of(response: ClientResponse) -> bytes:
    return (response._body or b"")[:_LARGEST]  # noqa: SLF001 - read by the caller; what returns it is a coroutine
