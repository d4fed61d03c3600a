"""The service's web server: health, metrics, media links, and the platforms' HTTP endpoints."""

import asyncio
import errno
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol, Self

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from bot.errors import SettingsError, StoreError
from bot.i18n import operator_text
from bot.media import Spool
from bot.media.content import EXTENSIONS
from bot.ops.http_protocol import limited_protocol, reject_two_lengths
from bot.ops.metrics import Metrics, RateLimiter
from bot.ops.timing import OpsTiming
from bot.ports import EventQueue, Maintenance

_TYPES = {f".{extension}": content_type for content_type, extension in EXTENSIONS.items()}


class HasRateLimiter(Protocol):
    """The part of the API client that the metrics read."""

    @property
    def rate_limiter(self) -> RateLimiter:
        """The API's rate limit according to its last response."""


def create_web(
    *,
    queue: EventQueue,
    maintenance: Maintenance,
    api: HasRateLimiter,
    spool: Spool,
    metrics: Metrics,
    health: Mapping[str, Callable[[], str]],
    routes: Sequence[BaseRoute] = (),
    timing: OpsTiming | None = None,
) -> Starlette:
    """Create the ASGI app.

    `health`: by platform, a function that returns "" or the platform's problem. `routes`: the platforms' endpoints,
    matched after the service's own.

    - `/healthz`: 200 while the process answers at all.
    - `/readyz`: 200 while the service accepts and stores events, i.e. database and platforms work, else 503. A problem
      of the API is reported with status 200, as events wait on disk meanwhile. The check spends nothing.
    - `/metrics`: metrics in Prometheus' format.
    - `/media/{token}/{name}`: a file by its signed link, else 404.
    """
    database_check = (timing or OpsTiming()).database_check

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(_: Request) -> Response:
        database = await _find_database_problem(maintenance, database_check)
        platforms = {name: find_problem() for name, find_problem in health.items()}
        problem = metrics.api_problem()
        is_ready = not database and not any(platforms.values())
        body = {
            "status": "not ready" if not is_ready else "degraded" if problem else "ready",
            "database": database or "ok",
            "api": problem or "ok",
            "platforms": {name: found or "ok" for name, found in platforms.items()},
        }
        return JSONResponse(body, status_code=200 if is_ready else 503)

    async def show_metrics(_: Request) -> Response:
        try:
            counts = await queue.counts()
        except StoreError as exc:
            return PlainTextResponse(f"{exc}\n", status_code=503)
        return Response(metrics.render(counts, api.rate_limiter), media_type=CONTENT_TYPE_LATEST)

    async def media(request: Request) -> Response:
        name = request.path_params["name"]
        path = await asyncio.to_thread(spool.resolve, request.path_params["token"], name)
        if path is None:
            return PlainTextResponse("This link does not work, or does not work any more.\n", status_code=404)
        return FileResponse(
            path,
            media_type=_TYPES.get(path.suffix, "application/octet-stream"),
            filename=name,
            content_disposition_type="attachment",
            headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "private", "Referrer-Policy": "no-referrer"},
        )

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", show_metrics),
            Route("/media/{token}/{name}", media),
            *routes,
        ]
    )


async def _find_database_problem(maintenance: Maintenance, timeout: float) -> str:  # noqa: ASYNC109 - an error is reported instead
    try:
        async with asyncio.timeout(timeout):
            await maintenance.check()
    except StoreError as exc:
        return str(exc)
    except TimeoutError:
        return f"no answer within {timeout:g} s"
    return ""


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals to the service and reports when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


class WebServer:
    """Async context manager that serves an app in the running event loop."""

    def __init__(self, app: ASGIApp, *, host: str, port: int, timing: OpsTiming | None = None) -> None:
        """`port` 0: a free port, available as the attribute `port` once entered."""
        self._app = app
        self._host = host
        self.port = port
        self._timing = timing or OpsTiming()

    async def __aenter__(self) -> Self:
        """Start to listen. Raises `SettingsError` if host and port are not available."""
        listener = _bind(self._host, self.port)
        self.port = listener.getsockname()[1]
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
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]), name="web server")
        listening = asyncio.create_task(self._server.listening.wait())
        await asyncio.wait({self._task, listening}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        if self._task.done():
            self._task.result()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        await self._task


def _bind(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            raise SettingsError(operator_text("setting.port_taken", port=port, host=host)) from exc
        reason = str(exc.strerror).partition(" (while")[0]
        raise SettingsError(operator_text("setting.port_unusable", port=port, host=host, reason=reason)) from exc
