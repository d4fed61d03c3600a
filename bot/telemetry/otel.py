"""Traces by OpenTelemetry. Needs the extra `otel`; imported only where traces are sent."""

import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

import httpx
from opentelemetry import trace as api
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision

from bot import __version__
from bot.models import Event, Job
from bot.ports import LOWEST_ERROR_STATUS
from bot.telemetry.tracing import current

_ERROR = api.StatusCode.ERROR


class _Ids(RandomIdGenerator):
    """Random ids, but for the span of a request: every try in every process knows its ids."""

    given: tuple[int, int] | None = None  #: of the trace and the span that is made next

    def generate_trace_id(self) -> int:
        return super().generate_trace_id() if self.given is None else self.given[0]

    def generate_span_id(self) -> int:
        return super().generate_span_id() if self.given is None else self.given[1]


class OtelTrace:
    """See `bot.telemetry.tracing.Trace`."""

    def __init__(self, tracer: api.Tracer, ids: _Ids, event: Event, given: tuple[int, int]) -> None:
        self._tracer = tracer
        self._ids = ids
        self._event = event
        self._given = given
        request = api.SpanContext(*given, is_remote=True, trace_flags=api.TraceFlags(api.TraceFlags.SAMPLED))
        self._context = api.set_span_in_context(api.NonRecordingSpan(request), Context())

    def start(self, name: str, kind: api.SpanKind = api.SpanKind.INTERNAL) -> api.Span:
        """Begin a step."""
        return self._tracer.start_span(name, context=self._context, kind=kind)

    def since_receipt(self, name: str, attempt: int = 1) -> None:
        """Add a step that began when the event was received and has ended."""
        began = _nanoseconds(self._event.received_at)
        self._tracer.start_span(name, self._context, attributes={"attempt": attempt}, start_time=began).end()

    @contextmanager
    def span(self, name: str) -> Iterator[None]:
        """See `bot.telemetry.tracing.Trace`."""
        step = self.start(name)
        try:
            yield
        except BaseException as exc:
            step.set_status(_ERROR, type(exc).__name__)
            raise
        finally:
            step.end()

    def end(self, outcome: str, figures: Mapping[str, str | int | float]) -> None:
        """See `bot.telemetry.tracing.Trace`."""
        event = self._event
        self._ids.given = self._given
        try:
            request = self._tracer.start_span(
                event.command, Context(), api.SpanKind.CONSUMER, start_time=_nanoseconds(event.received_at)
            )
        finally:
            self._ids.given = None
        request.set_attributes({"event_id": event.id, "adapter": event.adapter, "outcome": outcome, **figures})
        if outcome in {"failed", "undelivered"}:
            request.set_status(_ERROR, outcome)
        request.end()


class OtelTracing:
    """See `bot.telemetry.tracing.Tracing`. Exporter, sampler and limits follow the environment variables `OTEL_…`."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        named = environ.get("OTEL_SERVICE_NAME") or "service.name=" in environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
        own = {"service.version": __version__} | ({} if named else {"service.name": "channelmuse"})
        self._ids = _Ids()
        self._provider = TracerProvider(resource=Resource.create(own), id_generator=self._ids, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("channelmuse", __version__)

    def close(self) -> None:
        """Send what is left; blocks."""
        self._provider.shutdown()

    def recorded(self, event: Event) -> None:
        """See `bot.telemetry.tracing.Tracing`."""
        if (trace := self._trace(event)) is not None:
            trace.since_receipt("record")

    def begin(self, job: Job) -> None:
        """See `bot.telemetry.tracing.Tracing`."""
        trace = self._trace(job.event)
        if trace is not None:
            current.set((*current.get(), trace))
            trace.since_receipt("wait", job.attempt)

    def transport(self, inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        """See `bot.telemetry.tracing.Tracing`."""
        return _Transport(inner)

    def _trace(self, event: Event) -> OtelTrace | None:
        digest = hashlib.sha256(f"{event.adapter}\0{event.id}".encode("utf-8", "surrogatepass")).digest()
        given = int.from_bytes(digest[:16]), int.from_bytes(digest[16:24])
        sampled = (
            self._provider.sampler.should_sample(None, given[0], event.command).decision is Decision.RECORD_AND_SAMPLE
        )
        return OtelTrace(self._tracer, self._ids, event, given) if sampled else None


class _Transport(httpx.AsyncBaseTransport):
    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        trace = next((one for one in current.get() if isinstance(one, OtelTrace)), None)
        if trace is None:
            return await self._inner.handle_async_request(request)
        call = trace.start("api call", api.SpanKind.CLIENT)
        context = call.get_span_context()
        request.headers["traceparent"] = f"00-{context.trace_id:032x}-{context.span_id:016x}-01"
        call.set_attributes(
            {"http.request.method": request.method, "server.address": request.url.host, "url.path": request.url.path}
        )
        try:
            response = await self._inner.handle_async_request(request)
        except BaseException as exc:
            call.set_status(_ERROR, type(exc).__name__)
            call.end()
            raise
        call.set_attribute("http.response.status_code", response.status_code)
        if response.status_code >= LOWEST_ERROR_STATUS:
            call.set_status(_ERROR)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Body(response.stream, call)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Body(httpx.AsyncByteStream):
    """The body of an answer: its call ends with it."""

    def __init__(self, inner: httpx.AsyncByteStream, call: api.Span) -> None:
        self._inner = inner
        self._call = call

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._inner:
            yield piece

    async def aclose(self) -> None:
        self._call.end()
        await self._inner.aclose()


def _nanoseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000) * 1000
