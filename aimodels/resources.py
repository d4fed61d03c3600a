"""The endpoints, under the names that the API's own samples use."""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic_core import PydanticSerializationError, to_json

from aimodels import wire
from aimodels.errors import BadRequest, JobFailed
from aimodels.request import Caller, Calls, Reply, Request, whole

T = TypeVar("T")

#: {"role": …, "content": …}; the content is a text, or parts for models that see.
ChatMessage = Mapping[str, Any]
#: Told (0 to 1 or None, the job's status) while a job is polled.
OnProgress = Callable[[float | None, str], None]

_POLL_FIRST, _POLL_GROWTH, _POLL_MAX = 0.3, 1.4, 5.0  #: seconds between two looks at a job
_ANY_VOICE = "alloy"  #: OpenAI's speech endpoint requires a voice


@dataclass(slots=True)
class Server:
    """What is known of the API at the other end; shared by all callers."""

    calls: Calls
    flavor: wire.Flavor
    streaming: bool
    timeout: float  #: seconds
    media_timeout: float  #: seconds
    has_code: bool = True  #: until a call shows that there is no /code/completions


class _Resource:
    def __init__(self, server: Server, caller: Caller) -> None:
        self._server = server
        self._caller = caller

    async def _post(self, endpoint: str, body: Mapping[str, Any], deadline: float) -> Reply:
        return await self._server.calls.call(Request(endpoint, _encode(body)), self._caller, deadline)

    def _deadline(self, *, media: bool = False) -> float:
        seconds = self._server.media_timeout if media else self._server.timeout
        return asyncio.get_running_loop().time() + seconds


class ChatCompletions(_Resource):
    """POST /chat/completions."""

    async def create(
        self,
        *,
        model: str,
        messages: Sequence[ChatMessage],
        temperature: float | None = None,
        max_tokens: int | None = None,
    ) -> wire.ChatResponse:
        """A whole answer. Raises `ApiError`."""
        body = _body(model=model, messages=list(messages), temperature=temperature, max_tokens=max_tokens)
        reply = await self._post("/chat/completions", body, self._deadline())
        return wire.read_chat(reply.body, self._server.flavor)

    async def probe(self, model: str) -> None:
        """Ask for an answer to nothing; any answer of this API will do. Raises `ApiError`."""
        reply = await self._post("/chat/completions", {"model": model, "messages": []}, self._deadline())
        wire.open_envelope(reply.body, self._server.flavor)

    async def stream(
        self,
        *,
        model: str,
        messages: Sequence[ChatMessage],
        temperature: float | None = None,
        max_tokens: int | None = None,
    ) -> AsyncGenerator[wire.ChatDelta, None]:
        """The answer's pieces as they come; one piece where the client was not told to stream. Raises `ApiError`.

        Leave it early through `contextlib.aclosing`, which closes the connection at once.
        """
        server = self._server
        if not server.streaming:
            yield whole(
                await self.create(model=model, messages=messages, temperature=temperature, max_tokens=max_tokens)
            )
            return
        body = _body(model=model, messages=list(messages), temperature=temperature, max_tokens=max_tokens, stream=True)
        if server.flavor == "openai":
            body["stream_options"] = {"include_usage": True}
        request = Request("/chat/completions", _encode(body))
        deltas = server.calls.stream(request, self._caller, self._deadline(), server.flavor)
        async with aclosing(deltas):
            async for delta in deltas:
                yield delta


class Chat:
    """Conversations."""

    def __init__(self, server: Server, caller: Caller) -> None:
        self.completions = ChatCompletions(server, caller)


class CodeCompletions(_Resource):
    """POST /code/completions."""

    async def create(
        self, *, model: str, prompt: str, language: str | None = None, max_tokens: int | None = None
    ) -> wire.CodeResponse:
        """Code that continues or answers the prompt. Raises `ApiError`.

        In the OpenAI flavour a server without this endpoint is asked through chat.
        """
        deadline = self._deadline()
        server = self._server
        if server.has_code:
            body = _body(model=model, prompt=prompt, language=language, max_tokens=max_tokens)
            try:
                return wire.read_code((await self._post("/code/completions", body, deadline)).body, server.flavor)
            except BadRequest as exc:
                if server.flavor != "openai" or not exc.is_absence or exc.is_about_model:
                    raise
                server.has_code = False
        system = f"Answer with {language or 'program'} code only, without any explanation."
        messages = [{"role": "system", "content": system}, {"role": "user", "content": prompt}]
        body = _body(model=model, messages=messages, max_tokens=max_tokens)
        return wire.read_code((await self._post("/chat/completions", body, deadline)).body, server.flavor)


