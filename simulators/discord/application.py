"""The application, its servers and its commands."""

from simulators.discord import commands
from simulators.discord.errors import refused
from simulators.discord.rest import Call, Route
from simulators.discord.values import ADA, DIRECT, ME, Json, member, snowflake, user
from simulators.discord.world import World


async def me(world: World, call: Call) -> Json:
    return user(ME, "Muse", bot=True)


async def guilds(world: World, call: Call) -> list[Json]:
    rest = {"owner": False, "permissions": "0", "features": []}
    return [{"id": number, "name": name, **rest} for number, name in world.guilds.items()]


async def application(world: World, call: Call) -> Json:
    team = {"description": "", "bot_public": True, "bot_require_code_grant": False, "verify_key": "0"}
    return {"id": ME, "name": "Muse", "owner": user(ADA, "Ada"), "flags": world.flags, "icon": None, **team}


async def gateway(world: World, call: Call) -> Json:
    limits = {"total": 1000, "remaining": 999, "reset_after": 1, "max_concurrency": world.shards}
    url = f"ws://127.0.0.1:{world.port}/gateway/"
    return {"url": url, "shards": world.shards, "session_start_limit": limits}


async def put_commands(world: World, call: Call) -> list[Json]:
    commands.check(call.body)
    known = {(one.get("type", 1), one["name"]): one for one in world.commands}
    told = {(one.get("type", 1), one["name"]): one for one in call.body}
    new = [key for key in told if key not in known]
    if len(new) > world.creates:
        raise refused(30034, retry_after=3600.0)
    world.creates -= len(new)
    fresh = {"application_id": ME}
    world.commands = [
        {**fresh, **one, "id": known[key]["id"] if key in known else snowflake(), "version": snowflake()}
        for key, one in told.items()
    ]
    return world.commands


async def get_commands(world: World, call: Call) -> list[Json]:
    return world.commands


async def get_member(world: World, call: Call) -> Json:
    return member(call["member"])


async def roles(world: World, call: Call) -> list[Json]:
    if call["guild"] not in world.guilds:
        raise refused(10004)
    found: list[Json] = world.guild(call["guild"])["roles"]
    return found


async def open_dm(world: World, call: Call) -> Json:
    for channel in world.channels.values():
        if channel["type"] == DIRECT and channel["recipients"][0]["id"] == str(call.body["recipient_id"]):
            return channel
    number = snowflake()
    who = member(str(call.body["recipient_id"]))["user"]
    world.channels[number] = {"id": number, "type": DIRECT, "recipients": [who], "last_message_id": None}
    return world.channels[number]


ROUTES: list[Route] = [
    ("GET", "users/@me", me),
    ("GET", "users/@me/guilds", guilds),
    ("POST", "users/@me/channels", open_dm),
    ("GET", "oauth2/applications/@me", application),
    ("GET", "applications/@me", application),
    ("GET", "gateway/bot", gateway),
    ("GET", "applications/{application}/commands", get_commands),
    ("PUT", "applications/{application}/commands", put_commands),
    ("GET", "guilds/{guild}/members/{member}", get_member),
    ("GET", "guilds/{guild}/roles", roles),
]
