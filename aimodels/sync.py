"""Synchronous client, generated from the asynchronous one by sdk/python/generate_sync.py; do not edit."""

# ruff: noqa: A002, N803 (the API's own words)

import weakref
from collections.abc import Callable, Generator, Sequence
from types import TracebackType
from typing import Any, Self

from pydantic import SecretStr

from aimodels import reference
from aimodels.client import AsyncAIModels
from aimodels.event_loop_thread import EventLoopThread
from aimodels.generations import OnJob, OnProgress
from aimodels.openai.moderations import Moderation
from aimodels.rate_limiter import RateLimiter
from aimodels.request import Call
from aimodels.resources import (
    AsyncAudio,
    AsyncChat,
    AsyncChatCompletions,
    AsyncCode,
    AsyncCodeCompletions,
    AsyncImages,
    AsyncModerations,
    AsyncVideo,
    ChatMessage,
)
from aimodels.responses import ChatDelta, ChatResponse, CodeResponse, Flavor, ImagesResponse, MediaResponse
from aimodels.timing import Timing


class ChatCompletions:
    """POST /chat/completions."""

    def __init__(self, thread: EventLoopThread, resource: AsyncChatCompletions) -> None:
        self._thread = thread
        self._resource = resource

    def create(
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
        return self._thread.run(
            self._resource.create(
                model=model, messages=messages, temperature=temperature, max_tokens=max_tokens, **extra
            )
        )

    def stream(
        self,
        *,
        model: str,
        messages: Sequence[ChatMessage],
        temperature: float | None = None,
        max_tokens: int | None = None,
        is_whole: bool = False,
        **extra: Any,
    ) -> Generator[ChatDelta, None, None]:
        """Continue a conversation and yield the answer's pieces as they arrive. Takes the parameters of `create`.

        The client must be made with `streaming=True`, which the reference does not document; otherwise, and with
        `is_whole`, the whole answer is yielded as one piece. Leave the iteration early through `contextlib.closing`,
        which closes the connection. Raises `ApiError`.
        """
        return self._thread.iterate(
            self._resource.stream(
                model=model,
                messages=messages,
                temperature=temperature,
                max_tokens=max_tokens,
                is_whole=is_whole,
                **extra,
            )
        )


class Chat:
    """Conversations."""

    def __init__(self, thread: EventLoopThread, resource: AsyncChat) -> None:
        self.completions = ChatCompletions(thread, resource.completions)


class CodeCompletions:
    """POST /code/completions."""

    def __init__(self, thread: EventLoopThread, resource: AsyncCodeCompletions) -> None:
        self._thread = thread
        self._resource = resource

    def create(
        self, *, model: str, prompt: str, language: str | None = None, max_tokens: int | None = None, **extra: Any
    ) -> CodeResponse:
        """Write or continue code.

        `prompt` is a request in words or the beginning of the code, `language` a programming language, `max_tokens`
        bounds the answer. `extra` parameters (`temperature`, for example) are sent as given; parameters that are None
        are not sent. With the flavour openai, chat is used where the server has no such endpoint. Raises `ApiError`.
        """
        return self._thread.run(
            self._resource.create(model=model, prompt=prompt, language=language, max_tokens=max_tokens, **extra)
        )


class Code:
    """Program code."""

    def __init__(self, thread: EventLoopThread, resource: AsyncCode) -> None:
        self.completions = CodeCompletions(thread, resource.completions)


class Images:
    """POST /images/generations."""

    def __init__(self, thread: EventLoopThread, resource: AsyncImages) -> None:
        self._thread = thread
        self._resource = resource

    def create(
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
        return self._thread.run(
            self._resource.create(
                model=model, prompt=prompt, n=n, size=size, style=style, image=image, mask=mask, **extra
            )
        )


class Audio:
    """POST /audio/generations."""

    def __init__(self, thread: EventLoopThread, resource: AsyncAudio) -> None:
        self._thread = thread
        self._resource = resource

    def create(
        self,
        *,
        model: str,
        prompt: str,
        duration: float | None = None,
        format: str | None = None,
        on_progress: OnProgress | None = None,
        on_job: OnJob | None = None,
        job: str | None = None,
        **extra: Any,
    ) -> MediaResponse:
        """Generate audio.

        `duration` is in seconds, `format` such as "mp3". `on_progress` is called while a job runs; `on_job` and
        `job` as for a video. `extra` parameters are sent as given; parameters that are None are not sent. With the
        flavour openai the prompt is spoken (POST /audio/speech), without duration. Raises `ApiError`.
        """
        return self._thread.run(
            self._resource.create(
                model=model,
                prompt=prompt,
                duration=duration,
                format=format,
                on_progress=on_progress,
                on_job=on_job,
                job=job,
                **extra,
            )
        )


class Video:
    """POST /video/generations."""

    def __init__(self, thread: EventLoopThread, resource: AsyncVideo) -> None:
        self._thread = thread
        self._resource = resource

    def create(
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
        return self._thread.run(
            self._resource.create(
                model=model,
                prompt=prompt,
                duration=duration,
                resolution=resolution,
                image=image,
                on_progress=on_progress,
                on_job=on_job,
                job=job,
                **extra,
            )
        )

    def cancel(self, job: str) -> None:
        """End a job, named as by `on_job`, where the API can do that: with the flavour openai, DELETE /videos/ID.

        Raises `ApiError`.
        """
        self._thread.run(self._resource.cancel(job))


class Moderations:
    """POST /moderations: OpenAI-compatible servers may have it, and the sandbox has it; the reference has none."""

    def __init__(self, thread: EventLoopThread, resource: AsyncModerations) -> None:
        self._thread = thread
        self._resource = resource

    def create(self, *, input: str | Sequence[Any], model: str | None = None) -> Moderation:
        """Return what the server flags in a text, texts or parts with a picture. Raises `ApiError`."""
        return self._thread.run(self._resource.create(input=input, model=model))


class AIModels:
    """Synchronous client of the AI Models API, for scripts and notebooks.

    Every call raises `ApiError` and ends within its timeout. The client also works inside a running event loop;
    callbacks are called on a thread of its own. It closes itself at the end of the program.
    """

    def __init__(
        self,
        *,
        api_key: str | SecretStr | None = None,
        base_url: str | None = None,
        baseURL: str | None = None,
        flavor: Flavor = "aimodels",
        streaming: bool = False,
        timeout: float = 120.0,
        media_timeout: float = 900.0,
        timing: Timing | None = None,
        on_call: Callable[[Call], None] | None = None,
    ) -> None:
        """Make a client; it connects at its first call.

        - `api_key`: the API key; default: the environment variable `AIMODELS_API_KEY`.
        - `base_url` (also `baseURL`): the API's address with its version; default: the environment variable
          `AIMODELS_BASE_URL`, else the reference's.
        - `flavor`: "aimodels" for answers in the reference's envelope, "openai" for OpenAI-compatible servers.
        - `streaming`: let `chat.completions.stream` ask for server-sent events, which the reference does not document.
        - `timeout`: seconds for a chat or code call, retries and waits included.
        - `media_timeout`: seconds for an image, audio or video call, polling included.
        - `timing`: pauses between retries and polls.
        - `on_call`: called with each try of a request, for metrics.

        Raises `ConfigurationError` without a usable key.
        """
        self._client = AsyncAIModels(
            api_key=api_key,
            base_url=base_url,
            baseURL=baseURL,
            flavor=flavor,
            streaming=streaming,
            timeout=timeout,
            media_timeout=media_timeout,
            timing=timing,
            on_call=on_call,
        )
        self._thread = EventLoopThread()
        self.chat = Chat(self._thread, self._client.chat)
        self.code = Code(self._thread, self._client.code)
        self.images = Images(self._thread, self._client.images)
        self.audio = Audio(self._thread, self._client.audio)
        self.video = Video(self._thread, self._client.video)
        self.moderations = Moderations(self._thread, self._client.moderations)
        self._finalizer = weakref.finalize(self, self._thread.close, self._client.aclose)

    @property
    def base_url(self) -> str:
        """Address of the API."""
        return self._client.base_url

    @property
    def rate_limiter(self) -> RateLimiter:
        """The rate limit that all callers share: `limit`, `remaining`, `reset_at`, `waiting`."""
        return self._client.rate_limiter

    def verify(self, model: str = reference.MODELS["chat"]) -> None:
        """Check address, key, flavor and model without spending: send a chat request that has no messages.

        The API refuses it only after it accepted the key. Raises `AuthenticationFailed` or `NotPermitted` for the key,
        `BadRequest` for an address without chat or an unknown model, else another `ApiError`.
        """
        self._thread.run(self._client.verify(model))

    def missing_kinds(self) -> frozenset[reference.Kind]:
        """Return the kinds of content that the server has no endpoint for, found by requests that it must refuse.

        Always empty with the flavour aimodels, whose reference has them all. Raises `ApiError`.
        """
        return self._thread.run(self._client.missing_kinds())

    def close(self) -> None:
        """Close the connections and end the client's thread. Safe to repeat."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
