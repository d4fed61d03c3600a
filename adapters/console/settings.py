"""The settings of the terminal, read from the environment. Each description is the setting's line in `.env.example`."""

from typing import Literal

from pydantic import Field

from bot.settings.base import EnvironmentSettings


class Settings(EnvironmentSettings):
    """The terminal's settings."""

    console_conversation: str = Field(
        "", max_length=100, description="Conversation to continue in the terminal. Empty: a new one at each start."
    )
    console_preview: Literal["auto", "off", "kitty", "iterm", "blocks"] = Field(
        "auto", description="Pictures in the terminal: auto, off, kitty, iterm or blocks."
    )
