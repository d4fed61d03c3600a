"""One HTTP call to the API: its tries, its waits, its deadline, and what becomes of failures."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import dataclass

import httpx

from aimodels import error_mapping, headers, wire
from aimodels.deadline import Deadline
from aimodels.errors import ApiError, DeadlineExceeded, RateLimited, Unreachable
from aimodels.rate_limiter import Budget
from aimodels.sse import EventParser

MAX_TRIES = 5  #: of a call whose connection or server fails; a refusal for the rate limit does not count as a try
_CONNECT_TIMEOUT = 10.0  #: seconds; one try, not the whole call, is lost to an address that does not answer
#: The call's deadline bounds the rest.
_TIMEOUTS = {"timeout": {"connect": _CONNECT_TIMEOUT, "read": None, "write": None, "pool": None}}
_DRAIN = 0.25  #: seconds
_BACKOFF, _MAX_BACKOFF = 0.5, 20.0  #: seconds; doubled with each try

#: Told (seconds, "rate_limit" or "retry") when a call has to wait.
OnWait = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Call:
    """One try of a call to the API, for metrics."""

    endpoint: str  #: without ids
    status: int | None  #: None: there was no answer
    seconds: float
    attempt: int  #: 1 for the first


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf a call is made."""

    person: str = ""
    on_wait: OnWait | None = None

    def told(self, seconds: float) -> None:
        """Report a wait for the rate limit."""
        if self.on_wait:
            self.on_wait(seconds, "rate_limit")


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked."""

    endpoint: str  #: "/chat/completions"; names the call in metrics
    body: bytes | None = None  #: JSON to post; None: a GET
    item: str = ""  #: id under the endpoint, ready for a URL
    max_tries: float = MAX_TRIES


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with a good status."""

    content_type: str
    body: bytes


class Tries:
    """The tries of one call: waits for the budget before each, and decides what follows a failure."""

    def __init__(self, budget: Budget, caller: Caller, deadline: float, max_tries: float) -> None:
        self._budget = budget
        self._caller = caller
        self._max_tries = max_tries
        self._failures = 0
        self._last: ApiError | None = None
        self.deadline = deadline  #: in the event loop's time
        self.attempt = 0

    async def permit(self) -> int:
        """Wait until the call may start. Raises `RateLimited` at once when that is after the deadline."""
        self.attempt += 1
        permit = self._budget.start()
        if permit is not None:
            return permit
        wait = self._budget.opens_in()
        before = self._last
        self._last = before if isinstance(before, RateLimited) else _used_up(wait)
        if wait > self._left():
            raise self._last
        permit = await self._budget.wait(self._caller.person, self._caller.told)
        self._last = before
        return permit

    def heard(self) -> None:
        """The API has begun to answer: what went wrong before no longer explains anything."""
        self._last = None

    async def recover(self, error: ApiError) -> None:
        """Wait until a new try makes sense; raises `error` when it does not."""
        if not error.is_retryable:
            raise error
        self._last = error
        if isinstance(error, RateLimited):
            if self._budget.opens_in() > self._left():
                raise error
            if self._budget.opens_in() > 0:
                return  # `permit` waits, in turn
        self._failures += 1
        ceiling = min(_MAX_BACKOFF, _BACKOFF * 2 ** min(self._failures - 1, 10))
        delay = random.uniform(0, ceiling)  # noqa: S311 (spreads load)
        if self._failures >= self._max_tries or delay > self._left():
            raise error
        if self._caller.on_wait:
            self._caller.on_wait(delay, "retry")
        await asyncio.sleep(delay)

    def time(self) -> Deadline:
        """Bound what is inside by the deadline. Raises what kept the call from an answer, else `DeadlineExceeded`."""
        return Deadline(self.deadline, self._late)

    def _late(self) -> ApiError:
        return self._last or DeadlineExceeded("the API gave no answer within the time allowed")

    def _left(self) -> float:
        return self.deadline - asyncio.get_running_loop().time()


