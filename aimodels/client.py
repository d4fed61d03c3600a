"""The asynchronous client. `sync.py` is generated from this module and `resources.py`."""

import math
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from types import TracebackType
from typing import Self

import httpx
from pydantic import SecretStr

from aimodels import reference
from aimodels.errors import ConfigurationError
from aimodels.generations import ApiProfile
from aimodels.openai.probe import lacks_speech, missing_kinds, verify
from aimodels.openai.transcriptions import AsyncTranscriptions
from aimodels.rate_limiter import RateLimiter
from aimodels.request import ApiSession, Call, Caller, OnWait
from aimodels.resources import AsyncAudio, AsyncChat, AsyncCode, AsyncImages, AsyncModerations, AsyncVideo
from aimodels.responses import Flavor
from aimodels.timing import Timing
from aimodels.transport import open_http


class AsyncAIModels:
    """Asynchronous client of the AI Models API.

    Every call raises `ApiError`, ends within its timeout, and closes its connection when it is cancelled.
    """

    def __init__(
        self,
        *,
        api_key: str | SecretStr | None = None,
        base_url: str | None = None,
        baseURL: str | None = None,  # noqa: N803 (as the SDK for Node spells it)
        flavor: Flavor = "aimodels",
        streaming: bool = False,
        speech: bool = False,
        timeout: float = 120.0,
        media_timeout: float = 900.0,
        timing: Timing | None = None,
        http: httpx.AsyncBaseTransport | None = None,
        on_call: Callable[[Call], None] | None = None,
    ) -> None:
        """Make a client; it connects at its first call.

        - `api_key`: the API key; default: the environment variable `AIMODELS_API_KEY`.
        - `base_url` (also `baseURL`): the API's address with its version; default: the environment variable
          `AIMODELS_BASE_URL`, else the reference's.
        - `flavor`: "aimodels" for answers in the reference's envelope, "openai" for OpenAI-compatible servers.
        - `streaming`: let `chat.completions.stream` ask for server-sent events, which the reference does not document.
        - `speech`: the server has OpenAI's /audio/speech and /audio/transcriptions, as with the flavour openai.
        - `timeout`: seconds for a chat or code call, retries and waits included.
        - `media_timeout`: seconds for an image, audio or video call, polling included.
        - `timing`: pauses between retries and polls.
        - `http`: an httpx transport to use; the caller closes it.
        - `on_call`: called with each try of a request, for metrics.

        Raises `ConfigurationError` without a usable key.
        """
        given = api_key.get_secret_value() if isinstance(api_key, SecretStr) else api_key
        key = (given if given is not None else os.environ.get("AIMODELS_API_KEY", "")).strip()
        if not key or not key.isascii() or not key.isprintable():
            raise ConfigurationError("the API key is empty or has characters that no key has")
        address = base_url or baseURL or os.environ.get("AIMODELS_BASE_URL") or reference.BASE_URL
        self._http = http or open_http(address)
        self._owns_http = http is None
        self._api = ApiProfile(
            ApiSession(key=key, base_url=address, http=self._http, on_call=on_call, timing=timing or Timing()),
            flavor,
            streaming,
            timeout,
            media_timeout,
            has_speech=speech or flavor == "openai",
        )
        self._caller = Caller()

    def for_caller(
        self,
        name: str,
        *,
        on_wait: OnWait | None = None,
        on_post: Callable[[bool], None] | None = None,
        before_post: Callable[[], Awaitable[None]] | None = None,
    ) -> "AsyncAIModels":
        """A view of this client for one person.

        Waiting calls are served in turn between persons; each wait is reported to `on_wait` as seconds and a reason
        ("rate_limit" or "retry"). `on_post` is called with True before a request is posted, and with False when the API
        refuses it or can't be reached. `before_post` is awaited before that; an error that it raises ends the call. The
        view shares connections and rate limiter; closing it does nothing.
        """
        return self._view(Caller(name, on_wait, on_post, before_post))

    def with_limits(self, name: str, *, longest_wait: float = math.inf) -> "AsyncAIModels":
        """A view of this client, or of a caller's view, with another rate limit.

        `name`: of a rate limit of its own, such as a model's that the API counts separately; "": the one that all
        callers share. A call that would wait for it for more than `longest_wait` seconds fails with `RateLimited`.
        """
        limiter = self._api.session.limiter_of(name)
        return self._view(replace(self._caller, longest_wait=longest_wait, limiter=limiter))

    def _view(self, caller: Caller) -> "AsyncAIModels":
        view = AsyncAIModels.__new__(AsyncAIModels)
        view.__dict__.update(self.__dict__)
        view._owns_http = False  # noqa: SLF001 (its own kind)
        view._caller = caller  # noqa: SLF001 - of the same class
        return view

    @property
    def chat(self) -> AsyncChat:
        """Conversations."""
        return AsyncChat(self._api, self._caller)

    @property
    def code(self) -> AsyncCode:
        """Program code."""
        return AsyncCode(self._api, self._caller)

    @property
    def images(self) -> AsyncImages:
        """Images."""
        return AsyncImages(self._api, self._caller)

    @property
    def audio(self) -> AsyncAudio:
        """Audio."""
        return AsyncAudio(self._api, self._caller)

    @property
    def video(self) -> AsyncVideo:
        """Videos."""
        return AsyncVideo(self._api, self._caller)

    @property
    def moderations(self) -> AsyncModerations:
        """Moderation: an OpenAI-compatible server says which texts it flags."""
        return AsyncModerations(self._api, self._caller)

    @property
    def transcriptions(self) -> AsyncTranscriptions:
        """Transcriptions: a server with OpenAI's endpoint says what is said in a sound file."""
        return AsyncTranscriptions(self._api, self._caller)

    @property
    def base_url(self) -> str:
        """Address of the API."""
        return self._api.session.base_url

    @property
    def rate_limiter(self) -> RateLimiter:
        """The rate limit that all callers share: `limit`, `remaining`, `reset_at`, `waiting`."""
        return self._api.session.rate_limiter

    async def verify(self, model: str = reference.MODELS["chat"]) -> None:
        """Check address, key, flavor and model without spending: send a chat request that has no messages.

        The API refuses it only after it accepted the key. Raises `AuthenticationFailed` or `NotPermitted` for the key,
        `BadRequest` for an address without chat or an unknown model, else another `ApiError`.
        """
        api = self._api
        await verify(api.session, self._caller, api.flavor, model, min(api.timeout, api.session.timing.verify))

    async def missing_kinds(self) -> frozenset[reference.Kind]:
        """Return the kinds of content that the server has no endpoint for, found by requests that it must refuse.

        Always empty with the flavour aimodels, whose reference has them all. Raises `ApiError`.
        """
        api = self._api
        if api.flavor == "aimodels":
            return frozenset()
        return await missing_kinds(api.session, self._caller, min(api.timeout, api.session.timing.verify))

    async def lacks_speech(self) -> bool:
        """Return whether the server has no /audio/speech, found by a request that it must refuse. Raises `ApiError`."""
        api = self._api
        return await lacks_speech(api.session, self._caller, min(api.timeout, api.session.timing.verify))

    async def aclose(self) -> None:
        """Close the connections."""
        if self._owns_http:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
