"""One request to the API: tries, waits, deadline and the translation of failures."""

import asyncio
import math
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import dataclass

import httpx

from aimodels import error_mapping, parsing, reference
from aimodels.errors import ApiError, DeadlineExceeded, RateLimited, Unreachable
from aimodels.rate_limiter import RateLimiter
from aimodels.responses import ChatDelta, ChatResponse, Flavor
from aimodels.timing import Deadline, Timing
from aimodels.transport import Body, build_request, read_body, read_pieces, read_start
from aimodels.wire import headers
from aimodels.wire.sse import EventParser

MAX_TRIES = 5  #: of a request whose connection or server fails; a 429 does not count
MAX_TEXT_ANSWER = 16_000_000  #: bytes of a chat or code answer, unpacked
MAX_MEDIA_ANSWER = 280_000_000  #: bytes of any other answer, which may have a file of 200 MB in base64

#: Called with the seconds and the reason ("rate_limit" or "retry") when a call has to wait.
OnWait = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Call:
    """One try of a request, reported to `on_call` for metrics."""

    endpoint: str  #: without ids
    status: int | None  #: None: there was no answer
    seconds: float
    attempt: int  #: 1 for the first


@dataclass(frozen=True, slots=True)
class Caller:
    """The person on whose behalf a call is made: waiting calls are served in turn between callers."""

    name: str = ""
    on_wait: OnWait | None = None
    #: called with True before a request is posted, and with False when the API refuses it or can't be reached
    on_post: Callable[[bool], None] | None = None
    before_post: Callable[[], Awaitable[None]] | None = None  #: called before each try of a request is posted
    longest_wait: float = math.inf  #: seconds that a call waits for the rate limit, at most
    limiter: RateLimiter | None = None  #: of the calls; None: the one that all callers share

    def report_post(self, is_pending: bool) -> None:
        """Report that a request is about to be posted, or was refused."""
        if self.on_post:
            self.on_post(is_pending)

    def report_rate_limit(self, seconds: float) -> None:
        """Report a wait for the rate limit."""
        if self.on_wait:
            self.on_wait(seconds, "rate_limit")


@dataclass(frozen=True, slots=True)
class Request:
    """A request that can be sent several times."""

    endpoint: str  #: such as "/chat/completions"; names the call in metrics
    body: Body | None = None  #: to post
    content_type: str = "application/json"  #: of the body
    item: str = ""  #: id under the endpoint, ready for a URL
    is_deletion: bool = False
    max_tries: float = MAX_TRIES

    @property
    def method(self) -> str:
        """The HTTP method."""
        return "DELETE" if self.is_deletion else "GET" if self.body is None else "POST"

    @property
    def max_answer(self) -> int:
        """Bytes that the answer may have."""
        is_text = self.endpoint in {reference.CHAT_ENDPOINT, reference.CODE_ENDPOINT}
        return MAX_TEXT_ANSWER if is_text else MAX_MEDIA_ANSWER


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with a good status."""

    content_type: str
    body: bytes
    is_sandbox: bool = False  #: the offline sandbox says so, of a file whose answer can't say it


class RetryState:
    """State of one request's retries: waits for the rate limiter before each try and decides what follows a failure."""

    def __init__(self, limiter: RateLimiter, caller: Caller, deadline: float, max_tries: float, timing: Timing) -> None:
        self._limiter = limiter
        self.caller = caller
        self._timing = timing
        self._max_tries = max_tries
        self._failures = 0
        self._last: ApiError | None = None
        self.deadline = deadline  #: event loop time
        self.attempt = 0

    async def acquire(self) -> int:
        """Wait for a permit to start the call. Raises `RateLimited` at once if none can come before the deadline."""
        self.attempt += 1
        permit = self._limiter.try_acquire()
        if permit is not None:
            return permit
        wait = self._limiter.opens_in()
        before = self._last
        self._last = before if isinstance(before, RateLimited) else _used_up(wait)
        if wait > self._patience():
            raise self._last
        permit = await self._limiter.acquire(self.caller.name, self.caller.report_rate_limit)
        self._last = before
        return permit

    def answer_started(self) -> None:
        """Forget earlier failures: the API has begun to answer, so that they no longer explain a timeout."""
        self._last = None

    async def recover(self, error: ApiError) -> None:
        """Wait until another try makes sense. Raises `error` when none does."""
        if not error.is_retryable:
            raise error
        self._last = error
        if isinstance(error, RateLimited):
            if self._limiter.opens_in() > self._patience():
                raise error
            if self._limiter.opens_in() > 0:
                return  # `acquire` waits, in turn
        self._failures += 1
        ceiling = min(self._timing.max_backoff, self._timing.first_backoff * 2 ** min(self._failures - 1, 10))
        delay = random.uniform(0, ceiling)  # noqa: S311 (spreads load)
        if self._failures >= self._max_tries or delay > self._left():
            raise error
        if self.caller.on_wait:
            self.caller.on_wait(delay, "retry")
        await asyncio.sleep(delay)

    def within_deadline(self) -> Deadline:
        """Bound an `async with` block by the deadline. Raises the last failure, else `DeadlineExceeded`."""
        return Deadline(self.deadline, self._timeout_error)

    def _timeout_error(self) -> ApiError:
        return self._last or DeadlineExceeded("the API gave no answer within the time allowed")

    def _patience(self) -> float:
        """Return for how many seconds the call may wait for the rate limit."""
        return min(self._left(), self.caller.longest_wait)

    def _left(self) -> float:
        return self.deadline - asyncio.get_running_loop().time()