class Code:
    """Program text."""

    def __init__(self, server: Server, caller: Caller) -> None:
        self.completions = CodeCompletions(server, caller)


class _Generations(_Resource):
    async def _generate(
        self,
        endpoint: str,
        body: Mapping[str, Any],
        read: Callable[[Mapping[str, Any], Mapping[str, Any]], T],
        on_progress: OnProgress | None = None,
    ) -> T:
        """Make a file, which may be a job that is polled. Raises `ApiError`."""
        deadline = self._deadline(media=True)
        reply = await self._post(endpoint, body, deadline)
        return await self._finish(endpoint, reply, read, on_progress, deadline)

    async def _finish(
        self,
        endpoint: str,
        reply: Reply,
        read: Callable[[Mapping[str, Any], Mapping[str, Any]], T],
        on_progress: OnProgress | None,
        deadline: float,
    ) -> T:
        data, envelope = wire.open_envelope(reply.body, self._server.flavor)
        pause = _POLL_FIRST
        while (job := wire.read_job(data)) is not None:
            if job.status == "failed":
                raise JobFailed(wire.read_failure(data))
            if on_progress:
                on_progress(job.progress, job.status)
            loop = asyncio.get_running_loop()
            await asyncio.sleep(max(0.0, min(pause, deadline - loop.time())))
            pause = min(pause * _POLL_GROWTH, _POLL_MAX)
            # The work goes on while the API can't be reached: only the deadline ends the looking.
            look = Request(endpoint, item=quote(job.id, safe=""), max_tries=float("inf"))
            reply = await self._server.calls.call(look, self._caller, deadline)
            data, envelope = wire.open_envelope(reply.body, self._server.flavor)
            data.setdefault("id", job.id)
        return read(data, envelope)


class Images(_Generations):
    """POST /images/generations."""

    async def create(
        self, *, model: str, prompt: str, n: int | None = None, size: str | None = None, style: str | None = None
    ) -> wire.ImagesResponse:
        """Pictures. Raises `ApiError`. In the OpenAI flavour, which has no such styles, the style joins the prompt."""
        if style and self._server.flavor == "openai":
            prompt, style = f"{prompt}, {style} style", None
        body = _body(model=model, prompt=prompt, n=n, size=size, style=style)
        return await self._generate("/images/generations", body, wire.read_images)


class Audio(_Generations):
    """POST /audio/generations."""

    async def create(
        self,
        *,
        model: str,
        prompt: str,
        duration: float | None = None,
        format: str | None = None,  # noqa: A002 (the API's own word)
        on_progress: OnProgress | None = None,
    ) -> wire.MediaResponse:
        """Sound; `duration` in seconds. Raises `ApiError`.

        The OpenAI flavour has speech instead: POST /audio/speech says the prompt aloud, and there is no duration.
        """
        if self._server.flavor == "aimodels":
            body = _body(model=model, prompt=prompt, duration=duration, format=format)
            return await self._generate("/audio/generations", body, wire.read_media, on_progress)
        deadline = self._deadline(media=True)
        body = _body(model=model, input=prompt, voice=_ANY_VOICE, response_format=format)
        reply = await self._post("/audio/speech", body, deadline)
        if "json" in reply.content_type:
            return await self._finish("/audio/speech", reply, wire.read_media, on_progress, deadline)
        item = wire.MediaItem(b64_json=base64.b64encode(reply.body).decode(), format=format or "mp3")
        return wire.MediaResponse(data=wire.Media(items=[item]))


class Video(_Generations):
    """POST /video/generations."""

    async def create(
        self,
        *,
        model: str,
        prompt: str,
        duration: float | None = None,
        resolution: str | None = None,
        image: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> wire.MediaResponse:
        """Video; `duration` in seconds, `image` (an https or data URL) is brought to life. Raises `ApiError`."""
        body = _body(model=model, prompt=prompt, duration=duration, resolution=resolution, image=image)
        return await self._generate("/video/generations", body, wire.read_media, on_progress)


def _body(**fields: object) -> dict[str, object]:
    """Leave out what was not asked for, so that the API's own defaults hold."""
    return {name: value for name, value in fields.items() if value is not None}


def _encode(body: Mapping[str, object]) -> bytes:
    try:
        return to_json(body)
    except (PydanticSerializationError, UnicodeError):
        # A lone surrogate (half an emoji cut off somewhere) has no UTF-8: it is replaced rather than the request lost.
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
