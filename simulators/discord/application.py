"""The application, its servers and its commands."""

from simulators.discord import commands
from simulators.discord.errors import refused
from simulators.discord.rest import Call, Route
from simulators.discord.state import DiscordState
from simulators.discord.values import ADA, DIRECT, ME, Json, snowflake, user


async def me(state: DiscordState, call: Call) -> Json:
    return user(ME, "Muse", bot=True)


async def guilds(state: DiscordState, call: Call) -> list[Json]:
    rest = {"owner": False, "permissions": "0", "features": []}
    return [{"id": number, "name": name, **rest} for number, name in state.guilds.items()]


async def application(state: DiscordState, call: Call) -> Json:
    team = {"description": "", "bot_public": True, "bot_require_code_grant": False, "verify_key": "0"}
    return {"id": ME, "name": "Muse", "owner": user(ADA, "Ada"), "flags": state.flags, "icon": None, **team}


async def gateway_url(state: DiscordState, call: Call) -> Json:
    return {"url": f"ws://127.0.0.1:{state.port}/gateway/"}


async def gateway(state: DiscordState, call: Call) -> Json:
    limits = {"total": 1000, "remaining": state.sessions_left, "reset_after": 1000, "max_concurrency": 1}
    return {**await gateway_url(state, call), "shards": state.shards, "session_start_limit": limits}


async def put_commands(state: DiscordState, call: Call) -> list[Json]:
    commands.check(call.body)
    known = {(one.get("type", 1), one["name"]): one for one in state.commands}
    given = {(one.get("type", 1), one["name"]): one for one in call.body}
    new = [key for key in given if key not in known]
    if len(new) > state.creates:
        raise refused(30034, retry_after=3600.0)
    state.creates -= len(new)
    fresh = {"application_id": ME}
    state.commands = [
        {**fresh, **one, "id": known[key]["id"] if key in known else snowflake(), "version": snowflake()}
        for key, one in given.items()
    ]
    return state.commands


async def get_commands(state: DiscordState, call: Call) -> list[Json]:
    return state.commands


async def get_member(state: DiscordState, call: Call) -> Json:
    # https://docs.discord.com/developers/resources/guild#get-guild-member
    if (call["guild"], call["member"]) in state.outsiders:
        raise refused(10007)
    return state.member(call["member"])


async def get_guild(state: DiscordState, call: Call) -> Json:
    # https://docs.discord.com/developers/resources/guild#get-guild
    if call["guild"] not in state.guilds:
        raise refused(10004)
    return state.guild(call["guild"])


async def roles(state: DiscordState, call: Call) -> list[Json]:
    if call["guild"] not in state.guilds:
        raise refused(10004)
    found: list[Json] = state.guild(call["guild"])["roles"]
    return found


async def open_dm(state: DiscordState, call: Call) -> Json:
    for channel in state.channels.values():
        if channel["type"] == DIRECT and channel["recipients"][0]["id"] == str(call.body["recipient_id"]):
            return channel
    number = snowflake()
    who = state.member(str(call.body["recipient_id"]))["user"]
    state.channels[number] = {"id": number, "type": DIRECT, "recipients": [who], "last_message_id": None}
    return state.channels[number]


ROUTES: list[Route] = [
    ("GET", "users/@me", me),
    ("GET", "users/@me/guilds", guilds),
    ("POST", "users/@me/channels", open_dm),
    ("GET", "oauth2/applications/@me", application),
    ("GET", "applications/@me", application),
    ("GET", "gateway", gateway_url),
    ("GET", "gateway/bot", gateway),
    ("GET", "applications/{application}/commands", get_commands),
    ("PUT", "applications/{application}/commands", put_commands),
    ("GET", "guilds/{guild}", get_guild),
    ("GET", "guilds/{guild}/members/{member}", get_member),
    ("GET", "guilds/{guild}/roles", roles),
]
