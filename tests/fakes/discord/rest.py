"""The REST API, version 10."""

import json
from typing import Any

from aiohttp import web

from tests.fakes.discord.values import ADA, CHANNEL, GUILD, ME, TOKEN, Json, member, snowflake, user
from tests.fakes.discord.world import World


class Rest:
    """Answers requests and remembers them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.calls: list[tuple[str, str, Any]] = []  #: method, path, body

    async def answer(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        body = await _body(request)
        if not request.headers.get("Authorization", f"Bot {TOKEN}").endswith(TOKEN):
            return _json({"message": "401: Unauthorized", "code": 0}, 401)
        answer = self._answer(request.method, path.split("/"), body, request)
        self.calls.append((request.method, path, body))
        await self._world.tell()
        if answer is None:
            return _json({"message": "Unknown", "code": 10008}, 404)
        return web.Response(status=204) if answer == {} else _json(answer)

    def _answer(self, method: str, path: list[str], body: Any, request: web.Request) -> Any:  # noqa: PLR0911, PLR0912, C901
        world = self._world
        match [method, *path]:
            case ["GET", "users", "@me"]:
                return user(ME, "Muse", bot=True)
            case ["GET", "users", "@me", "guilds"]:
                return [{"id": GUILD, "name": "Lab", "owner": False, "permissions": "0", "features": []}]
            case ["GET", "oauth2", "applications", "@me"]:
                team = {"description": "", "bot_public": True, "bot_require_code_grant": False, "verify_key": "0"}
                return {"id": ME, "name": "Muse", "owner": user(ADA, "Ada"), "flags": world.flags, "icon": None, **team}
            case ["GET", "gateway", "bot"]:
                limits = {"total": 1000, "remaining": 999, "reset_after": 1, "max_concurrency": 1}
                return {"url": f"ws://127.0.0.1:{world.port}/gateway/", "shards": 1, "session_start_limit": limits}
            case ["PUT", "applications", _, "commands"]:
                return [{**told, "id": snowflake(), "application_id": ME, "version": "1"} for told in body]
            case ["GET", "guilds", _, "members", number]:
                return member(number)
            case ["GET", "guilds", _, "roles"]:
                return world.guild()["roles"]
            case ["POST", "interactions", number, token, "callback"]:
                world.originals[token] = world.message("0", "", by=ME, flags=body.get("data", {}).get("flags", 0))
                return {"interaction": {"id": number, "type": 2}}
            case ["GET", "channels", channel]:
                return world.threads.get(channel)
            case ["GET", "channels", channel, "messages"]:
                return self._history(channel, request)
            case ["GET", "channels", channel, "messages", number]:
                return world.find(channel, number)
            case ["POST", "channels", channel, "messages"]:
                return self._posted(channel, body)
            case ["PATCH", "channels", channel, "messages", number]:
                return self._edited(world.find(channel, number), body)
            case ["POST", "channels", channel, "messages", number, "threads"]:
                return {"id": number, "guild_id": GUILD, "parent_id": channel, "type": 11, "name": body["name"]}
            case ["PATCH", "webhooks", _, token, "messages", "@original"]:
                return self._edited(world.originals.get(token), body)
            case ["DELETE", "webhooks", _, token, "messages", "@original"]:
                world.originals.pop(token, None)
                return {}
            case ["POST", "webhooks", _, _]:
                return self._posted(CHANNEL, body, flags=body.get("flags", 0))
        return None

    def _edited(self, message: Json | None, body: Json) -> Json | None:
        if message is not None:
            message.update(content=body.get("content") or "", **_files(body))
        return message

    def _history(self, channel: str, request: web.Request) -> list[Json]:
        found = self._world.messages.get(channel, [])
        limit = int(request.query.get("limit", "50"))
        if after := request.query.get("after"):
            found = [m for m in found if int(m["id"]) > int(after)][:limit]
        if before := request.query.get("before"):
            found = [m for m in found if int(m["id"]) < int(before)]
        return list(reversed(found[-limit:]))

    def _posted(self, channel: str, body: Json, *, flags: int = 0) -> Json:
        reference = body.get("message_reference") or {}
        answered = self._world.find(channel, str(reference.get("message_id")))
        text = body.get("content") or ""
        return self._world.message(channel, text, by=ME, answers=answered, flags=flags, **_files(body))


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
