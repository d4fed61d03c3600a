"""Settings of how requests are answered: which, how many at a time, and how often they are tried."""

from pydantic import Field

from bot.settings.base import EnvironmentSettings, Words


class WorkSettings(EnvironmentSettings):
    """A part of `Settings`."""

    bot_disabled_commands: Words = Field(
        (), description="Commands that are not offered, such as video where the API has none. Not chat."
    )
    bot_chat_concurrency: int = Field(
        50, ge=1, le=1000, description="Conversations that are answered at the same time."
    )
    bot_media_concurrency: int = Field(
        4, ge=1, le=100, description="Pictures, sounds and videos that are made at the same time."
    )
    bot_patience: float = Field(
        600,
        ge=0,
        le=86400,
        description="Seconds for which a request is tried again while the AI API is unavailable or busy. 0: BOT_MAX_ATTEMPTS decides.",
    )
    bot_max_attempts: int = Field(
        4,
        ge=1,
        le=20,
        description="Attempts at a request during which the process died, before the person is told that it failed. With BOT_PATIENCE=0 failures of the AI API count, too.",
    )
    bot_shutdown_timeout: float = Field(
        20, ge=0, le=600, description="Seconds that running answers have to finish when the service stops."
    )
