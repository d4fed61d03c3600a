"""The endpoints, named as in the reference's samples. `sync.py` is generated from this module and `client.py`."""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic_core import PydanticSerializationError, to_json

from aimodels import parsing, reference
from aimodels.errors import BadRequest, JobFailed
from aimodels.request import ApiSession, Caller, Reply, Request, whole
from aimodels.responses import (
    ChatDelta,
    ChatResponse,
    CodeResponse,
    Flavor,
    GeneratedMedia,
    ImagesResponse,
    MediaItem,
    MediaResponse,
)

T = TypeVar("T")

#: {"role": …, "content": …}; the content is a text, or a list of parts for models that read images.
ChatMessage = Mapping[str, Any]
#: Called with the progress (0 to 1, or None) and the status each time a job was polled.
OnProgress = Callable[[float | None, str], None]

_DEFAULT_VOICE = "alloy"  #: OpenAI's speech endpoint requires a voice
_SPEECH_ENDPOINT = "/audio/speech"  #: of the flavour openai


@dataclass(slots=True)
class ApiProfile:
    """The API that a client talks to; shared by all its callers."""

    session: ApiSession
    flavor: Flavor
    streaming: bool  #: whether `stream` asks for server-sent events
    timeout: float  #: seconds for a chat or code call, retries and waits included
    media_timeout: float  #: seconds for an image, audio or video call, polling included
    has_code: bool = True  #: until a call shows that there is no /code/completions


class _Resource:
    def __init__(self, api: ApiProfile, caller: Caller) -> None:
        self._api = api
        self._caller = caller

    async def _post(self, endpoint: str, body: Mapping[str, object], deadline: float) -> Reply:
        return await self._api.session.send(Request(endpoint, _encode(body)), self._caller, deadline)

    def _deadline(self, *, media: bool = False) -> float:
        seconds = self._api.media_timeout if media else self._api.timeout
        return asyncio.get_running_loop().time() + seconds


class AsyncChatCompletions(_Resource):
    """POST /chat/completions."""

    async def create(
        self,
        *,
        model: str,
        messages: Sequence[ChatMessage],
        temperature: float | None = None,
        max_tokens: int | None = None,
        **extra: Any,
    ) -> ChatResponse:
        """Continue a conversation and return the whole answer.

        `messages` come oldest first. `temperature` is 0 to 2 (the API's default is 0.7), `max_tokens` bounds the answer
        (default 2048). `extra` parameters are sent as given; parameters that are None are not sent. For a streamed
        answer use `stream`.

        Raises `ApiError`.
        """
        body = _body(extra, model=model, messages=list(messages), temperature=temperature, max_tokens=max_tokens)
        reply = await self._post(reference.CHAT_ENDPOINT, body, self._deadline())
        return parsing.parse_chat(reply.body, self._api.flavor)

    async def stream(
        self,
        *,
        model: str,
        messages: Sequence[ChatMessage],
        temperature: float | None = None,
        max_tokens: int | None = None,
        **extra: Any,
    ) -> AsyncGenerator[ChatDelta, None]:
        """Continue a conversation and yield the answer's pieces as they arrive. Takes the parameters of `create`.

        The client must be made with `streaming=True`, which the reference does not document; otherwise the whole answer
        is yielded as one piece. Leave the iteration early through `contextlib.aclosing`, which closes the connection.

        Raises `ApiError`.
        """
        body = _body(extra, model=model, messages=list(messages), temperature=temperature, max_tokens=max_tokens)
        api = self._api
        if not api.streaming:
            reply = await self._post(reference.CHAT_ENDPOINT, body, self._deadline())
            yield whole(parsing.parse_chat(reply.body, api.flavor))
            return
        body["stream"] = True
        if api.flavor == "openai":
            body["stream_options"] = {"include_usage": True}
        request = Request(reference.CHAT_ENDPOINT, _encode(body))
        deltas = api.session.stream(request, self._caller, self._deadline(), api.flavor)
        async with aclosing(deltas):
            async for delta in deltas:
                yield delta


class AsyncChat:
    """Conversations."""

    def __init__(self, api: ApiProfile, caller: Caller) -> None:
        self.completions = AsyncChatCompletions(api, caller)


class AsyncCodeCompletions(_Resource):
    """POST /code/completions."""

    async def create(
        self, *, model: str, prompt: str, language: str | None = None, max_tokens: int | None = None, **extra: Any
    ) -> CodeResponse:
        """Write or continue code.

        `prompt` is a request in words or the beginning of the code, `language` a programming language, `max_tokens`
        bounds the answer. `extra` parameters (`temperature`, for example) are sent as given; parameters that are None
        are not sent. With the flavour openai, chat is used where the server has no such endpoint.

        Raises `ApiError`.
        """
        deadline = self._deadline()
        api = self._api
        if api.has_code:
            body = _body(extra, model=model, prompt=prompt, language=language, max_tokens=max_tokens)
            try:
                reply = await self._post(reference.CODE_ENDPOINT, body, deadline)
                return parsing.parse_code(reply.body, api.flavor)
            except BadRequest as exc:
                if api.flavor != "openai" or not exc.is_absence or exc.is_about_model:
                    raise
                api.has_code = False
        system = f"Answer with {language or 'program'} code only, without any explanation."
        messages = [{"role": "system", "content": system}, {"role": "user", "content": prompt}]
        body = _body(extra, model=model, messages=messages, max_tokens=max_tokens)
        return parsing.parse_code((await self._post(reference.CHAT_ENDPOINT, body, deadline)).body, api.flavor)


