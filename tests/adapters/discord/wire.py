"""A small Discord over real sockets, for what the receiving side needs; its gateway can be told to misbehave."""

import asyncio
import itertools
import json
import time
import zlib
from collections.abc import Callable
from typing import Any, Self

from aiohttp import WSMsgType, web

Json = dict[str, Any]

ME, ADA, BOB = "1457469483726668048", "1033044521375764530", "1033044521375764531"
GUILD, CHANNEL, OTHER, FORUM = (
    "1457468924290662599",
    "1457510428359004343",
    "1457510428359004344",
    "1457510428359004345",
)
ROLE = "1457473602180878604"
DM = "1457510428359009999"
TOKEN = "MTQ1NzQ2OTQ4MzcyNjY2ODA0OA.x.y"
MESSAGE_CONTENT = 1 << 18

_numbers = itertools.count()
#: view, send, in threads, create threads, attach, embed, history
ALL_PERMISSIONS = 1024 | 2048 | (1 << 38) | (1 << 35) | (1 << 15) | (1 << 14) | (1 << 16)


def snowflake() -> str:
    """A new id, made now."""
    return str((int((time.time() - 1420070400) * 1000) << 22) + next(_numbers) % 4096)


def user(number: str, name: str, *, bot: bool = False) -> Json:
    return {"id": number, "username": name, "global_name": name, "discriminator": "0", "avatar": None, "bot": bot}


