"""A browser without a screen: cookies, forms and their tokens, over real connections."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import aiohttp

from bot import web_servers
from bot.ops.web import WebServer
from bot.security.keys import signing_key
from bot.sign_in.links import LinkSigner, link
from bot.sign_in.visitor import Visitor
from tests.support.service import Service, service

OPERATOR = Visitor(is_operator=True)


@dataclass(slots=True)
class Shown:
    """A response."""

    status: int
    text: str
    headers: Mapping[str, str]  #: whatever the case of their names
    url: str

    @property
    def words(self) -> str:
        """What a reader sees, in one line."""
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", self.text)))


@dataclass(slots=True)
class Pages:
    """The pages of a running service, and one browser."""

    service: Service
    base: str
    server: WebServer
    http: aiohttp.ClientSession = field(repr=False)

    def link(self, visitor: Visitor = OPERATOR) -> str:
        """Return a new link for somebody."""
        return link(self.base, LinkSigner(signing_key(self.service.core.settings)).sign(visitor))

    async def get(self, path: str, **headers: str) -> Shown:
        """Open a page."""
        return await self._request("GET", path, headers=headers)

    async def peek(self, path: str) -> Shown:
        """Open a page without following where it leads; of a stream return the first event."""
        async with self.http.get(self.base + path, allow_redirects=False) as response:
            is_stream = response.content_type == "text/event-stream"
            body = await (response.content.readuntil(b"\n\n") if is_stream else response.read())
            return Shown(response.status, body.decode("utf-8", "replace"), response.headers, str(response.url))

    async def post(
        self, path: str, fields: Mapping[str, str | Sequence[str]], *, token: str | None = None, **headers: str
    ) -> Shown:
        """Send a form as a page of ours does. `token`: in place of the one that the first page has."""
        given = [
            (name, one) for name, value in fields.items() for one in ([value] if isinstance(value, str) else value)
        ]
        if token is None:
            found = re.search(r'name="token" value="(\w+)"', (await self.get("/cockpit/sessions")).text)
            token = found[1] if found else ""
        sent = {"Origin": self.base, **headers}
        return await self._request("POST", path, data=[("token", token), *given], headers=sent)

    async def submit(self, url: str, fields: dict[str, str]) -> Shown:
        """Send a form of a page that is not ours."""
        return await self._request("POST", url, data=fields)

    async def sign_in(self, visitor: Visitor = OPERATOR, *, url: str = "") -> Shown:
        """Open a link and press its button."""
        self.http.cookie_jar.clear()
        page = await self.get(url or self.link(visitor))
        [token] = re.findall(r'name="link" value="([^"]+)"', page.text)
        return await self.post("/cockpit/enter", {"link": unescape(token)}, token="")

    async def _request(self, method: str, path: str, **more: Any) -> Shown:
        url = path if path.startswith("http") else self.base + path
        async with self.http.request(method, url, **more) as response:
            return Shown(
                response.status, (await response.read()).decode("utf-8", "replace"), response.headers, str(response.url)
            )


@asynccontextmanager
async def pages(folder: Path, **settings: Any) -> AsyncIterator[Pages]:
    """Run the service with its web server, on a free port."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with (
        service(folder, bot_port=0, **settings) as one,
        web_servers.web_server(one.core) as server,
        aiohttp.ClientSession(cookie_jar=jar) as http,
    ):
        assert server is not None
        yield Pages(one, f"http://127.0.0.1:{server.port}", server, http)
