"""`conversations.*`, `users.*`, `team.*`, `bots.*`, `auth.*` and `apps.*`: channels, users and identities."""

import time

from simulators.slack.faults import RESTRICTED_PAGE, ApiError
from simulators.slack.messages import Message
from simulators.slack.values import Json
from simulators.slack.web_api.calls import Caller, method
from simulators.slack.workspace import Channel

_HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")
_READ = ("channels:read", "groups:read", "im:read", "mpim:read")


def page(caller: Caller, found: list[Message], *, keep_first: bool = False) -> Json:
    """One page of messages, between `oldest` and `latest`, with a cursor to the next.

    New messages are left out for `history_lag` seconds. Slack promises no read-after-write: clients report that
    https://docs.slack.dev/reference/methods/conversations.history lacks what was posted a moment before.
    """
    since = time.monotonic() - caller.slack.history_lag
    found = [message for message in found if message.posted_at <= since]
    oldest, latest = caller.text("oldest"), caller.text("latest")
    is_inclusive = caller.flag("inclusive")
    first = found[:1] if keep_first else []
    rest = [
        m
        for m in found[len(first) :]
        if (not oldest or m.ts > oldest or (is_inclusive and m.ts == oldest))
        and (not latest or m.ts < latest or (is_inclusive and m.ts == latest))
    ]
    found = first + rest
    limit = max(1, min(int(caller.text("limit") or 100), 999))
    if caller.slack.limits.restricts_history:
        limit = min(limit, RESTRICTED_PAGE)
    start = int(caller.text("cursor") or 0)
    listed, more = found[start : start + limit], len(found) > start + limit
    replies: dict[str, list[Message]] = {}
    for message in caller.channel().visible():
        if message.thread_ts not in ("", message.ts):
            replies.setdefault(message.thread_ts, []).append(message)
    return {
        "messages": [_kept(caller, message, replies.get(message.ts, [])) for message in listed],
        "has_more": more,
        "response_metadata": {"next_cursor": str(start + limit) if more else ""},
    }


def _kept(caller: Caller, message: Message, replies: list[Message]) -> Json:
    fields = message.to_json(caller.slack.url)
    if not caller.flag("include_all_metadata"):
        fields.pop("metadata", None)
    if replies:
        users = list(dict.fromkeys(m.user for m in replies))
        last = {"latest_reply": replies[-1].ts, "reply_users": users, "reply_users_count": len(users)}
        fields |= {"thread_ts": message.ts, "reply_count": len(replies), **last}
    return fields


def _readable(caller: Caller, right: str) -> Channel:
    """The channel, if the token has the scope for its kind. Raises `ApiError`."""
    channel = caller.channel()
    _require_scope(caller, channel.kind, right)
    return channel


def _require_scope(caller: Caller, kind: str, right: str) -> None:
    """Raise `ApiError` where the token lacks the scope for a kind of channels.

    "Relevant *:history scope": https://docs.slack.dev/reference/methods/conversations.history; for members
    https://docs.slack.dev/reference/methods/conversations.members; for `conversations.info` the scope of the kind, too:
    https://docs.slack.dev/reference/methods/conversations.info
    """
    scope = f"{kind}s:{right}" if kind in ("channel", "group") else f"{kind}:{right}"
    if scope not in caller.grant.scopes:
        raise ApiError("missing_scope", needed=scope, provided=",".join(sorted(caller.grant.scopes)))


@method("conversations.replies", *_HISTORY)
def replies(caller: Caller) -> Json:
    channel, ts = _readable(caller, "history"), caller.required("ts")
    message = channel.message(ts)
    found = channel.thread(message.root if message else ts)
    if not found:
        raise ApiError("thread_not_found")
    return page(caller, found, keep_first=True)


@method("conversations.history", *_HISTORY)
def history(caller: Caller) -> Json:
    found = [m for m in _readable(caller, "history").visible() if m.thread_ts in ("", m.ts) or m.reply_broadcast]
    return page(caller, found[::-1])


@method("conversations.info", *_READ)
def info(caller: Caller) -> Json:
    team, channel = caller.team, caller.team.channels.get(caller.text("channel"))
    if channel is None or (channel.kind != "channel" and team.bot.id not in channel.members):
        raise ApiError("channel_not_found")
    _require_scope(caller, channel.kind, "read")
    return {"channel": {**channel.to_json(team.id), "is_member": team.bot.id in channel.members}}


@method("conversations.open", "im:write", "mpim:write")
def open_conversation(caller: Caller) -> Json:
    """Open direct messages; with `prevent_creation` only "to see if there is an existing dm".

    https://docs.slack.dev/reference/methods/conversations.open; how Slack answers that there is none is not documented.
    """
    users = [user for user in caller.text("users").split(",") if user]
    if len(users) != 1:
        raise ApiError("users_list_not_supplied" if not users else "not_enough_users")
    if users[0] not in caller.team.users:
        raise ApiError("user_not_found")
    if caller.flag("prevent_creation") and caller.team.find_direct(users[0]) is None:
        raise ApiError("channel_not_found")
    return {"channel": {"id": caller.team.direct(users[0]).id}}


