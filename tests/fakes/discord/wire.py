"""A Discord over real sockets: REST, gateway and CDN on one port, and the people who use it."""

from typing import Any, Self

from aiohttp import web

from tests.fakes.discord.gateway import Gateway
from tests.fakes.discord.rest import Rest
from tests.fakes.discord.values import ADA, CHANNEL, DM, GUILD, ME, Json, member, snowflake, user
from tests.fakes.discord.world import World


class Wire(World):
    """What Discord knows, whom it talks to, and what people do there."""

    def __init__(self) -> None:
        super().__init__()
        self.gateway = Gateway(self)
        self.rest = Rest(self)

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/api/v10/{path:.*}", self.rest.answer)
        app.router.add_get("/gateway/", self.gateway.connect)
        app.router.add_get("/cdn/{name}", self._cdn)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.gateway.drop()
        await self._runner.cleanup()

    @property
    def api(self) -> str:
        """Where the REST API is, as `DISCORD_API_URL` says it."""
        return f"http://127.0.0.1:{self.port}/api/v10"

    def called(self, method: str, path: str) -> list[Any]:
        """The bodies of the calls whose path contains that."""
        return [body for m, p, body in self.rest.calls if m == method and path in p]

    async def _cdn(self, request: web.Request) -> web.Response:
        content = self.files.get(request.match_info["name"])
        return web.Response(status=404) if content is None else web.Response(body=content)

    # -- what people do

    async def say(self, channel: str, text: str, **more: Any) -> Json:
        """Somebody writes."""
        said = self.message(channel, text, **more)
        await self.gateway.dispatch("MESSAGE_CREATE", said)
        return said

    async def open_thread(self, number: str, *, owner: str, parent: str = CHANNEL, tell: bool = True) -> None:
        """A thread is there."""
        self.threads[number] = {
            "id": number,
            "guild_id": GUILD,
            "parent_id": parent,
            "owner_id": owner,
            "name": "a thread",
            "type": 11,
            "last_message_id": None,
            "message_count": 0,
            "member_count": 1,
            "flags": 0,
            "rate_limit_per_user": 0,
            "thread_metadata": {
                "archived": False,
                "auto_archive_duration": 1440,
                "archive_timestamp": "2026-01-05T00:49:57.102205+00:00",
                "locked": False,
            },
        }
        if tell:
            await self.gateway.dispatch("THREAD_CREATE", self.threads[number])

    async def interact(self, kind: int, data: Json, *, channel: str = CHANNEL, **more: Any) -> Json:
        """Somebody uses a command, a button or a form."""
        number = snowflake()
        told: Json = {
            "id": number,
            "application_id": ME,
            "type": kind,
            "token": f"token{number}",
            "version": 1,
            "data": data,
            "channel_id": channel,
            "locale": "zh-TW",
            "attachment_size_limit": 10485760,
            "authorizing_integration_owners": {"0": GUILD},
            "app_permissions": str(self.permissions),
            "entitlements": [],
            "context": 0,
        }
        if channel == DM:
            told |= {"user": user(ADA, "Ada"), "context": 1, "channel": {"id": DM, "type": 1}}
        else:
            where = self.threads.get(channel) or {"id": channel, "type": 0, "name": "general", "position": 0}
            told |= {
                "guild_id": GUILD,
                "guild": {"id": GUILD, "locale": "en-US", "features": []},
                "channel": {"guild_id": GUILD, **where},
                "member": {**member(ADA), "permissions": "2147483647"},
            }
        told |= more
        await self.gateway.dispatch("INTERACTION_CREATE", told)
        return told