class ApiSession:
    """Sends requests with one API key over one connection pool, through one rate limiter."""

    def __init__(
        self,
        *,
        key: str,
        base_url: str,
        http: httpx.AsyncBaseTransport,
        on_call: Callable[[Call], None] | None,
        timing: Timing,
    ) -> None:
        self.rate_limiter = RateLimiter()
        self._limiters: dict[str, RateLimiter] = {}  # besides the shared one
        self._key = key
        self.base_url = base_url.rstrip("/")
        self._http = http
        self._on_call = on_call
        self.timing = timing
        # The call's deadline bounds everything but the connection.
        self._timeouts = {"timeout": {"connect": timing.connect, "read": None, "write": None, "pool": None}}
        # Made once: parsing a URL and encoding headers cost more than all else that is ours.
        self._urls: dict[str, httpx.URL] = {}
        self._headers = httpx.Headers(
            {
                "Host": httpx.URL(base_url).netloc.decode("ascii"),
                "Accept": "application/json, text/event-stream",
                "Accept-Encoding": "gzip, deflate",
                "Authorization": f"Bearer {key}",
                "Content-Type": "application/json",
                "User-Agent": "aimodels-sdk",
            }
        )

    def limiter_of(self, name: str) -> RateLimiter:
        """Return the rate limiter of that name; "": the one that all callers share."""
        return self._limiters.setdefault(name, RateLimiter()) if name else self.rate_limiter

    async def send(self, request: Request, caller: Caller, deadline: float) -> Reply:
        """Send until an answer has a good status. Raises `ApiError`; cancelling closes the connection."""
        retries = RetryState(caller.limiter or self.rate_limiter, caller, deadline, request.max_tries, self.timing)
        while True:
            try:
                async with retries.within_deadline():
                    permit = await retries.acquire()
                    async with self._answer(request, permit, retries.attempt, caller) as (response, found):
                        body = await read_body(read_pieces(response, found), request.max_answer)
                        self._check(response, body)
                        return Reply(found.get("content-type", ""), body, is_sandbox="x-sandbox" in found)
            except ApiError as exc:
                await retries.recover(exc)

    async def stream(
        self, request: Request, caller: Caller, deadline: float, flavor: Flavor
    ) -> AsyncGenerator[ChatDelta, None]:
        """Stream a chat answer. Retries only until the first piece was yielded. Raises `ApiError`."""
        retries = RetryState(caller.limiter or self.rate_limiter, caller, deadline, request.max_tries, self.timing)
        has_yielded = False
        while True:
            try:
                async with aclosing(self._deltas(request, retries, flavor)) as deltas:
                    async for delta in deltas:
                        has_yielded = True
                        yield delta
                return  # noqa: TRY300 (the generator's end, not a value)
            except ApiError as exc:
                if has_yielded:
                    raise
                await retries.recover(exc)

    async def _deltas(self, request: Request, retries: RetryState, flavor: Flavor) -> AsyncGenerator[ChatDelta, None]:
        async with AsyncExitStack() as stack:
            async with retries.within_deadline():
                permit = await retries.acquire()
                answer = self._answer(request, permit, retries.attempt, retries.caller)
                response, found = await stack.enter_async_context(answer)
            retries.answer_started()
            chunks = read_pieces(response, found)
            if "event-stream" not in found.get("content-type", ""):
                async with retries.within_deadline():
                    body = await read_body(chunks, request.max_answer)
                self._check(response, body)
                yield whole(parsing.parse_chat(body, flavor))
                return
            reason = ""
            parser = EventParser()
            while True:
                async with retries.within_deadline():
                    chunk = await anext(chunks, None)
                for event in parser.end() if chunk is None else parser.feed(chunk):
                    if event.strip() == "[DONE]":
                        await _drain(chunks, self.timing.drain)
                        return
                    delta = parsing.parse_chunk(event)
                    if isinstance(delta, ChatDelta):
                        reason = reason or delta.finish_reason
                        yield delta
                    elif delta is not None:
                        raise error_mapping.from_response(response.status_code, event, key=self._key)
                if chunk is None and not reason:
                    raise Unreachable("the API's streamed answer broke off")
                if chunk is None:
                    return

    @asynccontextmanager
    async def _answer(
        self, request: Request, permit: int, attempt: int, caller: Caller
    ) -> AsyncIterator[tuple[httpx.Response, Mapping[str, str]]]:
        """Send one try and yield its answer, the body unread, with the headers that matter, by lower-case name.

        Reports the try to `on_call` when it ends.
        """
        status = None
        started = time.monotonic()
        limiter = caller.limiter or self.rate_limiter
        try:
            if request.body is not None:
                if caller.before_post is not None:
                    await caller.before_post()
                caller.report_post(True)
            response = await self._http.handle_async_request(self._build(request))
            try:
                status = response.status_code
                found = headers.select_headers(response.headers.raw)
                limiter.record_answer(permit, status, found)
                if status >= httpx.codes.MULTIPLE_CHOICES:
                    if request.body is not None:
                        caller.report_post(False)
                    raise error_mapping.from_response(
                        status,
                        await read_start(read_pieces(response, found)),
                        key=self._key,
                        retry_after=limiter.opens_in(),
                    )
                yield response, found
            finally:
                await response.aclose()
        except error_mapping.CONNECTION_ERRORS as exc:
            if request.body is not None and error_mapping.is_connect_error(exc):
                caller.report_post(False)
            raise error_mapping.from_exception(exc, self._key) from exc
        finally:
            if status is None:
                limiter.record_no_answer(permit)
            if self._on_call:
                self._on_call(Call(request.endpoint, status, time.monotonic() - started, attempt))

    def _build(self, request: Request) -> httpx.Request:
        if request.item:
            url = httpx.URL(f"{self.base_url}{request.endpoint}/{request.item}")
        elif (known := self._urls.get(request.endpoint)) is not None:
            url = known
        else:
            url = self._urls[request.endpoint] = httpx.URL(self.base_url + request.endpoint)
        built = build_request(request.method, url, self._headers, request.body, self._timeouts)
        if request.content_type != "application/json":
            built.headers["Content-Type"] = request.content_type
        return built

    def _check(self, response: httpx.Response, body: bytes) -> None:
        if parsing.is_error(body):
            raise error_mapping.from_response(response.status_code, body, key=self._key)


def _used_up(wait: float) -> RateLimited:
    return RateLimited("the API's rate limit is used up", retry_after=wait, status=None)


def whole(response: ChatResponse) -> ChatDelta:
    """Turn a whole answer into one piece."""
    choice = response.data.choices[0]
    return ChatDelta(choice.message.content, response.data.usage, response.data.model, choice.finish_reason or "stop")


async def _drain(chunks: AsyncIterator[bytes], seconds: float) -> None:
    """Read the end of a finished answer, so that its connection can be used again; for some seconds at most."""
    with suppress(TimeoutError, *error_mapping.CONNECTION_ERRORS):
        async with asyncio.timeout(seconds):
            async for _ in chunks:
                pass