@method("conversations.members", *_READ)
def members(caller: Caller) -> Json:
    """A page of the members: https://docs.slack.dev/reference/methods/conversations.members."""
    found, start = _readable(caller, "read").members, int(caller.text("cursor") or 0)
    end = start + max(1, min(int(caller.text("limit") or 100), 999))
    return {
        "members": found[start:end],
        "response_metadata": {"next_cursor": str(end) if end < len(found) else ""},
    }


#: Kinds of conversations by their names in `types`.
_TYPES = {"public_channel": "channel", "private_channel": "group", "mpim": "mpim", "im": "im"}


@method("users.conversations", *_READ)
def user_conversations(caller: Caller) -> Json:
    """A page of the conversations that the bot is a member of: public channels, unless `types` names others.

    Each kind needs its scope; an organisation's token needs `team_id`.
    https://docs.slack.dev/reference/methods/users.conversations
    """
    if not caller.grant.team:
        caller.required("team_id")
    names = [name.strip() for name in (caller.text("types") or "public_channel").split(",")]
    if not set(names) <= _TYPES.keys():
        raise ApiError("invalid_types")
    for name in names:
        _require_scope(caller, _TYPES[name], "read")
    kinds = {_TYPES[name] for name in names}
    found = [
        channel
        for channel in caller.team.channels.values()
        if channel.kind in kinds
        and caller.team.bot.id in channel.members
        and not (channel.is_archived and caller.flag("exclude_archived"))
    ]
    start = int(caller.text("cursor") or 0)
    end = start + max(1, min(int(caller.text("limit") or 100), 999))
    return {
        "channels": [channel.to_json(caller.team.id) for channel in found[start:end]],
        "response_metadata": {"next_cursor": str(end) if end < len(found) else ""},
    }


@method("users.info", "users:read")
def user_info(caller: Caller) -> Json:
    user = caller.team.users.get(caller.text("user"))
    if user is None:
        raise ApiError("user_not_found")
    return {"user": user.to_json(include_locale=caller.flag("include_locale"), seen_from=caller.team.id)}


@method("team.info", "team:read")
def team_info(caller: Caller) -> Json:
    team = caller.team
    return {
        "team": {
            "id": team.id,
            "name": team.name,
            "domain": team.domain,
            "email_domain": "",
            **({"enterprise_id": team.enterprise, "enterprise_name": team.enterprise} if team.enterprise else {}),
        }
    }


@method("bots.info", "users:read")
def bot_info(caller: Caller) -> Json:
    wanted = caller.text("bot") or caller.team.bot.bot_id
    user = next((u for u in caller.team.users.values() if u.bot_id == wanted), None)
    if user is None:
        raise ApiError("bot_not_found")
    bot = {"id": user.bot_id, "deleted": False, "name": user.name, "app_id": user.app_id, "user_id": user.id}
    return {"bot": {**bot, "updated": 1767224888, "icons": {}}}


@method("auth.test")
def auth_test(caller: Caller) -> Json:
    grant, slack = caller.grant, caller.slack
    if not grant.team:
        return {
            "url": f"{slack.url}/",
            "enterprise_id": grant.enterprise,
            "is_enterprise_install": True,
            "user_id": grant.user,
            "bot_id": "B0MUSEORG",
            "team": grant.enterprise,
            "team_id": grant.enterprise,
            "user": slack.bot_name.lower(),
        }
    team = caller.team
    fields = {
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "user": team.bot.name.lower(),
        "team_id": team.id,
        "user_id": team.bot.id,
        "bot_id": team.bot.bot_id,
        "is_enterprise_install": False,
    }
    return fields | ({"enterprise_id": team.enterprise} if team.enterprise else {})


@method("auth.revoke")
def auth_revoke(caller: Caller) -> Json:
    if caller.flag("test"):
        return {"revoked": False}
    caller.grant.state = "revoked"
    return {"revoked": True}


@method("apps.uninstall")
def uninstall(caller: Caller) -> Json:
    if caller.text("client_id") != caller.slack.client_id:
        raise ApiError("invalid_client_id")
    if caller.text("client_secret") != caller.slack.client_secret:
        raise ApiError("bad_client_secret")
    caller.slack.people.uninstall(caller.team)
    return {}


@method("apps.connections.open", "connections:write", app_level=True)
def open_connection(caller: Caller) -> Json:
    return {"url": caller.slack.sockets.address()}


@method("apps.manifest.export", "app_configurations:read")
def manifest(caller: Caller) -> Json:
    if caller.text("app_id") != caller.slack.app_id:
        raise ApiError("invalid_app_id")
    return {"manifest": caller.slack.manifest}