class Wire:
    """What Discord knows, and whom it talks to."""

    def __init__(self) -> None:
        self.flags = MESSAGE_CONTENT
        self.permissions = ALL_PERMISSIONS
        self.refuses_intents = False
        self.is_deaf = False  #: events are kept to itself, heartbeats are answered
        self.messages: dict[str, list[Json]] = {}
        self.threads: dict[str, Json] = {}
        self.files: dict[str, bytes] = {}
        self.originals: dict[str, Json] = {}  #: what interactions were answered with, by token
        self.calls: list[tuple[str, str, Any]] = []  #: method, path, body
        self.identified: list[Json] = []
        self.resumed = 0
        self.sockets: list[web.WebSocketResponse] = []
        self.changed = asyncio.Condition()
        self._sent: list[Json] = []  #: dispatches of the session
        self._deflate: dict[web.WebSocketResponse, Any] = {}

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/api/v10/{path:.*}", self._rest)
        app.router.add_get("/gateway/", self._gateway)
        app.router.add_get("/cdn/{name}", self._cdn)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.api = f"http://127.0.0.1:{self.port}/api/v10"
        return self

    async def __aexit__(self, *_: object) -> None:
        for socket in list(self.sockets):
            await socket.close()
        await self._runner.cleanup()

    async def until(self, condition: Callable[[], Any], seconds: float = 20) -> Any:
        """Wait until the condition holds; what it returned."""
        async with asyncio.timeout(seconds), self.changed:
            await self.changed.wait_for(condition)
        return condition()

    async def _tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    def called(self, method: str, path: str) -> list[Any]:
        """The bodies of the calls whose path contains that."""
        return [body for m, p, body in self.calls if m == method and path in p]

    # -- gateway

    def _guild(self) -> Json:
        everyone = {"id": GUILD, "name": "@everyone", "permissions": str(self.permissions), "position": 0}
        own = {"id": ROLE, "name": "Muse", "permissions": "0", "position": 1, "tags": {"bot_id": ME}, "managed": True}
        rest = {"color": 0, "hoist": False, "managed": False, "mentionable": True, "flags": 0}
        text = {"type": 0, "position": 0, "permission_overwrites": [], "guild_id": GUILD, "nsfw": False}
        last = {c: self.messages[c][-1]["id"] if self.messages.get(c) else None for c in (CHANNEL, OTHER)}
        return {
            "id": GUILD,
            "name": "Lab",
            "owner_id": ADA,
            "preferred_locale": "en-US",
            "roles": [{**rest, **everyone}, {**rest, **own}],
            "channels": [
                {**text, "id": CHANNEL, "name": "general", "last_message_id": last[CHANNEL]},
                {**text, "id": OTHER, "name": "other", "last_message_id": last[OTHER]},
                {**text, "id": FORUM, "name": "forum", "type": 15, "available_tags": []},
            ],
            "threads": list(self.threads.values()),
            "members": [self.member(ME)],
            "emojis": [],
            "features": [],
            "member_count": 3,
            "unavailable": False,
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "premium_tier": 0,
            "nsfw_level": 0,
            "system_channel_flags": 0,
            "afk_timeout": 0,
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "stickers": [],
        }

    def member(self, number: str) -> Json:
        name = {ME: "Muse", ADA: "Ada", BOB: "Bob"}.get(number, "Someone")
        return {
            "user": user(number, name, bot=number == ME),
            "roles": [ROLE] if number == ME else [],
            "joined_at": "2026-01-04T20:21:10.139000+00:00",
            "deaf": False,
            "mute": False,
            "flags": 0,
        }

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        if request.query.get("compress") == "zlib-stream":
            self._deflate[socket] = zlib.compressobj()
        await self._send(socket, {"op": 10, "d": {"heartbeat_interval": 41250}, "s": None, "t": None})
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._hear(socket, json.loads(message.data))
        finally:
            self.sockets.remove(socket)
            await self._tell()
        return socket

    async def _hear(self, socket: web.WebSocketResponse, told: Json) -> None:
        op, data = told["op"], told["d"]
        if op == 1:
            await self._send(socket, {"op": 11})
        elif op == 8 and not self.is_deaf:
            chunk = {"guild_id": GUILD, "members": [], "chunk_index": 0, "chunk_count": 1, "nonce": data.get("nonce")}
            await self.dispatch("GUILD_MEMBERS_CHUNK", chunk)
        elif op == 2:
            self.identified.append(data)
            if self.refuses_intents and data["intents"] & (1 << 15):
                await socket.close(code=4014)
                return
            self._sent = []
            ready = {
                "v": 10,
                "user": user(ME, "Muse", bot=True),
                "guilds": [{"id": GUILD, "unavailable": True}],
                "session_id": snowflake(),
                "resume_gateway_url": f"ws://127.0.0.1:{self.port}/gateway/",
                "application": {"id": ME, "flags": self.flags},
                "shard": data.get("shard", [0, 1]),
            }
            await self.dispatch("READY", ready)
            await self.dispatch("GUILD_CREATE", self._guild())
            await self._tell()
        elif op == 6:
            self.resumed += 1
            for sent in list(self._sent):
                if sent["s"] > data["seq"] and not self.is_deaf:
                    await self._send(socket, sent)
            await self.dispatch("RESUMED", {})
            await self._tell()

    async def dispatch(self, event: str, data: Any) -> None:
        """An event for whoever listens."""
        told = {"op": 0, "t": event, "s": len(self._sent) + 1, "d": data}
        self._sent.append(told)
        if not self.is_deaf:
            for socket in list(self.sockets):
                await self._send(socket, told)

    async def replay(self) -> None:
        """The last event once more, as reconnections do."""
        for socket in list(self.sockets):
            await self._send(socket, self._sent[-1])

    async def _send(self, socket: web.WebSocketResponse, told: Json) -> None:
        text = json.dumps(told).encode()
        deflate = self._deflate.get(socket)
        if deflate is None:
            await socket.send_str(text.decode())
        else:
            await socket.send_bytes(deflate.compress(text) + deflate.flush(zlib.Z_SYNC_FLUSH))

    async def drop(self, *, code: int = 4000) -> None:
        """Lose every connection; the session stays."""
        for socket in list(self.sockets):
            await socket.close(code=code)

    async def invalidate(self) -> None:
        """Forget the session."""
        for socket in list(self.sockets):
            await self._send(socket, {"op": 9, "d": False, "s": None, "t": None})

    # -- what people do

    def message(self, channel: str, text: str, *, by: str = ADA, answers: Json | None = None, **more: Any) -> Json:
        """A message as Discord tells it; kept in the history."""
        number = more.pop("id", None) or snowflake()
        said: Json = {
            "id": number,
            "type": 19 if answers else 0,
            "channel_id": channel,
            "author": {k: v for k, v in self.member(by)["user"].items() if k != "bot" or v},
            "content": text,
            "timestamp": "2026-11-23T00:49:53.676000+00:00",
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [self.member(n)["user"] for n in (ME, ADA, BOB) if f"<@{n}>" in text],
            "mention_roles": [ROLE] if f"<@&{ROLE}>" in text else [],
            "attachments": [],
            "embeds": [],
            "components": [],
            "pinned": False,
            "flags": 0,
            **more,
        }
        if channel != DM:
            said |= {"guild_id": GUILD, "member": {k: v for k, v in self.member(by).items() if k != "user"}}
        if answers is not None:
            said["message_reference"] = {"type": 0, "channel_id": answers["channel_id"], "message_id": answers["id"]}
            said["referenced_message"] = {k: v for k, v in answers.items() if k != "referenced_message"}
        self.messages.setdefault(channel, []).append(said)
        return said

    async def say(self, channel: str, text: str, **more: Any) -> Json:
        """Somebody writes."""
        said = self.message(channel, text, **more)
        await self.dispatch("MESSAGE_CREATE", said)
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
            await self.dispatch("THREAD_CREATE", self.threads[number])

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
                "member": {**self.member(ADA), "permissions": "2147483647"},
            }
        told |= more
        await self.dispatch("INTERACTION_CREATE", told)
        return told

    # -- REST

    async def _cdn(self, request: web.Request) -> web.Response:
        content = self.files.get(request.match_info["name"])
        return web.Response(status=404) if content is None else web.Response(body=content)

    async def _rest(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        body = await _body(request)
        if not request.headers.get("Authorization", f"Bot {TOKEN}").endswith(TOKEN):
            return _json({"message": "401: Unauthorized", "code": 0}, 401)
        answer = self._answer(request.method, path.split("/"), body, request)
        self.calls.append((request.method, path, body))
        await self._tell()
        if answer is None:
            return _json({"message": "Unknown", "code": 10008}, 404)
        return web.Response(status=204) if answer == {} else _json(answer)

    def _answer(self, method: str, path: list[str], body: Any, request: web.Request) -> Any:  # noqa: PLR0911, PLR0912, C901
        match [method, *path]:
            case ["GET", "users", "@me"]:
                return user(ME, "Muse", bot=True)
            case ["GET", "users", "@me", "guilds"]:
                return [{"id": GUILD, "name": "Lab", "owner": False, "permissions": "0", "features": []}]
            case ["GET", "oauth2", "applications", "@me"]:
                team = {"description": "", "bot_public": True, "bot_require_code_grant": False, "verify_key": "0"}
                return {"id": ME, "name": "Muse", "owner": user(ADA, "Ada"), "flags": self.flags, "icon": None, **team}
            case ["GET", "gateway", "bot"]:
                limits = {"total": 1000, "remaining": 999, "reset_after": 1, "max_concurrency": 1}
                return {"url": f"ws://127.0.0.1:{self.port}/gateway/", "shards": 1, "session_start_limit": limits}
            case ["PUT", "applications", _, "commands"]:
                return [{**told, "id": snowflake(), "application_id": ME, "version": "1"} for told in body]
            case ["GET", "guilds", _, "members", number]:
                return self.member(number)
            case ["GET", "guilds", _, "roles"]:
                return self._guild()["roles"]
            case ["POST", "interactions", number, token, "callback"]:
                self.originals[token] = self.message("0", "", by=ME, flags=body.get("data", {}).get("flags", 0))
                return {"interaction": {"id": number, "type": 2}}
            case ["GET", "channels", channel]:
                return self.threads.get(channel)
            case ["GET", "channels", channel, "messages"]:
                return self._history(channel, request)
            case ["GET", "channels", channel, "messages", number]:
                return next((m for m in self.messages.get(channel, []) if m["id"] == number), None)
            case ["POST", "channels", channel, "messages"]:
                return self._posted(channel, body)
            case ["PATCH", "channels", channel, "messages", number]:
                found = next((m for m in self.messages.get(channel, []) if m["id"] == number), None)
                return found.update(content=body.get("content") or "", **_files(body)) or found if found else None
            case ["POST", "channels", channel, "messages", number, "threads"]:
                return {"id": number, "guild_id": GUILD, "parent_id": channel, "type": 11, "name": body["name"]}
            case ["PATCH", "webhooks", _, token, "messages", "@original"]:
                return self._original(token, body)
            case ["DELETE", "webhooks", _, token, "messages", "@original"]:
                self.originals.pop(token, None)
                return {}
            case ["POST", "webhooks", _, _]:
                return self._posted(CHANNEL, body, flags=body.get("flags", 0))
        return None

    def _original(self, token: str, body: Json) -> Json | None:
        if token not in self.originals:
            return None
        self.originals[token].update(content=body.get("content") or "", **_files(body))
        return self.originals[token]

    def _history(self, channel: str, request: web.Request) -> list[Json]:
        found = self.messages.get(channel, [])
        limit = int(request.query.get("limit", "50"))
        if after := request.query.get("after"):
            found = [m for m in found if int(m["id"]) > int(after)][:limit]
        if before := request.query.get("before"):
            found = [m for m in found if int(m["id"]) < int(before)]
        return list(reversed(found[-limit:]))

    def _posted(self, channel: str, body: Json, *, flags: int = 0) -> Json:
        reference = body.get("message_reference") or {}
        answered = next(
            (m for m in self.messages.get(channel, []) if m["id"] == str(reference.get("message_id"))), None
        )
        return self.message(channel, body.get("content") or "", by=ME, answers=answered, flags=flags, **_files(body))


def _files(body: Json) -> Json:
    files = body.get("sent", [])
    return {"attachments": [{**file, "id": snowflake(), "url": "http://x/", "proxy_url": ""} for file in files]}


def _json(answer: Any, status: int = 200) -> web.Response:
    return web.Response(body=json.dumps(answer).encode(), status=status, content_type="application/json")


async def _body(request: web.Request) -> Any:
    if request.content_type == "application/json":
        return await request.json()
    if request.content_type == "multipart/form-data":
        fields = await request.post()
        body = json.loads(str(fields.get("payload_json", "{}")))
        sent = [field for field in fields.values() if isinstance(field, web.FileField)]
        body["sent"] = [{"filename": field.filename, "size": len(field.file.read())} for field in sent]
        return body
    return None
