"""Discord simulator: REST, gateway and CDN on one port, and the people who use it. discord.py runs against it.

    async with DiscordSimulator() as simulator:     # DISCORD_API_URL=simulator.api, DISCORD_TOKEN=TOKEN
        question = await simulator.say(CHANNEL, f"<@{ME}> hello")
        await simulator.until(lambda: simulator.bot_messages(question["id"]))   # in the thread opened at the question

Actions of people: `say`, `edit`, `delete`, `interact`, `open_thread`, `close_thread`, `delete_channel`, `add_role`.
Refusals: `deny`, `refuses_dms`, `old`, `creates`, `cdn.limit`, `cdn.total`, `cdn.expire()`. Faults:
`rest.limits.allow` and `.refuse` (429), `rest.fail`, `rest.cut`, `rest.hook` (before and after each effect);
`interactions[token].is_late` and `.is_expired`; `gateway.drop`, `.reconnect`, `.invalidate`, `.replay`, `.rewinds`,
`.is_stalled`, `.is_dead`, `.is_away`. Records: `rest.calls`, `bot_messages`, `history`, `viewers`, `typing`,
`reactions`, `commands`.
"""

from typing import Any, Self

from aiohttp import web

from simulators.discord import application, channels, threads, webhooks
from simulators.discord.errors import Refused
from simulators.discord.gateway import Gateway
from simulators.discord.rest import Call, Rest
from simulators.discord.state import DiscordState, Interaction
from simulators.discord.values import ADA, CHANNEL, DIRECT, GROUP, GUILD, ME, Json, moment, snowflake, user


