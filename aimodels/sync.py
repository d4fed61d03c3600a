"""The synchronous façade: the same client on an event loop of its own, for scripts and notebooks."""

import asyncio
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from pydantic import SecretStr

from aimodels import reference, wire
from aimodels.client import AsyncAIModels
from aimodels.rate_limiter import Budget
from aimodels.request import Call
from aimodels.resources import ChatMessage, OnProgress

T = TypeVar("T")


class _Background:
    """A thread with an event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="aimodels", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for `work`; an interrupt cancels it."""
        if self._loop.is_closed():
            work.close()
            raise RuntimeError("the client is closed")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def close(self, client: AsyncAIModels) -> None:
        """Close the client, then end the thread."""
        self.run(client.aclose())
        self.run(self._loop.shutdown_asyncgens())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class _Resource:
    def __init__(self, background: _Background, client: AsyncAIModels) -> None:
        self._background = background
        self._client = client


class ChatCompletions(_Resource):
    """POST /chat/completions."""

    def create(
        self,
        *,
        model: str,
        messages: Sequence[ChatMessage],
        temperature: float | None = None,
        max_tokens: int | None = None,
    ) -> wire.ChatResponse:
        """A whole answer. Raises `ApiError`."""
        asked = self._client.chat.completions
        return self._background.run(
            asked.create(model=model, messages=messages, temperature=temperature, max_tokens=max_tokens)
        )

    def stream(
        self,
        *,
        model: str,
        messages: Sequence[ChatMessage],
        temperature: float | None = None,
        max_tokens: int | None = None,
    ) -> Iterator[wire.ChatDelta]:
        """The answer's pieces as they come. Raises `ApiError`."""
        asked = self._client.chat.completions
        deltas = asked.stream(model=model, messages=messages, temperature=temperature, max_tokens=max_tokens)
        try:
            while (delta := self._background.run(_next(deltas))) is not None:
                yield delta
        finally:
            self._background.run(deltas.aclose())


class CodeCompletions(_Resource):
    """POST /code/completions."""

    def create(
        self, *, model: str, prompt: str, language: str | None = None, max_tokens: int | None = None
    ) -> wire.CodeResponse:
        """Code that continues or answers the prompt. Raises `ApiError`."""
        asked = self._client.code.completions
        return self._background.run(asked.create(model=model, prompt=prompt, language=language, max_tokens=max_tokens))


class Images(_Resource):
    """POST /images/generations."""

    def create(
        self, *, model: str, prompt: str, n: int | None = None, size: str | None = None, style: str | None = None
    ) -> wire.ImagesResponse:
        """Pictures. Raises `ApiError`."""
        asked = self._client.images
        return self._background.run(asked.create(model=model, prompt=prompt, n=n, size=size, style=style))


class Audio(_Resource):
    """POST /audio/generations."""

    def create(
        self,
        *,
        model: str,
        prompt: str,
        duration: float | None = None,
        format: str | None = None,  # noqa: A002 (the API's own word)
        on_progress: OnProgress | None = None,
    ) -> wire.MediaResponse:
        """Sound; `duration` in seconds. `on_progress` is called on the client's thread. Raises `ApiError`."""
        asked = self._client.audio
        return self._background.run(
            asked.create(model=model, prompt=prompt, duration=duration, format=format, on_progress=on_progress)
        )


class Video(_Resource):
    """POST /video/generations."""

    def create(
        self,
        *,
        model: str,
        prompt: str,
        duration: float | None = None,
        resolution: str | None = None,
        image: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> wire.MediaResponse:
        """Video; `duration` in seconds. `on_progress` is called on the client's thread. Raises `ApiError`."""
        asked = self._client.video.create(
            model=model, prompt=prompt, duration=duration, resolution=resolution, image=image, on_progress=on_progress
        )
        return self._background.run(asked)


class Chat:
    """Conversations."""

    def __init__(self, background: _Background, client: AsyncAIModels) -> None:
        self.completions = ChatCompletions(background, client)


class Code:
    """Program text."""

    def __init__(self, background: _Background, client: AsyncAIModels) -> None:
        self.completions = CodeCompletions(background, client)


class AIModels:
    """The AI API for code without an event loop, or with one of its own. Closes itself at the end of the program."""

    def __init__(
        self,
        *,
        api_key: str | SecretStr,
        base_url: str = reference.BASE_URL,
        flavor: wire.Flavor = "aimodels",
        streaming: bool = False,
        timeout: float = 120.0,
        media_timeout: float = 900.0,
        on_call: Callable[[Call], None] | None = None,
    ) -> None:
        """The arguments of `AsyncAIModels`. Raises `ConfigurationError` for a key that can't be sent."""
        client = AsyncAIModels(
            api_key=api_key,
            base_url=base_url,
            flavor=flavor,
            streaming=streaming,
            timeout=timeout,
            media_timeout=media_timeout,
            on_call=on_call,
        )
        background = _Background()
        self.chat = Chat(background, client)
        self.code = Code(background, client)
        self.images = Images(background, client)
        self.audio = Audio(background, client)
        self.video = Video(background, client)
        self._client = client
        self._background = background
        self._finalizer = weakref.finalize(self, background.close, client)

    @property
    def budget(self) -> Budget:
        """The rate limit as last told."""
        return self._client.budget

    def verify(self, model: str = reference.MODELS["chat"]) -> None:
        """Prove the key without spending. Raises `ApiError`."""
        self._background.run(self._client.verify(model))

    def close(self) -> None:
        """Close the connections and end the client's thread."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


async def _next(deltas: AsyncIterator[wire.ChatDelta]) -> wire.ChatDelta | None:
    return await anext(deltas, None)
