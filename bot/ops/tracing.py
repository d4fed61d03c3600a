"""Traces of requests. Nothing is imported for them and no span is made unless the environment names a collector."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from contextvars import ContextVar
from threading import Thread
from typing import Protocol

import httpx
import structlog

from bot.models import Event, Job
from bot.ports import Sender

log = structlog.get_logger(__name__)


class Trace(Protocol):
    """The trace of one request, over all its tries and processes."""

    def span(self, name: str) -> AbstractContextManager[None]:
        """Time a step."""

    def end(self, outcome: str, figures: Mapping[str, str | int | float]) -> None:
        """End the request's own span, which began when it was received."""


class Tracing(Protocol):
    """Sends traces."""

    def recorded(self, event: Event) -> None:
        """Note that an event is stored."""

    def begin(self, job: Job) -> None:
        """Note that an event is claimed; the trace is `current` in this task from now on."""

    def transport(self, inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        """Return a transport to the AI API that times each try of a call, and tells the API of the trace."""

    def senders(self, adapters: Mapping[str, Sender]) -> Mapping[str, Sender]:
        """Return the adapters so that each step that people see is timed."""


#: Of the request that this task answers; None: it is not traced.
current: ContextVar[Trace | None] = ContextVar("trace", default=None)
_UNTRACED = nullcontext()
_LONGEST_CLOSE = 3.0  # seconds in which the last traces are sent


def span(name: str) -> AbstractContextManager[None]:
    """Time a step of the current request, if it is traced."""
    trace = current.get()
    return _UNTRACED if trace is None else trace.span(name)


@asynccontextmanager
async def open_tracing(environ: Mapping[str, str] = os.environ) -> AsyncIterator[Tracing | None]:
    """Send traces until the end of the block, where OpenTelemetry's own environment variables say where to."""
    is_off = environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or environ.get("OTEL_TRACES_EXPORTER") == "none"
    endpoint = environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    if is_off or not endpoint:
        yield None
        return
    try:
        from bot.ops.otel import OtelTracing
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
