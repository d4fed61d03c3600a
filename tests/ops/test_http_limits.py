"""A client that sends slowly, for ever or ambiguously takes nothing from others."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.ops import http_protocol
from bot.ops.file_limit import raise_file_limit
from bot.ops.timing import OpsTiming
from bot.ops.web import WebServer

TIMING = OpsTiming(request_head=0.4, request_body=0.4, response_unread=0.4)


async def length(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


@pytest.fixture
async def port() -> AsyncIterator[int]:
    app = Starlette(routes=[Route("/", length, methods=["GET", "POST"])])
    async with WebServer(app, host="127.0.0.1", port=0, timing=TIMING) as server:
        yield server.port


async def answer(port: int, *pieces: bytes, pause: float = 0.0) -> bytes:
    """What the server sends until it closes the connection, while `pieces` are sent one after the other.

    Raises `TimeoutError` when it is still open after ten seconds.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def send() -> None:
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)

    sending = asyncio.create_task(send())
    try:
        async with asyncio.timeout(60):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        sending.cancel()
        writer.close()


@pytest.mark.parametrize(
    "pieces",
    [
        [],
        [b"GET / HTTP/1.1\r\nHost: a\r\n"],
        [b"GET / HTTP/1.1\r\n", *[b"X-A: b\r\n"] * 400],
        [b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n", *[b"a"] * 400],
        [b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"1\r\na\r\n"] * 400],
    ],
    ids=["nothing", "half a head", "trickling head", "trickling body", "trickling chunks"],
)
async def test_a_request_that_never_ends_is_closed(port: int, pieces: list[bytes]) -> None:
    """The connection is closed after the time for its part, also while further bytes come in."""
    assert b"200 OK" not in await answer(port, *pieces, pause=0.05)


async def test_a_whole_request_is_answered(port: int) -> None:
    """One that takes its time, but not too much, is answered; so is the next one on the same connection."""
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
    first, second = [head, b"\r\n", b"ab", b"cd"], [head + b"Connection: close\r\n\r\n", b"abcd"]
    assert (await answer(port, *first, *second, pause=0.05)).count(b"200 OK") == 2


async def test_two_lengths_are_refused(port: int) -> None:
    """`Content-Length` beside `Transfer-Encoding` would get past a check of the length."""
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert b" 400 " in await answer(port, head, b"ff\r\n" + b"a" * 255 + b"\r\n0\r\n\r\n")


async def test_an_answer_that_nobody_reads_is_ended() -> None:
    """A client that reads nothing holds a connection for a while, not for ever."""
    ended = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        try:
            for _ in range(200):
                yield b"a" * 100_000
        finally:
            ended.set()

    async def endless(_: Request) -> Response:
        return StreamingResponse(pieces())

    app = Starlette(routes=[Route("/", endless)])
    async with WebServer(app, host="127.0.0.1", port=0, timing=TIMING) as server:
        whole = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        _, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1000)
        writer.write(whole)
        async with asyncio.timeout(60):
            await ended.wait()
        assert len(await answer(server.port, whole)) > 20_000_000  # one that is read arrives
        writer.close()


async def test_the_number_of_connections_is_bounded(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """One too many is closed at once; when others are gone, there is room again."""
    monkeypatch.setattr(http_protocol, "MAX_CONNECTIONS", 2)
    held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
    await asyncio.sleep(0.1)
    whole = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    assert await answer(port, whole) == b""
    for _, writer in held:
        writer.close()
    await asyncio.sleep(0.1)
    assert b"200 OK" in await answer(port, whole)


def test_the_limit_of_open_files_is_raised() -> None:
    """The usual soft limit of 1,024 is not what the service ends at."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, before[1]), before[1]))
        raise_file_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(65_536, before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
