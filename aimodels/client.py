"""The asynchronous client: one for the whole service, with a light view for each person who asks."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

import httpx
from pydantic import SecretStr

from aimodels import reference
from aimodels.errors import BadRequest, ConfigurationError, UnexpectedAnswer
from aimodels.rate_limiter import Budget
from aimodels.request import Call, Caller, Calls, OnWait
from aimodels.resources import Audio, Chat, Code, Images, Server, Video
from aimodels.transport import open_http
from aimodels.wire import Flavor

_VERIFY_TIMEOUT = 30.0  #: seconds


class AsyncAIModels:
    """The AI API. Every call raises `ApiError`, ends within its time-out, and closes its connection when cancelled."""

    def __init__(
        self,
        *,
        api_key: str | SecretStr,
        base_url: str = reference.BASE_URL,
        flavor: Flavor = "aimodels",
        streaming: bool = False,
        timeout: float = 120.0,
        media_timeout: float = 900.0,
        http: httpx.AsyncBaseTransport | None = None,
        on_call: Callable[[Call], None] | None = None,
    ) -> None:
        """Time-outs in seconds, retries and waits included. A transport given as `http` stays the caller's to close.

        Raises `ConfigurationError` for a key that can't be sent.
        """
        key = (api_key.get_secret_value() if isinstance(api_key, SecretStr) else api_key).strip()
        if not key or not key.isascii() or not key.isprintable():
            raise ConfigurationError("the API key is empty or has characters that no key has")
        self._http = http or open_http(base_url)
        self._is_owner = http is None
        self._server = Server(
            Calls(key=key, base_url=base_url, http=self._http, on_call=on_call),
            flavor,
            streaming,
            timeout,
            media_timeout,
        )
        self._caller = Caller()

    def for_caller(self, person: str, *, on_wait: OnWait | None = None) -> "AsyncAIModels":
        """A view for one person: their calls wait in turn with other people's, and each wait is told to `on_wait`.

        It shares connections and budget with this client; closing it does nothing.
        """
        view = AsyncAIModels.__new__(AsyncAIModels)
        view.__dict__.update(self.__dict__)
        view._is_owner = False  # noqa: SLF001 (its own kind)
        view._caller = Caller(person, on_wait)  # noqa: SLF001
        return view

    @property
    def chat(self) -> Chat:
        """Conversations."""
        return Chat(self._server, self._caller)

    @property
    def code(self) -> Code:
        """Program text."""
        return Code(self._server, self._caller)

    @property
    def images(self) -> Images:
        """Pictures."""
        return Images(self._server, self._caller)

    @property
    def audio(self) -> Audio:
        """Sound."""
        return Audio(self._server, self._caller)

    @property
    def video(self) -> Video:
        """Moving pictures."""
        return Video(self._server, self._caller)

    @property
    def base_url(self) -> str:
        """Address of the API."""
        return self._server.calls.base_url

    @property
    def budget(self) -> Budget:
        """The rate limit shared by all callers: `limit`, `remaining`, `reset_at`, `waiting`."""
        return self._server.calls.budget

    async def verify(self, model: str = reference.MODELS["chat"]) -> None:
        """Prove the key without spending: ask for an answer to nothing, which is refused only after the key was taken.

        Raises `AuthenticationFailed` or `NotPermitted` for a key that is not good, `BadRequest` for an address where
        there is no chat or a model that it does not have, else any other `ApiError`.
        """
        server = self._server
        brief = Server(server.calls, server.flavor, False, min(server.timeout, _VERIFY_TIMEOUT), server.media_timeout)
        try:
            await Chat(brief, self._caller).completions.probe(model)
        except BadRequest as exc:
            if exc.is_absence or exc.is_about_model:
                raise
            if exc.is_enveloped and server.flavor == "openai":
                raise UnexpectedAnswer("the API answers in an envelope; the flavour aimodels reads those") from exc
            if not exc.is_enveloped and server.flavor == "aimodels":
                raise UnexpectedAnswer("the API answers without an envelope; the flavour openai reads those") from exc

    async def aclose(self) -> None:
        """Close the connections."""
        if self._is_owner:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
