"""Traces: one a request, over its tries, sent to a collector; the API is told of it."""

from pathlib import Path

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.support.scripted_api import failure
from tests.support.service import quiet_logs, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


class Collector:
    """An OTLP/HTTP collector."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.services: set[str] = set()

    async def handle(self, request: web.Request) -> web.Response:
        for resource in ExportTraceServiceRequest.FromString(await request.read()).resource_spans:
            names = [one.value.string_value for one in resource.resource.attributes if one.key == "service.name"]
            self.services.update(names)
            self.spans += [span for scope in resource.scope_spans for span in scope.spans]
        return web.Response(content_type="application/x-protobuf")

    def trace_of(self, event: str) -> dict[str, list[Span]]:
        """The spans of a request by their names; the request's own is the first."""
        [root] = [span for span in self.spans if attributes(span).get("event_id") == event]
        steps = [span for span in self.spans if span.trace_id == root.trace_id and span is not root]
        assert {span.parent_span_id for span in steps} == {root.span_id}
        found = {"": [root]}
        for span in sorted(steps, key=lambda span: span.start_time_unix_nano):
            assert root.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano
            assert span.end_time_unix_nano <= root.end_time_unix_nano
            found.setdefault(span.name, []).append(span)
        return found


def attributes(span: Span) -> dict[str, str | int | float]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}


async def test_a_request_is_one_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Recorded, claimed, each API call, commit, each delivery, done; no words. A call tells the API its span."""
    collector = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", collector.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{runner.addresses[0][1]}")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "our-bot")
    try:
        async with service(tmp_path) as one:
            one.echo.instead = [failure(500)]
            one.channel.faults = {"finish": [429]}
            asked = await one.channel.ask("my secret diagnosis")
            await one.channel.wait_for_answers(asked)
            one.echo.instead = [failure(401)]
            failed = await one.channel.ask("fails")
            await one.channel.wait_for_answers(failed)
            await one.core.worker.drain()
    finally:
        await runner.cleanup()
    found = collector.trace_of(asked)
    assert collector.services == {"our-bot"}
    assert {name: len(spans) for name, spans in found.items() if name not in {"draft.status", "draft.write"}} == {
        "": 1,
        "record": 1,
        "wait": 2,
        "draft": 2,
        "api call": 2,
        "commit": 1,
        "draft.finish": 2,
    }
    [request] = found[""]
    assert (request.name, attributes(request)["outcome"], attributes(request)["models"]) == (
        "chat",
        "answered",
        "gpt-4-turbo",
    )
    assert [attributes(span)["attempt"] for span in found["wait"]] == [1, 2]
    assert [attributes(span)["http.response.status_code"] for span in found["api call"]] == [500, 200]
    assert [span.status.code for span in found["api call"]] == [2, 0]
    assert [span.status.message for span in found["draft.finish"]] == ["DeliveryDelayed", ""]
    sent = [received.headers["traceparent"] for received in one.api.requests if received.path.endswith("/completions")]
    assert sent[:2] == [f"00-{span.trace_id.hex()}-{span.span_id.hex()}-01" for span in found["api call"]]
    [request] = collector.trace_of(failed)[""]
    assert (attributes(request)["outcome"], request.status.code) == ("failed", 2)
    assert request.trace_id != found[""][0].trace_id
    assert "diagnosis" not in str(collector.spans)