class DiscordSimulator(DiscordState):
    """Discord's state and servers, and the actions of its people. See the module's docstring.

    An async context manager that listens on a free port; `start` and `stop` do the same by hand.
    """

    def __init__(self) -> None:
        super().__init__()
        self.gateway = Gateway(self)
        self.rest = Rest(self)
        self.dispatch = self._echo

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> None:
        """Listen on a port of the loopback interface; 0: any free one. Raises `OSError` when it is taken."""
        app = web.Application(client_max_size=1 << 40)
        self.rest.add(app, [*application.ROUTES, *channels.ROUTES, *threads.ROUTES, *webhooks.ROUTES])
        self.rest.add(app, [("*", "{path:.*}", _nothing)])
        app.router.add_get("/gateway/", self.gateway.connect)
        app.router.add_get("/cdn/{name}", self.cdn.serve_file)
        app.router.add_get("/attachments/{channel}/{id}/{name}", self.cdn.serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.port = self.cdn.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close every connection."""
        await self.gateway.drop()
        await self._runner.cleanup()

    @property
    def api(self) -> str:
        """URL of the REST API, for `DISCORD_API_URL`."""
        return f"http://127.0.0.1:{self.port}/api/v10"

    @property
    def environment(self) -> dict[str, str]:
        """Settings that connect an app to this simulator, by environment variable."""
        return {"DISCORD_TOKEN": self.gateway.token, "DISCORD_API_URL": self.api}

    @property
    def files(self) -> dict[str, bytes]:
        """Files served at `/cdn/{name}`, by name."""
        return self.cdn.files

    def called(self, method: str, path: str) -> list[Any]:
        """The bodies of the calls whose path contains `path`."""
        return [call.body for call in self.rest.calls if call.method == method and path in call.path]

    def bot_messages(self, channel: str) -> list[Json]:
        """The bot's public messages in a channel, oldest first."""
        return [message for message in self.history(channel) if message["author"]["id"] == ME]

    async def _echo(self, event: str, data: Json) -> None:
        await self.gateway.dispatch(event, data, is_own=True)

    # -- what people do

    async def say(self, channel: str, text: str, **more: Any) -> Json:
        """Write a message."""
        said = self.message(channel, text, **more)
        if channel in self.threads:
            self.threads[channel]["thread_metadata"]["archived"] = False
        await self.gateway.dispatch("MESSAGE_CREATE", said)
        return said

    async def edit(self, message: Json, text: str) -> None:
        """Edit a message."""
        message |= {"content": text, "edited_timestamp": moment(snowflake())}
        await self.gateway.dispatch("MESSAGE_UPDATE", message)

    async def delete(self, message: Json) -> None:
        """Delete a message."""
        self.drop(message)
        fields = {"id": message["id"], "channel_id": message["channel_id"]}
        guild = self.guild_of(message["channel_id"])
        await self.gateway.dispatch("MESSAGE_DELETE", {**fields, "guild_id": guild} if guild else fields)

    async def open_thread(self, number: str, *, owner: str, parent: str = CHANNEL, tell: bool = True) -> None:
        """Open a thread."""
        thread = self.add_thread(number, "a thread", owner=owner, parent=parent)
        if tell:
            await self.gateway.dispatch("THREAD_CREATE", thread)

    async def close_thread(self, number: str, *, is_locked: bool = False) -> None:
        """Archive a thread; a locked one can only be reopened by moderators."""
        self.threads[number]["thread_metadata"] |= {"archived": True, "locked": is_locked}
        await self.gateway.dispatch("THREAD_UPDATE", self.threads[number])

    async def add_role(self, number: str, name: str) -> None:
        """Add a role to the server."""
        self.roles[number] = name
        await self.gateway.dispatch("GUILD_ROLE_CREATE", {"guild_id": GUILD, "role": self.guild()["roles"][-1]})

    async def deny(self, channel: str, permissions: int) -> None:
        """Take permissions from the bot in a channel."""
        self.denied[channel] = permissions
        await self.gateway.dispatch("CHANNEL_UPDATE", self.channel(channel))

    async def deny_everybody(self, permissions: int) -> None:
        """Take permissions from the role that everybody has; the bot has a role that gives them.

        https://docs.discord.com/developers/events/gateway-events#guild-role-update
        """
        self.denied_to_everybody = permissions
        for role in self.guild()["roles"][:2]:
            await self.gateway.dispatch("GUILD_ROLE_UPDATE", {"guild_id": GUILD, "role": role})

    async def rename_channel(self, number: str, name: str) -> None:
        """Give a channel another name."""
        self.channels[number]["name"] = name
        await self.gateway.dispatch("CHANNEL_UPDATE", self.channel(number))

    async def remove_app(self) -> None:
        """Remove the app from the server."""
        await self.gateway.dispatch("GUILD_DELETE", {"id": GUILD})

    async def delete_channel(self, number: str) -> None:
        """Delete a channel or thread with its messages."""
        thread = self.threads.pop(number, None)
        gone = thread or self.channels.pop(number)
        lost = self.messages.pop(number, ())
        self.originals = {token: one for token, one in self.originals.items() if all(one is not m for m in lost)}
        await self.gateway.dispatch("THREAD_DELETE" if thread else "CHANNEL_DELETE", gone)

    async def interact(self, kind: int, data: Json, *, channel: str = CHANNEL, **more: Any) -> Json:
        """Use a command, a button or a modal."""
        number = snowflake()
        payload: Json = {
            "id": number,
            "application_id": ME,
            "type": kind,
            "token": f"token{number}",
            "version": 1,
            "data": data,
            "channel_id": channel,
            "locale": "zh-TW",
            "attachment_size_limit": self.cdn.limit,
            "authorizing_integration_owners": {"0": GUILD},
            "app_permissions": str(self.permissions),
            "entitlements": [],
            "context": 0,
        }
        where = self.threads.get(channel) or self.channels.get(channel, {"id": channel, "type": 0, "name": "elsewhere"})
        if where["type"] == DIRECT:
            payload |= {"user": user(ADA, "Ada"), "context": 1, "channel": {"id": channel, "type": 1}}
        elif where["type"] == GROUP:  # of what a person has installed for themselves
            # https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object
            payload |= {"user": user(ADA, "Ada"), "context": 2, "channel": where, "app_permissions": "0"}
            payload["authorizing_integration_owners"] = {"1": ADA}
        else:
            guild = self.guild_of(channel) or GUILD
            payload |= {
                "guild_id": guild,
                "guild": {"id": guild, "locale": "en-US", "features": []},
                "channel": {"guild_id": guild, "position": 0, **where},
                "member": {**self.member(ADA), "permissions": "2147483647"},
            }
        payload |= more
        self.interactions[payload["token"]] = Interaction(payload)
        await self.gateway.dispatch("INTERACTION_CREATE", payload)
        return payload


async def _nothing(state: DiscordState, call: Call) -> None:
    raise Refused(404, 0, "404: Not Found")
