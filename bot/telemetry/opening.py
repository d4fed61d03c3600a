"""Opening what makes traces: for a collector that the environment names, the flight recorder, or both."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from threading import Thread

import httpx
import structlog

from bot.models import Event, Job
from bot.telemetry.tracing import Tracing

log = structlog.get_logger(__name__)

_LONGEST_CLOSE = 3.0  # seconds in which the last traces are sent


class JoinedTracing:
    """Several tracings as one."""

    def __init__(self, tracings: Sequence[Tracing]) -> None:
        self._tracings = tracings

    def recorded(self, event: Event) -> None:
        """See `Tracing`."""
        for tracing in self._tracings:
            tracing.recorded(event)

    def begin(self, job: Job) -> None:
        """See `Tracing`."""
        for tracing in self._tracings:
            tracing.begin(job)

    def transport(self, inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        """See `Tracing`."""
        for tracing in self._tracings:
            inner = tracing.transport(inner)
        return inner


@asynccontextmanager
async def open_tracing(
    recorder: Tracing | None = None, environ: Mapping[str, str] = os.environ
) -> AsyncIterator[Tracing | None]:
    """Make traces until the end of the block: for the recorder, and where OpenTelemetry's variables say so."""
    async with _open_sending(environ) as sending:
        made = [tracing for tracing in (recorder, sending) if tracing is not None]
        yield JoinedTracing(made) if len(made) > 1 else made[0] if made else None


@asynccontextmanager
async def _open_sending(environ: Mapping[str, str]) -> AsyncIterator[Tracing | None]:
    is_off = environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or environ.get("OTEL_TRACES_EXPORTER") == "none"
    endpoint = environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    if is_off or not endpoint:
        yield None
        return
    try:
        from bot.telemetry.otel import OtelTracing  # of an extra
    except ImportError as exc:
        log.warning("no traces are sent: install the extra otel", reason=str(exc))
        yield None
        return
    tracing = OtelTracing(environ)
    try:
        yield tracing
    finally:
        closing = Thread(target=tracing.close, daemon=True)  # sends what is left; a dead collector holds up no restart
        closing.start()
        await asyncio.to_thread(closing.join, _LONGEST_CLOSE)
