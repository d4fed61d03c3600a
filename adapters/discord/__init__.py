"""Discord: mentions, threads, direct messages, slash commands, context menus and buttons.

The library is `discord`, imported only where a token is configured: it is slow to load.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, SecretStr

from bot.errors import SettingsError
from bot.models import CommandSpec
from bot.settings.base import EnvironmentSettings, HttpUrl, read

if TYPE_CHECKING:
    from adapters.discord.adapter import Discord


class Settings(EnvironmentSettings):
    """What the Discord side can be told. Each field's description is its line in `.env.example`."""

    discord_token: SecretStr | None = Field(
        None, description="The bot's token, from the Bot page of the Discord developer portal. Empty: no Discord."
    )
    discord_message_content: Literal["auto", "on", "off"] = Field(
        "auto",
        description="Read messages that don't mention the bot: auto (as the portal allows), on or off (mentions, "
        "direct messages and commands only).",
    )
    discord_reply_mode: Literal["auto", "thread", "reply"] = Field(
        "auto",
        description="Where a mention is answered, unless a channel sets its own with /replies: auto (talk in a thread, "
        "files in the channel), thread or reply.",
    )
    discord_deaf_after: float = Field(
        300,
        ge=1,
        le=86400,
        description="Seconds of silence from the gateway after which it is asked for a sign of life.",
    )
    discord_api_url: HttpUrl = Field(
        "", description="Where Discord's REST API is, with its version; empty: Discord's own. For tests and proxies."
    )


def create(*, data_dir: Path, conversation: str | None) -> "Discord | None":  # noqa: ARG001 - the same for every platform
    """The adapter; None where no token is set. Raises `SettingsError` for a wrong setting."""
    settings = read(Settings)
    if settings.discord_token is None:
        return None
    from adapters.discord.adapter import Discord

    return Discord(
        token=settings.discord_token,
        message_content=settings.discord_message_content,
        reply_mode=settings.discord_reply_mode,
        deaf_after=settings.discord_deaf_after,
        api_url=settings.discord_api_url,
    )


def manifest(commands: Sequence[CommandSpec], *, url: str | None) -> str:  # noqa: ARG001 - nothing is called over HTTP
    """The invite link and the commands as they are told to Discord. Raises `SettingsError` without a token."""
    settings = read(Settings)
    if settings.discord_token is None:
        raise SettingsError(
            "DISCORD_TOKEN is not set: create an application at https://discord.com/developers/applications, "
            "open its Bot page, press Reset Token and put the token into .env"
        )
    from adapters.discord.setup.check import describe

    return describe(settings.discord_token.get_secret_value(), commands)


__all__ = ["Settings", "create", "manifest"]
