"""Records the requests of this process: the newest in memory, and on the disk those of which somebody may want to know.

A thread writes twice a second where there is something to write. A request never waits for it and never fails with it.
Texts, names and secrets are removed from what is filed. A kill loses the last second: what was known before is in a
file of its own, see `InFlight`.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, Protocol, runtime_checkable

import httpx
import structlog

from aimodels.exchange import Exchange
from bot.models import Event, Job
from bot.ports import LOWEST_ERROR_STATUS, receipt
from bot.recorder.entries import PLATFORM, RECEIVED
from bot.recorder.files import RecordingFiles
from bot.recorder.in_flight import InFlight
from bot.recorder.recordings import Recording, read_recording
from bot.recorder.redaction import RecordingRedactor
from bot.recorder.requests import InMemory, Part, RecordedRequest, describe, pack, pack_value, unpack
from bot.telemetry.tracing import current

log = structlog.get_logger(__name__)


@runtime_checkable
class _Reporting(Protocol):
    """A transport that reports each request when it ends."""

    on_exchange: Callable[[Exchange], None] | None


#: A request, and what is to be written of it.
Due = tuple[RecordedRequest, Part]

#: Requests in memory, at most: the newest, of which all can still be written.
_REQUESTS = 100
#: Bytes of what was sent and answered in memory, of all requests.
_BYTES = 32_000_000
#: Seconds after which a request that is still being answered is written as far as it is.
_LONG = 30.0
#: Seconds for which other processes find what was received here, at least.
_ELSEWHERE = 60.0


@dataclass(eq=False, kw_only=True)
class Recorder:
    """See `bot.telemetry.tracing.Tracing` and `bot.ports.CallRecorder`. Close it to write what is left."""

    #: The request that the present task answers.
    answered: ClassVar[ContextVar[RecordedRequest | None]] = ContextVar("answered", default=None)

    files: RecordingFiles
    in_flight: InFlight
    redactor: RecordingRedactor
    on_failure: Callable[[], None]  #: counts what could not be recorded
    hidden: Collection[str] = ()  #: commands with secrets, of which nothing that was written is kept
    largest: int = _BYTES  #: bytes in memory, of all requests but the newest
    interval: float = 0.5  #: seconds between two writes; a request is in the file of this process at the second
    _requests: OrderedDict[str, RecordedRequest] = field(default_factory=OrderedDict)
    _waiting: dict[RecordedRequest, float] = field(default_factory=dict)  #: received here, not claimed here; since when
    _filed: set[str] = field(default_factory=set)  #: ids of those in the file of this process
    _looks_for_left: bool = True  #: look for what killed processes have left
    _timer: asyncio.TimerHandle | None = None
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "recorder"))
    _has_failed: bool = False
    _is_closed: bool = False

    def __post_init__(self) -> None:
        self._in_memory = InMemory(self._watch)
        self._running = self._in_memory.running

    # -- what is recorded

    def recorded(self, event: Event) -> None:
        """See `bot.telemetry.tracing.Tracing`."""
        request, received = self._requests.get(event.id) or self._add(event), receipt.get()
        payload: str | bytes | None = None
        name = action = ""
        if received is None or received.find_log is not None:
            at = event.received_at.timestamp()
        else:
            received.find_log, at = partial(self._requests.get, event.id), received.at
            if event.command in self.hidden or received.payload is None:
                pass
            elif isinstance(received.payload, tuple):
                payload, name = received.payload
            else:  # it may change, and would be in the way of garbage collections
                payload = pack_value(received.payload)
            received.payload = None  # timers that were started meanwhile would keep it
            request.before, action = received.pressed
            for began, ended, status, error, read in received.calls:
                request.entries.append((began, ended, PLATFORM, error, read))
                request.is_kept = request.is_kept or bool(error) or status >= LOWEST_ERROR_STATUS
        said = event.prompt if payload else ""
        about = (event.command, event.actor.locale, payload, name, request.before, action, said)
        request.entries += ((at, 0.0, RECEIVED, "", about), (time.time(), 0.0, "recorded", "", None))
        request.was_received = True
        if request not in self._running:
            self._waiting[request] = at
        if self._timer is None:
            self._start_timer()

    def begin(self, job: Job) -> None:
        """See `bot.telemetry.tracing.Tracing`."""
        request = self._requests.get(job.event.id) or self._add(job.event)
        current.set((*current.get(), request))
        self.answered.set(request)
        now = self._running[request] = time.time()
        request.is_running = True
        request.entries.append((now, 0.0, "claimed", "", (("attempt", job.attempt),)))
        self._waiting.pop(request, None)
        if job.attempt > 1:
            request.is_kept = True
            self._looks_for_left = True
        if self._timer is None:
            self._start_timer()

    def transport(self, inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        """See `bot.telemetry.tracing.Tracing`."""
        assert isinstance(inner, _Reporting), "the client's own transport is wrapped last"
        inner.on_exchange = self._add_exchange
        return inner

    def _add_exchange(self, exchange: Exchange) -> None:
        request = self.answered.get()
        if request is not None:
            request.add_exchange(exchange)

    def _watch(self, request: RecordedRequest) -> None:
        """Look at a request soon to which something has happened while it was not answered."""
        self._running.setdefault(request, time.time())
        if self._timer is None:
            self._start_timer()

    @property
    def held(self) -> int:
        """Bytes in memory, of what was sent and answered."""
        return sum(request.held for request in self._requests.values())

    def _add(self, event: Event) -> RecordedRequest:
        request = self._requests[event.id] = RecordedRequest(event, self._in_memory)
        if len(self._requests) > _REQUESTS:
            self._requests.popitem(last=False)
        if self._in_memory.held > self.largest:
            self._make_room()
        return request

    def _make_room(self) -> None:
        """Drop the oldest requests beyond the limit; it is seldom looked for, as to sum up all of them takes long."""
        held = self.held
        while len(self._requests) > 1 and held > self.largest:
            held -= self._requests.popitem(last=False)[1].held
        self._in_memory.held = held

    # -- writing

    def _start_timer(self) -> None:
        if not self._is_closed:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self.interval, self._start_writing, context=Context())

    def _start_writing(self) -> None:
        self._timer = None
        now = time.time()
        kept = self._find_kept()
        for request, since in list(self._running.items()):
            if not request.is_running:
                request.settle()
                del self._running[request]
            elif since < now - _LONG:
                request.is_kept = True  # and written the next time
        for request, since in list(self._waiting.items()):
            if since < now - _ELSEWHERE or request.event not in self._requests:
                del self._waiting[request]
        due = self._take(kept)
        unfinished = [request for request in (*self._running, *self._waiting) if not request.is_kept]
        new = [part for request in unfinished if (part := request.take_new()) is not None]
        filed = {request.event for request in unfinished if request.is_filed}
        if due or new or filed != self._filed or self._looks_for_left:
            self._filed = filed
            asyncio.get_running_loop().run_in_executor(self._thread, self._write_all, due, new, filed)
        if (self._running or self._waiting) and self._timer is None:
            self._start_timer()

    def _find_kept(self) -> list[RecordedRequest]:
        """Return the requests that are to be written, of those that may have changed."""
        return [request for request in (*self._running, *self._waiting) if request.is_kept]

    def _take(self, requests: Iterable[RecordedRequest]) -> list[Due]:
        """Return what is to be written; with a button that was pressed goes the request that it belongs to."""
        found = []
        for request in requests:
            before = self._requests.get(request.before)
            if before is not None and not before.is_kept:
                before.is_kept = True
                found += self._take([before])
            part = request.take()
            if part is not None:
                found.append((request, part))
        return found

    async def find(self, event_id: str, *, since: float = 0.0) -> Recording | None:
        """Return all that is known of a request, by this process and others; None: nothing. Raises `OSError`.

        `since`: when it came in, in seconds since the epoch.
        """
        await self.write(event_id)
        return await asyncio.to_thread(read_recording, self.files, self.redactor.pseudonym(event_id), since)

    def drop(self, person: str) -> None:
        """Drop from memory what a person asked, who is to be erased. `person`: as the redactor names them."""
        for key, request in list(self._requests.items()):
            if self.redactor.person(*request.sender) == person:
                del self._requests[key]
                self._running.pop(request, None)
                self._waiting.pop(request, None)
                request.forget()

    async def write(self, event_id: str) -> None:
        """Write a request that is still in memory, and what else is due."""
        self._looks_for_left = True
        request = self._requests.get(event_id)
        if request is not None:
            request.is_kept = True
        kept = self._find_kept()
        due = self._take([*kept, request] if request is not None else kept)
        await asyncio.get_running_loop().run_in_executor(self._thread, self._write, due)

    def _write_all(self, due: Collection[Due], new: Collection[Part], unfinished: Collection[str]) -> None:
        """Write requests, and what other processes may need; runs in the recorder's thread."""
        self._write(due)
        packed = {part.event: pack(part) for part in new}
        try:
            self.in_flight.write(packed, unfinished)
        except OSError as exc:
            self._fail(str(exc))

    def _write(self, due: Collection[Due]) -> None:
        """Write requests; runs in the recorder's thread."""
        lines = []
        for part in (*(part for _, part in due), *self._find_elsewhere([request for request, _ in due])):
            try:
                lines.append(describe(part, self.redactor))
            except Exception as exc:  # noqa: BLE001 - foreign data of any form: nothing of it may fail a request
                self._fail(type(exc).__name__)
        try:
            if lines:
                self.files.append(lines)
        except OSError as exc:
            self._fail(str(exc))

    def _find_elsewhere(self, requests: Collection[RecordedRequest]) -> list[Part]:
        """Return what killed processes have left, and what others have received of requests that are answered here."""
        found = []
        try:
            if self._looks_for_left:
                self._looks_for_left = False
                found = list(self.in_flight.recover())
            for request in requests:
                if not request.was_received and (other := self.in_flight.find(request.event)):
                    request.was_received = True
                    found += other
        except OSError as exc:
            self._fail(str(exc))
        return [unpack(part) for part in found]

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
            request.is_kept = request.is_kept or request.is_running
        self._write(self._take(self._find_kept()))
        self.in_flight.close()