class Calls:
    """The calls of one service: one key, one pool of connections, one budget."""

    def __init__(
        self, *, key: str, base_url: str, http: httpx.AsyncBaseTransport, on_call: Callable[[Call], None] | None
    ) -> None:
        self.budget = Budget()
        self._key = key
        self.base_url = base_url.rstrip("/")
        self._http = http
        self._on_call = on_call
        # Made once: parsing a URL and encoding headers cost more than all else that is ours.
        self._urls: dict[str, httpx.URL] = {}
        self._headers = httpx.Headers(
            {
                "Host": httpx.URL(base_url).netloc.decode("ascii"),
                "Accept": "application/json, text/event-stream",
                "Accept-Encoding": "gzip, deflate",
                "Authorization": f"Bearer {key}",
                "Content-Type": "application/json",
                "User-Agent": "channelmuse",
            }
        )

    async def call(self, request: Request, caller: Caller, deadline: float) -> Reply:
        """Ask until there is an answer with a good status. Raises `ApiError`; cancelling closes the connection."""
        tries = Tries(self.budget, caller, deadline, request.max_tries)
        while True:
            try:
                async with tries.time():
                    permit = await tries.permit()
                    async with self._answer(request, permit, tries.attempt) as response:
                        body = await _body(response)
                        self._check(response, body)
                        return Reply(response.headers.get("content-type", ""), body)
            except ApiError as exc:
                await tries.recover(exc)

    async def stream(
        self, request: Request, caller: Caller, deadline: float, flavor: wire.Flavor
    ) -> AsyncGenerator[wire.ChatDelta, None]:
        """Ask for a streamed chat answer. Tries again only as long as no piece was given out. Raises `ApiError`."""
        tries = Tries(self.budget, caller, deadline, request.max_tries)
        is_given = False
        while True:
            try:
                async with aclosing(self._deltas(request, tries, flavor)) as deltas:
                    async for delta in deltas:
                        is_given = True
                        yield delta
                return  # noqa: TRY300 (the generator's end, not a value)
            except ApiError as exc:
                if is_given:
                    raise
                await tries.recover(exc)

    async def _deltas(
        self, request: Request, tries: Tries, flavor: wire.Flavor
    ) -> AsyncGenerator[wire.ChatDelta, None]:
        async with AsyncExitStack() as stack:
            async with tries.time():
                permit = await tries.permit()
                response = await stack.enter_async_context(self._answer(request, permit, tries.attempt))
            tries.heard()
            if "event-stream" not in response.headers.get("content-type", ""):
                async with tries.time():
                    body = await response.aread()
                self._check(response, body)
                yield whole(wire.read_chat(body, flavor))
                return
            reason = ""
            parser = EventParser()
            chunks = response.aiter_bytes()
            while True:
                async with tries.time():
                    chunk = await anext(chunks, None)
                for event in parser.end() if chunk is None else parser.feed(chunk):
                    if event.strip() == "[DONE]":
                        await _drain(chunks)
                        return
                    delta = wire.read_chunk(event)
                    if isinstance(delta, wire.ChatDelta):
                        reason = reason or delta.finish_reason
                        yield delta
                    elif delta is not None:
                        raise error_mapping.refused(response.status_code, event, key=self._key)
                if chunk is None and not reason:
                    raise Unreachable("the API's streamed answer broke off")
                if chunk is None:
                    return

    @asynccontextmanager
    async def _answer(self, request: Request, permit: int, attempt: int) -> AsyncIterator[httpx.Response]:
        """The answer to one try, its body unread. Reports the try when it ends."""
        status = None
        started = time.monotonic()
        try:
            response = await self._http.handle_async_request(self._build(request))
            try:
                status = response.status_code
                self.budget.answered(permit, status, headers.told(response.headers.raw))
                if status >= httpx.codes.MULTIPLE_CHOICES:
                    raise error_mapping.refused(
                        status, await response.aread(), key=self._key, retry_after=self.budget.opens_in()
                    )
                yield response
            finally:
                await response.aclose()
        except error_mapping.BROKEN as exc:
            raise error_mapping.unreachable(exc, self._key) from exc
        finally:
            if status is None:
                self.budget.abandon(permit)
            if self._on_call:
                self._on_call(Call(request.endpoint, status, time.monotonic() - started, attempt))

    def _build(self, request: Request) -> httpx.Request:
        if request.item:
            url = httpx.URL(f"{self.base_url}{request.endpoint}/{request.item}")
        elif (known := self._urls.get(request.endpoint)) is not None:
            url = known
        else:
            url = self._urls[request.endpoint] = httpx.URL(self.base_url + request.endpoint)
        # Given as a stream, what has all its headers already is not looked through for those that are missing.
        body = httpx.ByteStream(request.body or b"")
        method = "GET" if request.body is None else "POST"
        built = httpx.Request(method, url, headers=self._headers, stream=body, extensions=_TIMEOUTS)
        built.read()
        if request.body is not None:
            built.headers["Content-Length"] = str(len(request.body))
        return built

    def _check(self, response: httpx.Response, body: bytes) -> None:
        if wire.is_refusal(body):
            raise error_mapping.refused(response.status_code, body, key=self._key)


async def _body(response: httpx.Response) -> bytes:
    """The whole body; what httpx would do with each piece of it is needed for a compressed one only."""
    if "content-encoding" in response.headers:
        return await response.aread()
    assert isinstance(response.stream, httpx.AsyncByteStream)
    return b"".join([piece async for piece in response.stream])


def _used_up(wait: float) -> RateLimited:
    return RateLimited("the API's rate limit is used up", retry_after=wait, status=None)


def whole(response: wire.ChatResponse) -> wire.ChatDelta:
    """A whole answer as one piece."""
    choice = response.data.choices[0]
    return wire.ChatDelta(
        choice.message.content, response.data.usage, response.data.model, choice.finish_reason or "stop"
    )


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    """Read the end of a finished answer, so that its connection can serve the next; a moment, not for ever."""
    with suppress(TimeoutError, *error_mapping.BROKEN):
        async with asyncio.timeout(_DRAIN):
            async for _ in chunks:
                pass
