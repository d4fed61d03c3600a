"""The web server: health, metrics, and files by signed links."""

import asyncio
import json
import signal
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.background import BackgroundLoops
from bot.errors import SettingsError
from bot.media import Spool
from bot.ops.status import StatusEndpoints, closed_status_routes, find_problem
from bot.ops.web import WebServer, create_ops, create_web, is_served_by_us, listen
from bot.settings.roles import ALL_ROLES
from bot.sign_in.address import host_of_this_machine
from bot.store.sqlite.store import SqliteStore
from bot.telemetry.metrics import Metrics

TOKEN = "an-operators-own-token"


@dataclass(frozen=True)
class RateLimiter:
    limit: int | None = 60
    remaining: int | None = 5
    waiting: int = 0


@dataclass(frozen=True)
class Api:
    rate_limiter: RateLimiter = field(default_factory=RateLimiter)


@dataclass(frozen=True)
class Call:
    endpoint: str = "/chat/completions"
    status: int | None = 503
    seconds: float = 0.1
    attempt: int = 1


@dataclass(frozen=True)
class Service:
    store: SqliteStore
    spool: Spool
    metrics: Metrics
    problems: dict[str, str]
    url: str
    ops: str  #: URL of the operator's port
    http: aiohttp.ClientSession

    async def get(self, path: str, *, status: int = 200, is_public: bool = False, token: str = "") -> str:
        headers = {"Authorization": token} if token else {}
        async with self.http.get((self.url if is_public else self.ops) + path, headers=headers) as response:
            text = await response.text()
            assert response.status == status, text
            return text


@asynccontextmanager
async def running(folder: Path, *, token: bool = False) -> AsyncIterator[Service]:
    async def hook(_: Request) -> Response:
        return PlainTextResponse("a platform's own")

    problems = {"here": ""}
    spool = Spool(folder / "media", secret=SecretStr("k"), max_bytes=1000, timeout=5, public_url="https://bot.example")
    async with SqliteStore(folder / "bot.db") as store, spool, aiohttp.ClientSession() as http:
        metrics = Metrics(("chat",))
        status = StatusEndpoints(
            roles=ALL_ROLES,
            queue=store,
            journal=store,
            maintenance=store,
            spool=spool,
            api=Api(),
            metrics=metrics,
            health={"here": lambda: problems["here"]},
            token=SecretStr(TOKEN) if token else None,
        ).routes()
        web = create_web(
            spool=spool,
            status=status if token else closed_status_routes(),
            routes=[Route("/hook", hook, methods=["POST"])],
        )
        async with (
            WebServer(web, host="127.0.0.1", port=0) as server,
            WebServer(create_ops(status), host="127.0.0.1", port=0) as ops,
        ):
            url, ops_url = (f"http://127.0.0.1:{one.port}" for one in (server, ops))
            yield Service(store, spool, metrics, problems, url, ops_url, http)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(tmp_path) as service:
        yield service


async def test_health_needs_nothing(service: Service) -> None:
    """`/healthz` succeeds while the process answers."""
    assert json.loads(await service.get("/healthz")) == {"status": "alive"}


async def test_the_first_page_says_what_this_is(service: Service) -> None:
    """Who opens the address in a browser is not left with a 404, on either port."""
    for is_public in (True, False):
        assert "/healthz" in await service.get("/", is_public=is_public)


async def test_ready_when_everything_works(service: Service) -> None:
    """`/readyz` reports every part."""
    body = json.loads(await service.get("/readyz"))
    parts = {"database": "ok", "files": "ok", "api": "ok", "loops": "ok", "platforms": {"here": "ok"}}
    assert body == {"status": "ready", "roles": list(ALL_ROLES), **parts}


async def test_a_platform_in_trouble_is_not_ready(service: Service) -> None:
    """`/readyz` answers 503 with the platform's problem, until it works again."""
    service.problems["here"] = "not connected"
    body = json.loads(await service.get("/readyz", status=503))
    assert (body["status"], body["platforms"]) == ("not ready", {"here": "not connected"})
    service.problems["here"] = ""
    await service.get("/readyz")


async def test_a_database_in_trouble_is_not_ready(service: Service, tmp_path: Path) -> None:
    """`/readyz` reports a database that can't be written; `/healthz` succeeds nevertheless."""
    other = sqlite3.connect(tmp_path / "bot.db", isolation_level=None)
    try:
        other.execute("BEGIN EXCLUSIVE")
        body = json.loads(await service.get("/readyz", status=503))
        assert body["database"] != "ok"
        await service.get("/healthz")
    finally:
        other.close()


async def test_a_check_that_can_not_be_stopped_keeps_nobody_waiting() -> None:
    """A driver whose server is silent obeys no cancellation for a while."""
    ends = asyncio.Event()

    async def check() -> None:
        while not ends.is_set():
            with suppress(asyncio.CancelledError):
                await ends.wait()

    assert await find_problem(check, 0.01) == "no answer within 0.01 s"
    ends.set()


async def test_an_api_in_trouble_is_reported(service: Service) -> None:
    """The service stays ready, but degraded, as events wait on disk."""
    service.metrics.api_call(Call())
    body = json.loads(await service.get("/readyz"))
    assert body["status"] == "degraded"
    assert "503" in body["api"]


