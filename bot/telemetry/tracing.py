"""Traces of requests: sent to a collector that the environment names, kept by the flight recorder, or both.

Without either nothing is imported for them and no span is made.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, nullcontext
from contextvars import ContextVar
from threading import Thread
from typing import Protocol

import httpx
import structlog

from bot.models import Event, Job

log = structlog.get_logger(__name__)


class Trace(Protocol):
    """The trace of one request, over all its tries and processes."""

    def span(self, name: str) -> AbstractContextManager[object]:
        """Time a step."""

    def end(self, outcome: str, figures: Mapping[str, str | int | float]) -> None:
        """End the request's own span, which began when it was received."""


class Tracing(Protocol):
    """Makes traces."""

    def recorded(self, event: Event) -> None:
        """Note that an event is stored."""

    def begin(self, job: Job) -> None:
        """Note that an event is claimed; its trace is among `current` in this task from now on."""

    def transport(self, inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        """Return a transport to the AI API that times each try of a call, and tells the API of the trace."""


#: Of the request that this task answers; empty: it is not traced.
current: ContextVar[tuple[Trace, ...]] = ContextVar("traces", default=())
_UNTRACED = nullcontext()
_LONGEST_CLOSE = 3.0  # seconds in which the last traces are sent


def span(name: str) -> AbstractContextManager[object]:
    """Time a step of the current request, if it is traced."""
    traces = current.get()
    if len(traces) == 1:
        return traces[0].span(name)
    if not traces:
        return _UNTRACED
    spans = ExitStack()
    for trace in traces:
        spans.enter_context(trace.span(name))
    return spans


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
        from bot.telemetry.otel import OtelTracing
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
