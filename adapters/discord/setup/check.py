"""Checks for the operator: the token, intents and permissions, each with what to click, and the invite link."""

import base64
import binascii
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import discord

from adapters.discord import permissions
from adapters.discord.explanations import bad_token, has_message_content, no_message_content
from adapters.discord.gateway.client import DiscordClient, use_api_url
from adapters.discord.settings import PORTAL
from adapters.discord.setup.channel_problem import channel_problem
from adapters.discord.timing import Timing
from adapters.kit.errors import NETWORK_ERRORS
from bot.errors import SettingsError
from bot.i18n import join_list, operator_locale, operator_text
from bot.models import CheckResult, CommandSpec
from bot.ports import ChannelProblem

SUBJECT = "discord"
#: The permissions that the bot needs in a channel, and no others.
PERMISSIONS = discord.Permissions(
    add_reactions=True,
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    embed_links=True,
    attach_files=True,
    read_message_history=True,
)


def invite_url(application: int) -> str:
    """Return the link by which somebody with Manage Server adds the bot with exactly `PERMISSIONS`."""
    return discord.utils.oauth_url(application, permissions=PERMISSIONS, scopes=("bot", "applications.commands"))


def application_id_of(token: str) -> int:
    """Decode the application's id from the first part of its token. Raises `SettingsError`."""
    first = token.strip().split(".")[0]
    try:
        return int(base64.b64decode(first + "=" * (-len(first) % 4)))
    except (binascii.Error, ValueError):
        raise SettingsError(operator_text("discord.setting.malformed_token", portal=PORTAL)) from None


def describe_application(token: str, commands: Sequence[CommandSpec]) -> str:
    """Return the invite link and the commands as JSON. Raises `SettingsError` for a malformed token."""
    from adapters.discord.setup.application_commands import build_commands

    payload = json.dumps(build_commands(commands), ensure_ascii=False, indent=2)
    link = invite_url(application_id_of(token))
    return operator_text("discord.manifest", link=link, commands=payload)


async def run_checks(token: str, message_content: str, api_url: str) -> list[CheckResult]:
    """Ask Discord about the token, intents and permissions; each problem says what to click."""
    try:
        async with _logged_in(token, api_url) as client:
            return await _check_application(client, message_content)
    except discord.LoginFailure:
        return [CheckResult(subject=SUBJECT, text=bad_token(), is_ok=False)]
    except (discord.HTTPException, *NETWORK_ERRORS) as exc:
        text = operator_text("discord.check.unreachable", reason=type(exc).__name__)
        return [CheckResult(subject=SUBJECT, text=text, is_ok=False)]


async def find_roles(token: str, api_url: str) -> frozenset[str] | None:
    """Return the ids of the roles of all servers; None where Discord does not tell."""
    try:
        async with _logged_in(token, api_url) as client:
            return frozenset(
                [
                    str(role.id)
                    async for guild in client.fetch_guilds(limit=None)
                    for role in await guild.fetch_roles()
                    if not role.is_default()
                ]
            )
    except (discord.DiscordException, *NETWORK_ERRORS):
        return None


async def find_channel_problem(token: str, api_url: str, channel: str) -> ChannelProblem:
    """Return why the bot can't write in a channel; "": it can, or Discord does not tell."""
    try:
        async with _logged_in(token, api_url) as client:
            return await channel_problem(client, channel)
    except (discord.DiscordException, *NETWORK_ERRORS):
        return ""


@asynccontextmanager
async def _logged_in(token: str, api_url: str) -> AsyncIterator[DiscordClient]:
    """Log a client in that only makes requests. Raises the library's errors."""
    if api_url:
        use_api_url(api_url)
    client = DiscordClient(message_content=False, timing=Timing())
    try:
        await client.login(token)
        yield client
    finally:
        await client.close()


async def _check_application(client: DiscordClient, message_content: str) -> list[CheckResult]:
    user, application = client.user, client.application
    assert user is not None, "logged in"
    assert application is not None, "logged in"
    results = [CheckResult(subject=SUBJECT, text=operator_text("discord.check.token", user=user), is_ok=True)]
    if message_content != "off":
        is_on = has_message_content(application.flags)
        text = operator_text("discord.check.content") if is_on else no_message_content()
        results.append(CheckResult(subject=f"{SUBJECT} intents", text=text, is_ok=is_on))
    if application.interactions_endpoint_url:
        text = operator_text("discord.check.endpoint", url=application.interactions_endpoint_url, portal=PORTAL)
        results.append(CheckResult(subject=f"{SUBJECT} commands", text=text, is_ok=False))
    if application.bot_public:
        results.append(CheckResult(subject=f"{SUBJECT} access", text=operator_text("discord.check.public"), is_ok=True))
    results += await _check_servers(client, application.id)
    results.append(CheckResult(subject=f"{SUBJECT} invite", text=invite_url(application.id), is_ok=True))
    return results


async def _check_servers(client: DiscordClient, application: int) -> list[CheckResult]:
    """Report the permissions that the bot lacks in each of its servers."""
    results = []
    names = []
    async for guild in client.fetch_guilds(limit=None):
        names.append(guild.name)
        server: Any = await client.http.get_guild(guild.id, with_counts=False)
        member: Any = await client.http.get_member(guild.id, application)
        granted = permissions.in_server(server, member)
        missing = [name for name, wanted in PERMISSIONS if wanted and not getattr(granted, name)]
        if missing:
            lacking = join_list((name.replace("_", " ").title() for name in missing), operator_locale())
            text = operator_text("discord.check.permissions", permissions=lacking, link=invite_url(application))
            results.append(CheckResult(subject=f"{SUBJECT} server {guild.name}", text=text, is_ok=False))
    if not names:
        text = operator_text("discord.check.no_server", link=invite_url(application))
        return [CheckResult(subject=f"{SUBJECT} servers", text=text, is_ok=False)]
    text = operator_text("discord.check.servers", names=join_list(names, operator_locale()))
    return results or [CheckResult(subject=f"{SUBJECT} servers", text=text, is_ok=True)]