async def test_the_public_port_is_alive_and_says_no_more(service: Service) -> None:
    """On the web server's own port `/metrics` and `/readyz` are closed, and say what opens them."""
    assert json.loads(await service.get("/healthz", is_public=True)) == {"status": "alive"}
    for path in ("/metrics", "/readyz"):
        text = await service.get(path, status=404, is_public=True)
        assert "BOT_OPS_PORT" in text
        assert "bot_" not in text


async def test_a_token_opens_them(tmp_path: Path) -> None:
    """With a token set, who sends it reads them on either port, and nobody else does on any."""
    async with running(tmp_path, token=True) as service:
        for is_public in (True, False):
            for path in ("/metrics", "/readyz"):
                for wrong in ("", "Bearer", f"Bearer {TOKEN}x", TOKEN, f"Basic {TOKEN}", "Bearer \xe9"):
                    text = await service.get(path, status=401, is_public=is_public, token=wrong)
                    assert "BOT_OPS_TOKEN" in text
                await service.get(path, is_public=is_public, token=f"Bearer {TOKEN}")
            await service.get("/healthz", is_public=is_public)


async def test_metrics_are_shown(service: Service) -> None:
    """`/metrics` has the current values of store and client."""
    text = await service.get("/metrics")
    assert "bot_queue_waiting 0.0" in text
    assert "bot_api_rate_limit_remaining 5.0" in text


async def test_a_link_gives_the_file(service: Service) -> None:
    """The file is sent whole, as an attachment with its true type and no sniffing."""
    media = await service.spool.write("pic.png", b"\x89PNG" * 10, content_type="image/png", event="e")
    link = service.spool.link(media).removeprefix("https://bot.example")
    async with service.http.get(service.url + link) as response:
        assert await response.read() == b"\x89PNG" * 10
        assert response.headers["Content-Type"] == "image/png"
        assert response.headers["Content-Disposition"] == 'attachment; filename="pic.png"'
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    page = await service.spool.write("page.html", "<script>", content_type="text/html", event="e")
    async with service.http.get(service.url + service.spool.link(page).removeprefix("https://bot.example")) as response:
        assert response.headers["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(
    "path",
    [
        "/media/x/a.png",
        "/media/",
        "/media/..%2f..%2fbot.db/x",
        "/media/%2e%2e/bot.db",
        "/../bot.db",
        "/media//",
        "/nope",
    ],
)
async def test_no_other_path_gives_a_file(service: Service, path: str) -> None:
    """No file is served without its token."""
    host, port = service.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 404")


async def test_routes_of_platforms_are_served(service: Service) -> None:
    """A platform's routes are mounted."""
    async with service.http.post(service.url + "/hook") as response:
        assert await response.text() == "a platform's own"


async def test_a_used_port_is_a_settings_error(service: Service) -> None:
    """The error names the setting, the port, and the remedy."""
    port = int(service.url.rpartition(":")[2])
    with pytest.raises(SettingsError, match=rf"BOT_PORT: port {port} .* is taken.*choose another"):
        async with WebServer(Starlette(), host="127.0.0.1", port=port):
            pass


def test_answers_in_pieces_wait_for_no_acknowledgement() -> None:
    """Connections send at once: else each answer of a connection that stays open takes 40 ms more."""
    with listen("127.0.0.1", 0, "BOT") as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_a_foreign_address_is_a_settings_error() -> None:
    """The error names the setting of an address that can't be listened on."""
    with pytest.raises(SettingsError, match="BOT_HOST"):
        async with WebServer(Starlette(), host="203.0.113.9", port=0):
            pass


async def test_the_port_is_free_afterwards() -> None:
    """On exit the port is free again, and signal handlers are unchanged."""
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    async with WebServer(Starlette(), host="127.0.0.1", port=0) as server:
        port = server.port
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
    async with WebServer(Starlette(), host="127.0.0.1", port=port) as server:
        assert server.port == port


async def test_a_web_server_that_fails_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """It listens on its port as before, and the failure is reported as that of any background loop."""
    on_tick, failed = uvicorn.Server.on_tick, asyncio.Event()

    async def tick(server: uvicorn.Server, counter: int) -> bool:
        if not failed.is_set():
            raise KeyError("a defect")
        return await on_tick(server, counter)

    monkeypatch.setattr(uvicorn.Server, "on_tick", tick)
    loops = BackgroundLoops(first=0.0, on_failure=lambda _: failed.set())
    async with WebServer(create_ops(()), host="127.0.0.1", port=0, loops=loops) as server:
        await failed.wait()
        assert await is_served_by_us("127.0.0.1", server.port)
        assert loops.failing == [f"web server on port {server.port}"]
    assert not await is_served_by_us("127.0.0.1", server.port)


async def test_a_port_of_a_running_service_is_told_from_anothers() -> None:
    """`check` finds fault with a port that another program has, not with the service's own."""
    async with WebServer(create_ops(()), host="127.0.0.1", port=0) as ours:
        assert await is_served_by_us("0.0.0.0", ours.port)
    assert not await is_served_by_us("127.0.0.1", ours.port)
    asked = [host_of_this_machine(host) for host in ("::", "::1", "192.0.2.2", "2001:db8::2", "localhost")]
    assert asked == ["[::1]", "[::1]", "192.0.2.2", "[2001:db8::2]", "localhost"]
    other = Starlette(routes=[Route("/healthz", lambda _: PlainTextResponse("fine"))])
    async with WebServer(other, host="127.0.0.1", port=0) as theirs:
        assert not await is_served_by_us("127.0.0.1", theirs.port)
