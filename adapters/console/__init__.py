"""The terminal: a chat for one person, or plain lines when input is piped. Needs no set-up."""

import os
import sys
from pathlib import Path
from typing import Literal

from pydantic import Field

from adapters.console.adapter import Console
from adapters.console.parse import Person, new_conversation
from bot.settings.base import EnvironmentSettings, read


class Settings(EnvironmentSettings):
    """What the terminal can be told. Each field's description is its line in `.env.example`."""

    console_conversation: str = Field(
        "", max_length=100, description="Conversation to continue in the terminal; empty: a new one per start."
    )
    console_preview: Literal["auto", "off", "kitty", "iterm", "blocks"] = Field(
        "auto", description="Pictures in the terminal: auto, off, kitty, iterm or blocks."
    )


#: Needs no configuration: used when no other platform is configured.
IS_FALLBACK = True


def create(*, data_dir: Path, conversation: str | None) -> Console | None:
    """The terminal's adapter; None where there is no standard input or output.

    A chat where both are a terminal, plain lines otherwise. `conversation` None: that of the settings, else a new
    one. Raises `SettingsError` for a wrong setting.
    """
    if sys.stdin is None or sys.stdout is None:
        return None
    settings = read(Settings)
    return Console(
        conversation=conversation or settings.console_conversation or new_conversation(),
        person=Person.from_environment(os.environ),
        data_dir=data_dir,
        interactive=sys.stdin.isatty() and sys.stdout.isatty(),
        preview=settings.console_preview,
    )


__all__ = ["IS_FALLBACK", "Console", "Settings", "create"]
