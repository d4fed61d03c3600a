"""Records the requests of this process: the newest in memory, and on the disk those of which somebody may want to know.

A thread writes once a second. A request never waits for it and never fails with it. Texts, names and secrets are
removed before anything reaches the disk. A kill loses what was not written yet: the last seconds.
"""

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from dataclasses import dataclass, field
from functools import partial

import httpx
import structlog

from bot.models import Event, Job
from bot.ops.tracing import current
from bot.ports import PlatformCall, receipt
from bot.recorder.api_calls import RecordedApiCall, RecordedTransport
from bot.recorder.files import RecordingFiles
from bot.recorder.redaction import RecordingRedactor
from bot.recorder.requests import RecordedRequest

log = structlog.get_logger(__name__)

#: Requests in memory, at most: the newest, of which all can still be written.
_REQUESTS = 200
#: Seconds after which a request that is not done yet is written as far as it is.
_LONG = 2.0


@dataclass(eq=False, kw_only=True)
class Recorder:
    """See `bot.ops.tracing.Tracing` and `bot.ports.CallRecorder`. Close it to write what is left."""

    files: RecordingFiles
    redactor: RecordingRedactor
    on_failure: Callable[[], None]  #: counts what could not be recorded
    hidden: Collection[str] = ()  #: commands with secrets, of which nothing that was written is kept
    interval: float = 1.0  #: seconds between two writes
    _requests: OrderedDict[str, RecordedRequest] = field(default_factory=OrderedDict)
    _running: dict[RecordedRequest, None] = field(default_factory=dict)
    _changed: dict[RecordedRequest, None] = field(default_factory=dict)
    _timer: asyncio.TimerHandle | None = None
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "recorder"))
    _has_failed: bool = False
    _is_closed: bool = False

    # -- what is recorded

    def recorded(self, event: Event) -> None:
        """See `bot.ops.tracing.Tracing`."""
        request, received = self._find(self.redactor.pseudonym(event.id)), receipt.get()
        payload, at = None, event.received_at.timestamp()
        if received is not None and not received.request:
            received.request, at = request.key, received.at
            payload = None if event.command in self.hidden else received.payload
            for call in received.calls:
                request.add_call("platform call", call)
            received.calls.clear()
        request.add_received(at, event, payload)

    def begin(self, job: Job) -> None:
        """See `bot.ops.tracing.Tracing`."""
        request = self._find(self.redactor.pseudonym(job.event.id))
        request.is_done = False
        current.set((*current.get(), request))
        request.add_step("claimed", time.time(), figures={"attempt": job.attempt})
        if job.attempt > 1:
            request.keep()
        self._running[request] = None
        if self._timer is None:
            self._start_timer()

    def transport(self, inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        """See `bot.ops.tracing.Tracing`."""
        return RecordedTransport(inner, self._begin_api_call)

    def _begin_api_call(self) -> Callable[[RecordedApiCall], None] | None:
        request = _current_request()
        return None if request is None else partial(request.add_call, "api call")

    @property
    def is_recording(self) -> bool:
        """See `bot.ports.CallRecorder`."""
        return receipt.get() is not None or _current_request() is not None

    def add_call(self, call: PlatformCall) -> None:
        """See `bot.ports.CallRecorder`."""
        request, received = _current_request(), receipt.get()
        if request is None and received is not None:
            request = self._requests.get(received.request)
            if not received.request:
                received.calls.append(call)
        if request is not None:
            request.add_call("platform call", call)

    def _find(self, key: str) -> RecordedRequest:
        request = self._requests.get(key)
        if request is None:
            request = self._requests[key] = RecordedRequest(key, self._note)
            if len(self._requests) > _REQUESTS:
                self._requests.popitem(last=False)
        return request

    # -- writing

    def _note(self, request: RecordedRequest) -> None:
        self._changed[request] = None
        if self._timer is None and not self._is_closed:
            self._start_timer()

    def _start_timer(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self.interval, self._start_writing, context=Context())

    def _start_writing(self) -> None:
        self._timer = None
        long_ago = time.time() - _LONG
        for request in list(self._running):
            if request.is_done:
                del self._running[request]
            elif request.began_at < long_ago:
                request.keep()
        due, self._changed = self._changed, {}
        if due:
            asyncio.get_running_loop().run_in_executor(self._thread, self._write, list(due))
        if self._running and self._timer is None:
            self._start_timer()

    async def write(self, event_id: str) -> None:
        """Write a request that is still in memory, and what else is due."""
        request = self._requests.get(self.redactor.pseudonym(event_id))
        if request is not None:
            request.keep()
        due, self._changed = list(self._changed), {}
        await asyncio.get_running_loop().run_in_executor(self._thread, self._write, due)

    def _write(self, requests: Collection[RecordedRequest]) -> None:
        """Write requests; runs in the recorder's thread."""
        lines = []
        for request in requests:
            try:
                entries = request.take(self.redactor)
                if entries:
                    lines.append(json.dumps([request.key, entries], separators=(",", ":")).encode())
            except Exception as exc:  # noqa: BLE001 - foreign data of any form: nothing of it may fail a request
                self._fail(type(exc).__name__)
        try:
            if lines:
                self.files.append(lines)
        except OSError as exc:
            self._fail(str(exc))

    def _fail(self, reason: str) -> None:
        self.on_failure()
        if not self._has_failed:
            self._has_failed = True
            log.warning("not recorded; further failures are only counted", reason=reason)

    def close(self) -> None:
        """Write what is left; blocks."""
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._thread.shutdown()
        for request in self._running:
            if not request.is_done:
                request.keep()
        self._write(list(self._changed))


def _current_request() -> RecordedRequest | None:
    for trace in current.get():
        if isinstance(trace, RecordedRequest):
            return trace
    return None
