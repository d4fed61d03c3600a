"""Base classes of the endpoints: they post requests and poll jobs."""

import asyncio
import json
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from pydantic_core import PydanticSerializationError, to_json

from aimodels import parsing
from aimodels.errors import BadRequest, ConfigurationError, JobFailed
from aimodels.openai.token_limits import TokenLimitNames
from aimodels.request import ApiSession, Caller, Reply, Request
from aimodels.responses import Flavor

#: Called with the progress (0 to 1, or None) and the status each time a job was polled.
OnProgress = Callable[[float | None, str], None]
#: Called with the job's name once the API has made one; `job=` takes it, so that a later call waits for the same job.
OnJob = Callable[[str], None]


@dataclass(slots=True)
class ApiProfile:
    """The API that a client talks to; shared by all its callers."""

    session: ApiSession
    flavor: Flavor
    streaming: bool  #: whether `stream` asks for server-sent events
    timeout: float  #: seconds for a chat or code call, retries and waits included
    media_timeout: float  #: seconds for an image, audio or video call, polling included
    has_speech: bool  #: whether it has OpenAI's /audio/speech and /audio/transcriptions
    has_code: bool = True  #: until a call shows that there is no /code/completions
    has_videos: bool = True  #: the same for /videos, of the flavour openai
    has_edits: bool = True  #: the same for /images/edits, of that flavour
    token_limits: TokenLimitNames = field(default_factory=TokenLimitNames)


class Resource:
    """An endpoint, called for one person."""

    def __init__(self, api: ApiProfile, caller: Caller) -> None:
        self._api = api
        self._caller = caller

    def _post(self, endpoint: str, body: Mapping[str, object], deadline: float) -> Coroutine[Any, Any, Reply]:
        return self._api.session.send(Request(endpoint, encode(body)), self._caller, deadline)

    async def _post_text(self, endpoint: str, body: Mapping[str, object], deadline: float) -> Reply:
        """Post a request whose model may have another name for `max_tokens`. Raises `ApiError`."""
        names = self._api.token_limits
        try:
            return await self._post(endpoint, names.apply(body), deadline)
        except BadRequest as exc:
            if not names.learn(body, exc):
                raise
        return await self._post(endpoint, names.apply(body), deadline)

    def _deadline(self, *, media: bool = False) -> float:
        seconds = self._api.media_timeout if media else self._api.timeout
        return asyncio.get_running_loop().time() + seconds


class Generations(Resource):
    """An endpoint that makes files, at once or by a job."""

    async def _generate(
        self,
        endpoint: str,
        body: Mapping[str, object],
        on_progress: OnProgress | None = None,
        on_job: OnJob | None = None,
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Request a file and poll its job, if the API makes one; return data and envelope. Raises `ApiError`."""
        deadline = self._deadline(media=True)
        reply = await self._post(endpoint, body, deadline)
        return await self._finish(endpoint, reply, deadline, on_progress, on_job)

    async def _finish(
        self,
        endpoint: str,
        reply: Reply,
        deadline: float,
        on_progress: OnProgress | None,
        on_job: OnJob | None = None,
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        timing = self._api.session.timing
        data, envelope = parsing.split_envelope(reply.body, self._api.flavor)
        pause = timing.first_poll
        while (job := parsing.parse_job(data)) is not None:
            if job.status == "failed":
                raise JobFailed(parsing.failure_message(data))
            if on_job:
                on_job(f"{endpoint}/{job.id}")
                on_job = None
            if on_progress:
                on_progress(job.progress, job.status)
            loop = asyncio.get_running_loop()
            await asyncio.sleep(max(0.0, min(pause, deadline - loop.time())))
            pause = min(pause * timing.poll_growth, timing.max_poll)
            reply = await self._get(endpoint, job.id, deadline)
            data, envelope = parsing.split_envelope(reply.body, self._api.flavor)
            data.setdefault("id", job.id)
        return data, envelope

    async def _get(self, endpoint: str, job: str, deadline: float, part: str = "") -> Reply:
        # The job goes on while the API can't be reached: only the deadline ends the polling.
        poll = Request(endpoint, item=quote(job, safe="") + part, max_tries=float("inf"))
        return await self._api.session.send(poll, self._caller, deadline)

    async def _resume(
        self, job: str, endpoints: Collection[str], deadline: float, on_progress: OnProgress | None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Wait for a job that an earlier call has made. Raises `ApiError`."""
        endpoint, _, name = job.rpartition("/")
        if endpoint not in endpoints or not name:
            raise ConfigurationError("job: this is not the name of a job of this endpoint")
        return await self._finish(endpoint, await self._get(endpoint, name, deadline), deadline, on_progress)


def encode(body: Mapping[str, object]) -> bytes:
    """Write a request's JSON."""
    try:
        return to_json(body)
    except (PydanticSerializationError, UnicodeError):
        # A lone surrogate (half an emoji, cut off somewhere) has no UTF-8: replace it rather than fail the request.
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
