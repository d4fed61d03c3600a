"""Endpoints for the operator: whether the service is ready, and its metrics."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.errors import MediaUnavailable, StoreError
from bot.ops.timing import OpsTiming
from bot.ports import EventQueue, Journal, Maintenance
from bot.telemetry.metrics import Metrics, RateLimiter
from bot.values import valueclass

Endpoint = Callable[[Request], Awaitable[Response]]

_READY, _METRICS = "/readyz", "/metrics"
_CLOSED = "This is for the operator: set BOT_OPS_PORT to serve it on a port of its own, or BOT_OPS_TOKEN.\n"
_UNAUTHORIZED = "Send BOT_OPS_TOKEN: the header is Authorization: Bearer TOKEN.\n"


class HasRateLimiter(Protocol):
    """The part of the API client that the metrics read."""

    @property
    def rate_limiter(self) -> RateLimiter:
        """The API's rate limit according to its last response."""


class HasFiles(Protocol):
    """The part of the spool that readiness depends on."""

    async def check(self) -> None:
        """Raise `MediaUnavailable` unless kept files can be read."""


@valueclass(frozen=True, slots=True, kw_only=True)
class StatusEndpoints:
    """The operator's endpoints.

    - `/readyz`: 200 while the service accepts and stores events, i.e. database and platforms work, else 503. A problem
      of the API, the object store or a background loop is reported with status 200: events wait on disk, files are
      tried again, and a loop that failed is started again. The check spends nothing.
    - `/metrics`: metrics in Prometheus' format.
    """

    queue: EventQueue
    journal: Journal
    maintenance: Maintenance
    spool: HasFiles
    api: HasRateLimiter
    metrics: Metrics
    roles: Sequence[str]  #: of this process
    health: Mapping[str, Callable[[], str]]  #: by platform that it receives from: "", or the platform's problem
    failing: Callable[[], Sequence[str]] = tuple  #: the background loops that keep failing
    token: SecretStr | None = None  #: that a request has to have; None: everybody who reaches the port is answered
    timing: OpsTiming = OpsTiming()

    def routes(self) -> list[Route]:
        """Return the routes of both."""
        return [Route(_READY, _guard(self._readyz, self.token)), Route(_METRICS, _guard(self._metrics, self.token))]

    async def _readyz(self, _: Request) -> Response:
        database = await find_problem(self.maintenance.check, self.timing.database_check)
        files = await find_problem(self.spool.check, self.timing.files_check)
        platforms = {name: look() for name, look in self.health.items()}
        problem, loops = self.metrics.api_problem(), ", ".join(self.failing())
        is_ready = not database and not any(platforms.values())
        body = {
            "status": "not ready" if not is_ready else "degraded" if problem or files or loops else "ready",
            "roles": list(self.roles),
            "database": database or "ok",
            "files": files or "ok",
            "api": problem or "ok",
            "loops": f"failing, see the log: {loops}" if loops else "ok",
            "platforms": {name: found or "ok" for name, found in platforms.items()},
        }
        return JSONResponse(body, status_code=200 if is_ready else 503)

    async def _metrics(self, _: Request) -> Response:
        try:
            counts, feedback = await self.queue.counts(), await self.journal.feedback_counts()
        except StoreError as exc:
            return PlainTextResponse(f"{exc}\n", status_code=503)
        text = self.metrics.render(counts, self.api.rate_limiter, feedback)
        return Response(text, media_type=CONTENT_TYPE_LATEST)


def closed_status_routes() -> list[Route]:
    """Return routes that say what the operator has to set, for a port that is open to others."""

    async def closed(_: Request) -> Response:
        return PlainTextResponse(_CLOSED, status_code=404)

    return [Route(_READY, closed), Route(_METRICS, closed)]


def _guard(endpoint: Endpoint, token: SecretStr | None) -> Endpoint:
    if token is None:
        return endpoint
    expected = f"Bearer {token.get_secret_value()}".encode()

    async def guarded(request: Request) -> Response:
        given = request.headers.get("authorization", "").encode("latin-1")
        if not hmac.compare_digest(given, expected):
            return PlainTextResponse(_UNAUTHORIZED, status_code=401, headers={"WWW-Authenticate": "Bearer"})
        return await endpoint(request)

    return guarded


async def find_problem(check: Callable[[], Awaitable[None]], timeout: float) -> str:  # noqa: ASYNC109 - an error is reported instead
    """Return what a check of the database or the files raises, as a sentence; "": nothing.

    Returns in time although the check may go on: a driver whose server is silent takes its time to obey a cancellation.
    """
    checking = asyncio.ensure_future(check())
    checking.add_done_callback(_retrieve)
    await asyncio.wait({checking}, timeout=timeout)
    if not checking.done():
        checking.cancel()
        return f"no answer within {timeout:g} s"
    try:
        checking.result()
    except (StoreError, MediaUnavailable) as exc:
        return str(exc)
    return ""


def _retrieve(checked: asyncio.Future[None]) -> None:
    """Mark an error that comes late as seen."""
    if not checked.cancelled():
        checked.exception()
