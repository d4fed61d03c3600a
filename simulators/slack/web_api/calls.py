"""Calls of the Web API: parsing, authorisation, faults, the method, and the log of all calls."""

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from simulators.slack.faults import ApiError, CrashError, DropError, RateLimitedError
from simulators.slack.parts import SlackParts
from simulators.slack.spec.request_schemas import check_arguments
from simulators.slack.state import Call
from simulators.slack.values import Json
from simulators.slack.workspace import Channel, Grant, Team

_JSON = {"blocks", "attachments", "metadata", "files", "view", "prompts", "chunks", "loading_messages", "suggestions"}


@dataclass(slots=True)
class Caller:
    """Context of a method: the simulator, the token's grant and the arguments."""

    slack: SlackParts
    grant: Grant
    params: Json

    @property
    def team(self) -> Team:
        """The workspace of the call; an organisation's token may act for several."""
        if self.grant.team:
            return self.slack.teams[self.grant.team]
        wanted, channel = self.params.get("team_id"), self.params.get("channel") or self.params.get("channel_id")
        person = self.params.get("user") or self.params.get("user_id")
        for team in self.slack.teams.values():
            is_meant = team.id == wanted or channel in team.channels or person in team.users
            if team.enterprise == self.grant.enterprise and is_meant:
                return team
        raise ApiError("missing_argument" if not wanted else "team_access_not_granted")

    def text(self, name: str) -> str:
        value = self.params.get(name)
        return "" if value is None else str(value)

    def required(self, name: str) -> str:
        """The argument. Raises `ApiError` where it is missing."""
        if not (value := self.text(name)):
            messages = [f"[ERROR] missing required field: {name}"]
            raise ApiError("invalid_arguments", response_metadata={"messages": messages})
        return value

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in {"1", "true"}

    def channel(self, name: str = "channel", *, to_write: bool = False) -> Channel:
        """The channel that an argument names, as far as the bot may see it. Raises `ApiError`."""
        team, wanted = self.team, self.text(name)
        channel = team.channels.get(wanted)
        if channel is None and to_write and wanted in team.users:
            channel = team.direct(wanted)
        if channel is None and to_write and wanted.startswith("#"):
            channel = next((c for c in team.channels.values() if c.name == wanted[1:]), None)
        is_member = channel is not None and team.bot.id in channel.members
        if channel is None or (channel.kind != "channel" and not is_member):
            raise ApiError("channel_not_found")
        if to_write and channel.is_archived:
            raise ApiError("is_archived")
        if not is_member and not (to_write and "chat:write.public" in self.grant.scopes):
            raise ApiError("not_in_channel")
        return channel


Method = Callable[[Caller], Json | Awaitable[Json]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A method with its requirements."""

    run: Method
    scopes: frozenset[str]  #: one of them is enough; empty: any token
    open: bool = False  #: without a token
    app_level: bool = False


METHODS: dict[str, Entry] = {}


def method(name: str, *scopes: str, is_open: bool = False, app_level: bool = False) -> Callable[[Method], Method]:
    """Register a function as a Web API method."""

    def register(run: Method) -> Method:
        METHODS[name] = Entry(run, frozenset(scopes), is_open, app_level)
        return run

    return register


async def read(request: web.Request) -> tuple[str, Json]:
    """Parse the token and the arguments of a call in any encoding."""
    params: Json = dict(request.query)
    if request.content_type == "application/json":
        params |= await request.json()
    elif request.can_read_body:
        params |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    for name in _JSON & params.keys():
        if isinstance(params[name], str) and params[name]:
            try:
                params[name] = json.loads(params[name])
            except ValueError:
                params[name] = {"not": "JSON"}
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme == "Basic":
        name, _, secret = base64.b64decode(value).decode().partition(":")
        params |= {"client_id": name, "client_secret": secret}
    return (value if scheme == "Bearer" else params.pop("token", "")), params


def authorise(slack: SlackParts, entry: Entry, token: str) -> Grant:
    """Check the token and return its grant. Raises `ApiError`."""
    if entry.open:
        return slack.grants.get(token) or Grant(token=token, team="", scopes=set())
    if not token:
        raise ApiError("not_authed")
    if entry.app_level != token.startswith("xapp-"):
        raise ApiError("not_allowed_token_type" if token.startswith(("xapp-", "xoxb-")) else "invalid_auth")
    grant = slack.grants.get(token)
    if grant is None:
        raise ApiError("invalid_auth")
    if grant.state == "revoked":
        raise ApiError("token_revoked")
    if grant.state == "inactive":
        raise ApiError("account_inactive")
    if grant.expires_at is not None and grant.expires_at < time.time():
        raise ApiError("token_expired")
    if entry.scopes and not entry.scopes & grant.scopes:
        raise ApiError("missing_scope", needed=min(entry.scopes), provided=",".join(sorted(grant.scopes)))
    return grant


async def answer(slack: SlackParts, request: web.Request) -> web.StreamResponse:
    """Serve one call."""
    token, params = await read(request)
    number = len(slack.calls) + 1
    name = request.match_info["method"]
    call = Call(number=number, method=name, params=params, token=token, at=time.monotonic())
    slack.calls.append(call)
    slack.notify()
    try:
        return await _answered(slack, request, call)
    finally:
        call.ended = time.monotonic()
        slack.notify()


async def _answered(slack: SlackParts, request: web.Request, call: Call) -> web.StreamResponse:
    name, number, params = call.method, call.number, call.params
    headers = {"X-Slack-Req-Id": f"{number:032x}"}
    try:
        await slack.faults.apply(name, number, "before", params)
        call.answer = await _run(slack, call, headers)
        call.status = 200
        await slack.faults.apply(name, number, "after", params)
    except ApiError as error:
        call.status, call.answer = 200, error.answer
    except RateLimitedError as error:
        call.status, call.answer = 429, {"ok": False, "error": "ratelimited"}
        headers["Retry-After"] = f"{error.retry_after:g}"
    except CrashError as error:
        call.status = error.status
        return web.Response(status=error.status, text="<html><body>Server Error</body></html>", headers=headers)
    except DropError:
        if request.transport is not None:  # else the caller has hung up
            request.transport.abort()
        return web.Response()
    return web.json_response(call.answer, status=call.status, headers=headers)


async def _run(slack: SlackParts, call: Call, headers: dict[str, str]) -> Json:
    entry = METHODS.get(call.method)
    if entry is None:
        raise ApiError("unknown_method", req_method=call.method)
    grant = authorise(slack, entry, call.token)
    call.team = grant.team
    if grant.scopes:
        headers["X-OAuth-Scopes"] = ",".join(sorted(grant.scopes))
        headers["X-Accepted-OAuth-Scopes"] = ",".join(sorted(entry.scopes))
    slack.limits.count(grant.team or grant.enterprise, call.method, str(call.params.get("channel", "")))
    check_arguments(call.method, call.params)
    result: Any = entry.run(Caller(slack, grant, call.params))
    if asyncio.iscoroutine(result):
        result = await result
    return {"ok": True, **result}
