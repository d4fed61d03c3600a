"""The service's web servers: health, media links, the platforms' HTTP endpoints; the operator's own port."""

import asyncio
import errno
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from bot.background import BackgroundLoops
from bot.errors import MediaUnavailable, SettingsError
from bot.i18n import operator_text
from bot.media import Spool
from bot.media.content import EXTENSIONS
from bot.ops.file_response import file_response, unavailable
from bot.ops.http_protocol import limited_protocol, reject_two_lengths
from bot.ops.timing import OpsTiming
from bot.sign_in.address import host_of_this_machine

log = structlog.get_logger(__name__)

_ALIVE = b'{"status":"alive"}'
_TYPES = {f".{extension}": content_type for content_type, extension in EXTENSIONS.items()}


def create_web(*, spool: Spool, status: Sequence[BaseRoute], routes: Sequence[BaseRoute] = ()) -> Starlette:
    """Create the ASGI app of the port that may be open to others.

    `status`: the routes of `bot.ops.status`, open or closed. `routes`: the platforms' endpoints, matched after the
    service's own.

    - `/healthz`: 200 while the process answers at all.
    - `/media/{token}/{name}`: a file by its signed link, else 404.
    """

    async def media(request: Request) -> Response:
        name = request.path_params["name"]
        try:
            file = await spool.open_link(request.path_params["token"], name)
        except MediaUnavailable as exc:
            log.warning("file not sent", reason=str(exc))
            return unavailable()
        if file is None:
            return PlainTextResponse("This link does not work, or does not work any more.\n", status_code=404)
        return file_response(
            request,
            file,
            media_type=_TYPES.get(Path(name).suffix, "application/octet-stream"),
            name=name,
            headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "private", "Referrer-Policy": "no-referrer"},
        )

    return Starlette(routes=[_START, _HEALTH, *status, Route("/media/{token}/{name}", media), *routes])


def create_ops(status: Sequence[BaseRoute]) -> Starlette:
    """Create the ASGI app of the operator's own port: health, and the routes of `bot.ops.status`."""
    return Starlette(routes=[_START, _HEALTH, *status])


async def _healthz(_: Request) -> Response:
    return Response(_ALIVE, media_type="application/json")


async def _start(_: Request) -> Response:
    return PlainTextResponse("This is the web server of a chat bot: /healthz says whether it runs.\n")


_START = Route("/", _start)
_HEALTH = Route("/healthz", _healthz)


async def is_served_by_us(host: str, port: int) -> bool:
    """Whether a service like this one answers on a port."""
    timeout = aiohttp.ClientTimeout(total=OpsTiming().health_check)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as http,
            http.get(f"http://{host_of_this_machine(host)}:{port}/healthz") as reply,
        ):
            return bool(await reply.read() == _ALIVE)
    except (aiohttp.ClientError, TimeoutError):
        return False


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals to the service and reports when it listens."""

    def __init__(self, config: uvicorn.Config, listening: asyncio.Event) -> None:
        super().__init__(config)
        self.servers: list[asyncio.Server] = []
        self._listening = listening

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._listening.set()


class WebServer:
    """Async context manager that serves an app in the running event loop."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        host: str,
        port: int,
        timing: OpsTiming | None = None,
        prefix: str = "BOT",
        loops: BackgroundLoops | None = None,
    ) -> None:
        """`port` 0: a free port, available as the attribute `port` once entered.

        `prefix`: of the settings that say host and port, which errors name. `loops`: run the server, which is started
        again on its port where it fails.
        """
        self._loops = loops or BackgroundLoops()
        self._is_stopping = False
        self._app = app
        self._host = host
        self.port = port
        self._timing = timing or OpsTiming()
        self._prefix = prefix

    async def __aenter__(self) -> Self:
        """Start to listen. Raises `SettingsError` if host and port are not available."""
        self._listener = listen(self._host, self.port, self._prefix)
        self.port = self._listener.getsockname()[1]
        self._listening = asyncio.Event()
        self._task = self._loops.start(f"web server on port {self.port}", self._serve)
        await self._listening.wait()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_stopping = True
        if self._server.started:
            self._server.should_exit = True
        else:  # it failed and is not started again yet
            self._task.cancel()
        await asyncio.wait({self._task})
        self._listener.close()

    async def _serve(self) -> None:
        if self._is_stopping:
            return
        config = uvicorn.Config(
            reject_two_lengths(self._app),
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            ws="none",
            http=limited_protocol(self._timing),
            timeout_graceful_shutdown=self._timing.shutdown,
        )
        self._server = server = _Server(config, self._listening)
        try:
            await server.serve(sockets=[self._listener.dup()])
        finally:
            server.started = False
            for each in server.servers:
                each.close()


def listen(host: str, port: int, prefix: str) -> socket.socket:
    """Listen on a port. Raises `SettingsError`; `prefix` is of the settings that say host and port."""
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            raise SettingsError(operator_text("setting.port_taken", prefix=prefix, port=port, host=host)) from exc
        reason = str(exc.strerror).partition(" (while")[0]
        text = operator_text("setting.port_unusable", prefix=prefix, port=port, host=host, reason=reason)
        raise SettingsError(text) from exc
    # Connections inherit it. asyncio sets it only on sockets that name their protocol, which these do not; without it
    # an answer in two pieces waits for the peer's delayed acknowledgement: 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
