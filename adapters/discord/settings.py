"""The settings of the Discord adapter."""

from typing import Annotated, Literal

from pydantic import AfterValidator, AliasChoices, Field, SecretStr

from bot.i18n import operator_text
from bot.ports import ReplyMode
from bot.settings.base import EnvironmentSettings, HttpUrl, Words

#: The page of Discord where applications are managed.
PORTAL = "https://discord.com/developers/applications"

_MOST_SHARDS = 10_000


def _shards(value: str) -> str:
    value = value.strip().lower()
    is_number = value.isascii() and value.isdecimal() and len(value) <= len(str(_MOST_SHARDS))
    if value not in {"auto", "all"} and not (is_number and 0 < int(value) <= _MOST_SHARDS):
        raise ValueError(operator_text("discord.setting.shards"))
    return value


class Settings(EnvironmentSettings):
    """Environment variables of the Discord adapter. Each field's description is its line in `.env.example`."""

    discord_token: SecretStr | None = Field(
        None, description="Token of the bot, from the page Bot of the Discord developer portal. Empty: no Discord."
    )
    discord_message_content: Literal["auto", "on", "off"] = Field(
        "auto",
        description="Read messages that don't mention the bot: auto (if the portal allows it), on, or off (only "
        "mentions, direct messages and commands).",
    )
    discord_reply_mode: ReplyMode = Field(
        "auto",
        description="Place of the answer to a mention: auto (talk in a thread, files in the channel), thread or "
        "reply. A channel can set its own with /replies or /settings reply_mode.",
    )
    discord_stalled_after: float = Field(
        300,
        ge=1,
        le=86400,
        validation_alias=AliasChoices("discord_stalled_after", "discord_deaf_after"),
        description="Seconds without events from Discord's gateway after which the connection is tested.",
    )
    discord_shards: Annotated[str, AfterValidator(_shards)] = Field(
        "auto",
        description="Number of shards, which are spread over the processes that receive: a number, auto (as many as "
        "Discord recommends) or all (as many, each of them in every process).",
    )
    discord_api_url: HttpUrl = Field(
        "", description="Address of Discord's REST API with its version, for tests and proxies. Empty: Discord's own."
    )


class AccessSettings(EnvironmentSettings):
    """Settings of the core that decide on Discord which servers are served besides those of the application's owner."""

    bot_allow_workspaces: Words = ()
    bot_allow_strangers: bool = False
