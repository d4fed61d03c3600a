"""The settings of the Discord adapter."""

from typing import Literal

from pydantic import AliasChoices, Field, SecretStr

from bot.settings.base import EnvironmentSettings, HttpUrl


class Settings(EnvironmentSettings):
    """Environment variables of the Discord adapter. Each field's description is its line in `.env.example`."""

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
    discord_stalled_after: float = Field(
        300,
        ge=1,
        le=86400,
        validation_alias=AliasChoices("discord_stalled_after", "discord_deaf_after"),
        description="Seconds of silence from the gateway after which it is asked for a sign of life.",
    )
    discord_api_url: HttpUrl = Field(
        "", description="Where Discord's REST API is, with its version; empty: Discord's own. For tests and proxies."
    )
