"""The AI APIs that workspaces bring themselves: sealed in the database, used for their own requests only."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import aiohttp
import httpx
import structlog

from aimodels import AsyncAIModels, Call, Timing
from aimodels.responses import Flavor
from aimodels.transport import AiohttpTransport, open_http
from bot.errors import UsageError
from bot.i18n import translate
from bot.media.network import Network
from bot.models import Event
from bot.ports import KeyValues, Namespace
from bot.scoped_settings.scopes import OWN_API, workspace_namespace
from bot.settings.api_endpoint import WrapTransport
from bot.settings.core import Settings
from bot.settings.groups.api import ORIGIN, PUBLIC
from bot.values import valueclass

if TYPE_CHECKING:
    from bot.security.token_cipher import TokenCipher

log = structlog.get_logger(__name__)

_MOST_CLIENTS = 1000


@valueclass(frozen=True, slots=True)
class OwnApi:
    """An API with its key."""

    url: str
    key: str
    flavor: Flavor

    def __repr__(self) -> str:
        """Leave out the key."""
        return f"OwnApi({self.url!r})"


class WorkspaceApis:
    """The clients of the workspaces that have an API of their own."""

    def __init__(
        self,
        settings: Settings,
        values: KeyValues,
        *,
        service_url: str,
        make_cipher: "Callable[[], TokenCipher]",
        on_call: Callable[[Call], None],
        timing: Timing | None = None,
        network: Network | None = None,
        wrap: WrapTransport | None = None,
    ) -> None:
        self._settings = settings
        self._values = values
        self.service_url = service_url
        self._make_cipher = make_cipher
        self._on_call = on_call
        self._timing = timing
        self._network = network or Network()
        self._clients: dict[str, AsyncAIModels] = {}  #: by sealed text
        self._wrap = wrap  #: of HTTP transports
        self._own_transports: list[httpx.AsyncBaseTransport] = []

    async def find(self, event: Event) -> OwnApi | None:
        """Return the API that the event's workspace has brought. Raises `StoreError`."""
        sealed = await self._sealed(event)
        return self._open(sealed) if sealed else None

    async def client_of(self, event: Event) -> AsyncAIModels | None:
        """Return the client of the event's workspace; None: it uses the service's.

        Raises `UsageError` for an API that can't be used any more, and `StoreError`.
        """
        sealed = await self._sealed(event)
        if not sealed:
            return None
        if (known := self._clients.get(sealed)) is not None:
            return known
        api = self._open(sealed)
        if api is None or not self.allows(api.url):  # never at the expense of the service's own key
            raise UsageError(translate("own_api.unusable", event.actor.locale))
        if len(self._clients) >= _MOST_CLIENTS:
            self._clients.pop(next(iter(self._clients)))
        http = self._open_transport(api.url)
        if http is not None:
            self._own_transports.append(http)
        client = self._clients[sealed] = self._make_client(api, http)
        return client

    def allows(self, url: str) -> bool:
        """Return whether the operator lets workspaces use an API at that address."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return False
        is_plain = not (parts.username or parts.password or parts.query or parts.fragment or port == 0)
        if not is_plain or not ORIGIN.fullmatch(_origin(url)):
            return False
        return self._is_trusted(url) or (PUBLIC in self._settings.bot_workspace_api_origins and parts.scheme == "https")

    async def verify(self, api: OwnApi, model: str) -> None:
        """Check an API at no cost. Raises `ApiError`, and `ConfigurationError` for a key that no header can carry."""
        http = self._open_transport(api.url)
        try:
            async with self._make_client(api, http) as client:
                await client.verify(model)
        finally:
            if http is not None:
                await http.aclose()

    def _open_transport(self, url: str) -> httpx.AsyncBaseTransport | None:
        """Return the transport to an API, which its user closes; None: the client opens and closes its own."""
        http: httpx.AsyncBaseTransport | None = None
        if not self._is_trusted(url):
            http = AiohttpTransport(self._public_session)
        return http if self._wrap is None else self._wrap(http or open_http(url))

    def _make_client(self, api: OwnApi, http: httpx.AsyncBaseTransport | None) -> AsyncAIModels:
        return AsyncAIModels(
            api_key=api.key,
            base_url=api.url,
            flavor=api.flavor,
            streaming=self._settings.aimodels_streaming,
            speech=self._settings.aimodels_speech and api.url == self._settings.aimodels_base_url,
            timeout=self._settings.aimodels_timeout,
            media_timeout=self._settings.aimodels_media_timeout,
            on_call=self._on_call,
            timing=self._timing,
            http=http,
        )

    async def keep(self, event: Event, api: OwnApi) -> None:
        """Let the event's workspace use this API from now on, in every process. Raises `StoreError`."""
        await self._namespace(event).set(OWN_API, self.seal(json.dumps(asdict(api))))

    async def remove(self, event: Event) -> bool:
        """Let the event's workspace use the service's API again; False: it did. Raises `StoreError`."""
        if not await self._sealed(event):
            return False
        await self._namespace(event).delete(OWN_API)
        return True

    def seal(self, text: str) -> str:
        """Encrypt a secret with the service's key."""
        return self._make_cipher().encrypt(text)

    def unseal(self, text: str) -> str | None:
        """Decrypt a secret; None: none of the service's keys can."""
        return self._make_cipher().decrypt(text)

    async def aclose(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            await client.aclose()
        for transport in self._own_transports:
            await transport.aclose()

    def _namespace(self, event: Event) -> Namespace:
        return self._values.namespace(workspace_namespace(event.adapter, event.location.workspace))

    async def _sealed(self, event: Event) -> str:
        if not event.location.workspace:
            return ""
        return (await self._namespace(event).items()).get(OWN_API, "")

    def _open(self, sealed: str) -> OwnApi | None:
        text = self.unseal(sealed)
        if text is None:
            log.warning("a workspace's API is not readable: it was encrypted with none of the keys")
            return None
        found = json.loads(text)
        return OwnApi(found["url"], found["key"], cast(Flavor, found["flavor"]))

    def _is_trusted(self, url: str) -> bool:
        """Return whether an address is the service's own API's, or one that the operator lists."""
        origin = _origin(url)
        return origin == _origin(self.service_url) or origin in self._settings.bot_workspace_api_origins

    def _public_session(self) -> aiohttp.ClientSession:
        connector = self._network.public_connector(reuses=True)
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
