"""The endpoints, named as in the reference's samples. `sync.py` is generated from this module and `client.py`."""

import base64
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any
from urllib.parse import quote

from aimodels import parsing, reference
from aimodels.errors import BadRequest, ConfigurationError
from aimodels.generations import ApiProfile, Generations, OnJob, OnProgress, Resource, encode
from aimodels.openai.forms import form_request
from aimodels.openai.moderations import MODERATIONS_ENDPOINT, Moderation, parse_moderation
from aimodels.openai.probe import SPEECH_ENDPOINT
from aimodels.openai.videos import VIDEOS_ENDPOINT, video_request
from aimodels.request import Caller, Reply, Request, whole
from aimodels.responses import (
    ChatDelta,
    ChatResponse,
    CodeResponse,
    GeneratedMedia,
    ImagesResponse,
    MediaItem,
    MediaResponse,
)

#: {"role": …, "content": …}; the content is a text, or a list of parts for models that read images.
ChatMessage = Mapping[str, Any]
EDITS_ENDPOINT = "/images/edits"  #: of OpenAI-compatible servers
_DEFAULT_VOICE = "alloy"  #: OpenAI's speech endpoint requires a voice


class AsyncChatCompletions(Resource):
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
        answer use `stream`. Raises `ApiError`.
        """
        body = _body(extra, model=model, messages=list(messages), temperature=temperature, max_tokens=max_tokens)
        reply = await self._post_text(reference.CHAT_ENDPOINT, body, self._deadline())
        return parsing.parse_chat(reply.body, self._api.flavor)

    async def stream(
        self,
        *,
        model: str,
        messages: Sequence[ChatMessage],
        temperature: float | None = None,
        max_tokens: int | None = None,
        is_whole: bool = False,
        **extra: Any,
    ) -> AsyncGenerator[ChatDelta, None]:
        """Continue a conversation and yield the answer's pieces as they arrive. Takes the parameters of `create`.

        The client must be made with `streaming=True`, which the reference does not document; otherwise, and with
        `is_whole`, the whole answer is yielded as one piece. Leave the iteration early through `contextlib.aclosing`,
        which closes the connection. Raises `ApiError`.
        """
        body = _body(extra, model=model, messages=list(messages), temperature=temperature, max_tokens=max_tokens)
        api = self._api
        if is_whole or not api.streaming:
            reply = await self._post_text(reference.CHAT_ENDPOINT, body, self._deadline())
            yield whole(parsing.parse_chat(reply.body, api.flavor))
            return
        body["stream"] = True
        if api.flavor == "openai":
            body["stream_options"] = {"include_usage": True}
        deadline = self._deadline()
        while True:
            request = Request(reference.CHAT_ENDPOINT, encode(api.token_limits.apply(body)))
            try:
                async with aclosing(api.session.stream(request, self._caller, deadline, api.flavor)) as deltas:
                    async for delta in deltas:
                        yield delta
                return  # noqa: TRY300 (the generator's end, not a value)
            except BadRequest as exc:
                if not api.token_limits.learn(body, exc):
                    raise


class AsyncChat:
    """Conversations."""

    def __init__(self, api: ApiProfile, caller: Caller) -> None:
        self.completions = AsyncChatCompletions(api, caller)


class AsyncCodeCompletions(Resource):
    """POST /code/completions."""

    async def create(
        self, *, model: str, prompt: str, language: str | None = None, max_tokens: int | None = None, **extra: Any
    ) -> CodeResponse:
        """Write or continue code.

        `prompt` is a request in words or the beginning of the code, `language` a programming language, `max_tokens`
        bounds the answer. `extra` parameters (`temperature`, for example) are sent as given; parameters that are None
        are not sent. With the flavour openai, chat is used where the server has no such endpoint. Raises `ApiError`.
        """
        deadline = self._deadline()
        api = self._api
        if api.has_code:
            body = _body(extra, model=model, prompt=prompt, language=language, max_tokens=max_tokens)
            try:
                reply = await self._post_text(reference.CODE_ENDPOINT, body, deadline)
                return parsing.parse_code(reply.body, api.flavor)
            except BadRequest as exc:
                if api.flavor != "openai" or not exc.is_absence or exc.is_about_model:
                    raise
                api.has_code = False
        system = f"Answer with {language or 'program'} code only, without any explanation."
        messages = [{"role": "system", "content": system}, {"role": "user", "content": prompt}]
        body = _body(extra, model=model, messages=messages, max_tokens=max_tokens)
        return parsing.parse_code((await self._post_text(reference.CHAT_ENDPOINT, body, deadline)).body, api.flavor)


class AsyncCode:
    """Program code."""

    def __init__(self, api: ApiProfile, caller: Caller) -> None:
        self.completions = AsyncCodeCompletions(api, caller)


class AsyncImages(Generations):
    """POST /images/generations."""

    async def create(
        self,
        *,
        model: str,
        prompt: str,
        n: int | None = None,
        size: str | None = None,
        style: str | None = None,
        image: str | None = None,
        mask: str | None = None,
        **extra: Any,
    ) -> ImagesResponse:
        """Generate images, or with the flavour openai edit one (POST /images/edits).

        `n` is 1 (the API's default) to 4 images, `size` width x height in pixels ("512x512", "1024x1024", "2048x2048"),
        `style` such as "digital-art", "photo-realistic" or "anime". `extra` parameters are sent as given; parameters
        that are None are not sent. With the flavour openai, which has no such styles, the style joins the prompt.
        `image`: the picture to edit, as a data URL; `mask`: the same for a PNG that is transparent where it may change.
        Raises `ApiError`, and `ConfigurationError` for an image where the API edits none.
        """
        if style and self._api.flavor == "openai":
            prompt, style = f"{prompt}, {style} style", None
        if image is not None:
            return await self._edit(_body(extra, model=model, prompt=prompt, n=n, size=size), image, mask)
        body = _body(extra, model=model, prompt=prompt, n=n, size=size, style=style)
        return parsing.parse_images(*await self._generate(reference.IMAGE_ENDPOINT, body))

    @property
    def can_edit(self) -> bool:
        """Whether `create` takes an image: with the flavour openai, until a server shows that it does not."""
        return self._api.flavor == "openai" and self._api.has_edits

    async def _edit(self, fields: Mapping[str, object], image: str, mask: str | None) -> ImagesResponse:
        if self._api.flavor != "openai":
            raise ConfigurationError("image: the API edits no pictures")
        deadline = self._deadline(media=True)
        request = form_request(EDITS_ENDPOINT, fields, {"image": image, **({"mask": mask} if mask else {})})
        try:
            reply = await self._api.session.send(request, self._caller, deadline)
        except BadRequest as exc:
            self._api.has_edits = self._api.has_edits and not (exc.is_absence and not exc.is_about_model)
            raise
        return parsing.parse_images(*await self._finish(EDITS_ENDPOINT, reply, deadline, None))


class AsyncAudio(Generations):
    """POST /audio/generations."""

    async def create(
        self,
        *,
        model: str,
        prompt: str,
        duration: float | None = None,
        format: str | None = None,  # noqa: A002 (the API's own word)
        spoken: bool = False,
        on_progress: OnProgress | None = None,
        on_job: OnJob | None = None,
        job: str | None = None,
        **extra: Any,
    ) -> MediaResponse:
        """Generate audio.

        `duration` is in seconds, `format` such as "mp3". `on_progress` is called while a job runs; `on_job` and
        `job` as for a video. `extra` parameters are sent as given; parameters that are None are not sent. With the
        flavour openai, or if `spoken`, the prompt is spoken (POST /audio/speech), without duration. Raises `ApiError`.
        """
        if job is not None:
            endpoints = (reference.AUDIO_ENDPOINT, SPEECH_ENDPOINT)
            return parsing.parse_media(*await self._resume(job, endpoints, self._deadline(media=True), on_progress))
        if self._api.flavor == "aimodels" and not spoken:
            body = _body(extra, model=model, prompt=prompt, duration=duration, format=format)
            return parsing.parse_media(*await self._generate(reference.AUDIO_ENDPOINT, body, on_progress, on_job))
        if not self._api.has_speech:
            raise ConfigurationError("spoken: the API has no speech")
        deadline = self._deadline(media=True)
        body = _body({"voice": _DEFAULT_VOICE, **extra}, model=model, input=prompt, response_format=format)
        reply = await self._post(SPEECH_ENDPOINT, body, deadline)
        if "json" in reply.content_type:
            return parsing.parse_media(*await self._finish(SPEECH_ENDPOINT, reply, deadline, on_progress, on_job))
        return _as_item(reply, format or "mp3")

    def can_speak(self, model: str) -> bool:
        """Whether a model speaks; the reference's own does so in the sandbox, and on no OpenAI-compatible server."""
        is_default = model == reference.MODELS["audio"]
        return self._api.has_speech and not (self._api.flavor == "openai" and is_default)


class AsyncVideo(Generations):
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
        on_job: OnJob | None = None,
        job: str | None = None,
        **extra: Any,
    ) -> MediaResponse:
        """Generate a video, from text or from an image.

        `duration` is in seconds, `resolution` width x height in pixels, `image` an https or data URL of the picture
        that the video starts from. `on_progress` is called while a job runs. `on_job` is called once with the name of
        the job; given as `job` to a later call, that call waits for it instead of posting another request. `extra`
        parameters are sent as given; parameters that are None are not sent. With the flavour openai the request is POST
        /videos where the server has it. Raises `ApiError`.
        """
        if job is not None:
            endpoints = (VIDEOS_ENDPOINT, reference.VIDEO_ENDPOINT)
            deadline = self._deadline(media=True)
            found = await self._resume(job, endpoints, deadline, on_progress)
            return await self._file(job.startswith(VIDEOS_ENDPOINT), *found, deadline)
        api = self._api
        if api.flavor == "openai" and api.has_videos:
            deadline = self._deadline(media=True)
            seconds = None if duration is None else f"{duration:g}"
            fields = _body(extra, model=model, prompt=prompt, seconds=seconds, size=resolution)
            try:
                reply = await api.session.send(video_request(fields, image), self._caller, deadline)
            except BadRequest as exc:
                if not exc.is_absence or exc.is_about_model:
                    raise
                api.has_videos = False
            else:
                data, envelope = await self._finish(VIDEOS_ENDPOINT, reply, deadline, on_progress, on_job)
                return await self._file(True, data, envelope, deadline)
        body = _body(extra, model=model, prompt=prompt, duration=duration, resolution=resolution, image=image)
        return parsing.parse_media(*await self._generate(reference.VIDEO_ENDPOINT, body, on_progress, on_job))

    async def _file(
        self, has_content: bool, data: dict[str, Any], envelope: dict[str, Any], deadline: float
    ) -> MediaResponse:
        """Return the file of a finished answer; of /videos it is an endpoint of its own."""
        if not has_content or parsing.has_media(data):
            return parsing.parse_media(data, envelope)
        return _as_item(await self._get(VIDEOS_ENDPOINT, str(data.get("id")), deadline, "/content"), "mp4")

    async def cancel(self, job: str) -> None:
        """End a job, named as by `on_job`, where the API can do that: with the flavour openai, DELETE /videos/ID.

        Raises `ApiError`.
        """
        endpoint, _, name = job.rpartition("/")
        if endpoint == VIDEOS_ENDPOINT and name:
            request = Request(endpoint, item=quote(name, safe=""), is_deletion=True)
            await self._api.session.send(request, self._caller, self._deadline())


class AsyncModerations(Resource):
    """POST /moderations: OpenAI-compatible servers may have it, and the sandbox has it; the reference has none."""

    async def create(self, *, input: str | Sequence[Any], model: str | None = None) -> Moderation:  # noqa: A002
        """Return what the server flags in a text, texts or parts with a picture. Raises `ApiError`."""
        reply = await self._post(MODERATIONS_ENDPOINT, _body({}, model=model, input=input), self._deadline())
        return parse_moderation(reply.body)


def _as_item(reply: Reply, format: str) -> MediaResponse:  # noqa: A002 (the API's own word)
    """An answer that is a file itself."""
    words: list[str] | None = [] if reply.is_sandbox else None
    item = MediaItem(b64_json=base64.b64encode(reply.body).decode(), format=format, sandbox_words=words)
    return MediaResponse(data=GeneratedMedia(items=[item]))


def _body(extra: Mapping[str, object], **named: object) -> dict[str, object]:
    """Merge the parameters and leave out those that are None, so that the API's own defaults apply."""
    if extra.get("stream"):
        raise TypeError("this call returns whole answers; use chat.completions.stream() for a streamed one")
    return {name: value for name, value in {**named, **extra}.items() if value is not None}