class AsyncCode:
    """Program code."""

    def __init__(self, api: ApiProfile, caller: Caller) -> None:
        self.completions = AsyncCodeCompletions(api, caller)


class _Generations(_Resource):
    async def _generate(
        self,
        endpoint: str,
        body: Mapping[str, object],
        parse: Callable[[Mapping[str, Any], Mapping[str, Any]], T],
        on_progress: OnProgress | None = None,
    ) -> T:
        """Request a file and poll its job, if the API makes one. Raises `ApiError`."""
        deadline = self._deadline(media=True)
        reply = await self._post(endpoint, body, deadline)
        return await self._finish(endpoint, reply, parse, on_progress, deadline)

    async def _finish(
        self,
        endpoint: str,
        reply: Reply,
        parse: Callable[[Mapping[str, Any], Mapping[str, Any]], T],
        on_progress: OnProgress | None,
        deadline: float,
    ) -> T:
        session, timing = self._api.session, self._api.session.timing
        data, envelope = parsing.split_envelope(reply.body, self._api.flavor)
        pause = timing.first_poll
        while (job := parsing.parse_job(data)) is not None:
            if job.status == "failed":
                raise JobFailed(parsing.failure_message(data))
            if on_progress:
                on_progress(job.progress, job.status)
            loop = asyncio.get_running_loop()
            await asyncio.sleep(max(0.0, min(pause, deadline - loop.time())))
            pause = min(pause * timing.poll_growth, timing.max_poll)
            # The job goes on while the API can't be reached: only the deadline ends the polling.
            poll = Request(endpoint, item=quote(job.id, safe=""), max_tries=float("inf"))
            reply = await session.send(poll, self._caller, deadline)
            data, envelope = parsing.split_envelope(reply.body, self._api.flavor)
            data.setdefault("id", job.id)
        return parse(data, envelope)


class AsyncImages(_Generations):
    """POST /images/generations."""

    async def create(
        self,
        *,
        model: str,
        prompt: str,
        n: int | None = None,
        size: str | None = None,
        style: str | None = None,
        **extra: Any,
    ) -> ImagesResponse:
        """Generate images.

        `n` is 1 (the API's default) to 4 images, `size` width x height in pixels ("512x512", "1024x1024", "2048x2048"),
        `style` such as "digital-art", "photo-realistic" or "anime". `extra` parameters are sent as given; parameters
        that are None are not sent. With the flavour openai, which has no such styles, the style joins the prompt.

        Raises `ApiError`.
        """
        if style and self._api.flavor == "openai":
            prompt, style = f"{prompt}, {style} style", None
        body = _body(extra, model=model, prompt=prompt, n=n, size=size, style=style)
        return await self._generate(reference.IMAGE_ENDPOINT, body, parsing.parse_images)


class AsyncAudio(_Generations):
    """POST /audio/generations."""

    async def create(
        self,
        *,
        model: str,
        prompt: str,
        duration: float | None = None,
        format: str | None = None,  # noqa: A002 (the API's own word)
        on_progress: OnProgress | None = None,
        **extra: Any,
    ) -> MediaResponse:
        """Generate audio.

        `duration` is in seconds, `format` such as "mp3". `on_progress` is called while a job runs. `extra` parameters
        are sent as given; parameters that are None are not sent. With the flavour openai the prompt is spoken (POST
        /audio/speech), and a duration is not sent.

        Raises `ApiError`.
        """
        if self._api.flavor == "aimodels":
            body = _body(extra, model=model, prompt=prompt, duration=duration, format=format)
            return await self._generate(reference.AUDIO_ENDPOINT, body, parsing.parse_media, on_progress)
        deadline = self._deadline(media=True)
        body = _body({"voice": _DEFAULT_VOICE, **extra}, model=model, input=prompt, response_format=format)
        reply = await self._post(_SPEECH_ENDPOINT, body, deadline)
        if "json" in reply.content_type:
            return await self._finish(_SPEECH_ENDPOINT, reply, parsing.parse_media, on_progress, deadline)
        item = MediaItem(b64_json=base64.b64encode(reply.body).decode(), format=format or "mp3")
        return MediaResponse(data=GeneratedMedia(items=[item]))


class AsyncVideo(_Generations):
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
        **extra: Any,
    ) -> MediaResponse:
        """Generate a video, from text or from an image.

        `duration` is in seconds, `resolution` width x height in pixels, `image` an https or data URL of the picture
        that the video starts from. `on_progress` is called while a job runs. `extra` parameters are sent as given;
        parameters that are None are not sent.

        Raises `ApiError`.
        """
        body = _body(extra, model=model, prompt=prompt, duration=duration, resolution=resolution, image=image)
        return await self._generate(reference.VIDEO_ENDPOINT, body, parsing.parse_media, on_progress)


def _body(extra: Mapping[str, object], **named: object) -> dict[str, object]:
    """Merge the parameters and leave out those that are None, so that the API's own defaults apply."""
    if extra.get("stream"):
        raise TypeError("this call returns whole answers; use chat.completions.stream() for a streamed one")
    return {name: value for name, value in {**named, **extra}.items() if value is not None}


def _encode(body: Mapping[str, object]) -> bytes:
    try:
        return to_json(body)
    except (PydanticSerializationError, UnicodeError):
        # A lone surrogate (half an emoji, cut off somewhere) has no UTF-8: replace it rather than fail the request.
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
