"""Checks for the operator: the token, intents and permissions, each with what to click, and the invite link."""

import base64
import binascii
import json
from collections.abc import Sequence

import discord

from adapters.discord.gateway.client import DiscordClient, use_api_url
from adapters.discord.timing import Timing
from adapters.kit.errors import NETWORK_ERRORS
from bot.errors import SettingsError
from bot.models import CheckResult, CommandSpec

SUBJECT = "discord"
PORTAL = "https://discord.com/developers/applications"
#: The permissions that the bot needs in a channel, and no others.
PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    embed_links=True,
    attach_files=True,
    read_message_history=True,
)
BAD_TOKEN = (
    f"Discord refuses DISCORD_TOKEN: open {PORTAL}, choose your application, open Bot, press Reset Token and put the "
    "new token into .env"
)
NO_CONTENT = (
    "messages that don't mention the bot can't be read: follow-ups in threads, the messages that people reply to, and "
    f"what was said before. Open {PORTAL}, choose your application, open Bot, switch on Message Content Intent and "
    "restart (or set DISCORD_MESSAGE_CONTENT=off to keep it so)"
)

PUBLIC = (
    "Public Bot is on: anybody may add the bot to a server or, with User Install, to their account. It answers in "
    "servers that the application's owner or team manages, where these people use it for themselves, and in servers "
    "listed in BOT_ALLOW_WORKSPACES; everywhere if BOT_ALLOW_STRANGERS is true"
)


def has_message_content(flags: discord.ApplicationFlags) -> bool:
    """Whether the developer portal grants the message content intent."""
    return flags.gateway_message_content or flags.gateway_message_content_limited


def invite_url(application: int) -> str:
    """Return the link by which somebody with Manage Server adds the bot with exactly `PERMISSIONS`."""
    return discord.utils.oauth_url(application, permissions=PERMISSIONS, scopes=("bot", "applications.commands"))


def application_id_of(token: str) -> int:
    """Decode the application's id from the first part of its token. Raises `SettingsError`."""
    first = token.strip().split(".")[0]
    try:
        return int(base64.b64decode(first + "=" * (-len(first) % 4)))
    except (binascii.Error, ValueError):
        raise SettingsError(BAD_TOKEN) from None


def describe_application(token: str, commands: Sequence[CommandSpec]) -> str:
    """Return the invite link and the commands as JSON. Raises `SettingsError` for a malformed token."""
    from adapters.discord.setup.application_commands import build_commands

    payload = json.dumps(build_commands(commands), ensure_ascii=False, indent=2)
    link = invite_url(application_id_of(token))
    return f"Invite the bot to a server:\n{link}\n\nCommands, registered with Discord at start:\n{payload}"


async def run_checks(token: str, message_content: str, api_url: str) -> list[CheckResult]:
    """Ask Discord about the token, intents and permissions; each problem says what to click."""
    if api_url:
        use_api_url(api_url)
    client = DiscordClient(message_content=False, timing=Timing())
    try:
        await client.login(token)
        return await _check_application(client, message_content)
    except discord.LoginFailure:
        return [CheckResult(subject=SUBJECT, text=BAD_TOKEN, is_ok=False)]
    except (discord.HTTPException, *NETWORK_ERRORS) as exc:
        text = f"Discord can't be reached ({type(exc).__name__}): check the network and the proxy"
        return [CheckResult(subject=SUBJECT, text=text, is_ok=False)]
    finally:
        await client.close()


async def _check_application(client: DiscordClient, message_content: str) -> list[CheckResult]:
    user, application = client.user, client.application
    assert user is not None, "logged in"
    assert application is not None, "logged in"
    results = [CheckResult(subject=SUBJECT, text=f"the token is that of {user}", is_ok=True)]
    if message_content != "off":
        is_on = has_message_content(application.flags)
        text = "Message Content Intent is on" if is_on else NO_CONTENT
        results.append(CheckResult(subject=f"{SUBJECT} intents", text=text, is_ok=is_on))
    if application.interactions_endpoint_url:
        text = (
            f"commands go to {application.interactions_endpoint_url} instead of this service: open {PORTAL}, choose "
            "your application, open General Information and empty Interactions Endpoint URL"
        )
        results.append(CheckResult(subject=f"{SUBJECT} commands", text=text, is_ok=False))
    if application.bot_public:
        results.append(CheckResult(subject=f"{SUBJECT} access", text=PUBLIC, is_ok=True))
    results += await _check_servers(client, application.id)
    results.append(CheckResult(subject=f"{SUBJECT} invite", text=invite_url(application.id), is_ok=True))
    return results


async def _check_servers(client: DiscordClient, application: int) -> list[CheckResult]:
    """Report the permissions that the bot lacks in each of its servers."""
    results = []
    names = []
    async for guild in client.fetch_guilds(limit=None):
        names.append(guild.name)
        member = await guild.fetch_member(application)
        roles = {role.id: role for role in await guild.fetch_roles()}
        value = roles[guild.id].permissions.value
        for role in (roles[r.id] for r in member.roles if r.id in roles):
            value |= role.permissions.value
        granted = discord.Permissions(value)
        missing = [name for name, wanted in PERMISSIONS if wanted and not getattr(granted, name)]
        if missing and not granted.administrator:
            lacking = ", ".join(name.replace("_", " ").title() for name in missing)
            text = (
                f"lacks {lacking}: in the server open Server Settings, Roles, the bot's role, Permissions; or open "
                f"the invite link again: {invite_url(application)}"
            )
            results.append(CheckResult(subject=f"{SUBJECT} server {guild.name}", text=text, is_ok=False))
    if not names:
        text = f"the bot is in no server yet: open {invite_url(application)}"
        return [CheckResult(subject=f"{SUBJECT} servers", text=text, is_ok=False)]
    return results or [
        CheckResult(subject=f"{SUBJECT} servers", text=f"all permissions in {', '.join(names)}", is_ok=True)
    ]
