"""The terminal: a chat for one person, or plain lines when input is piped. Needs no set-up.

Its code is imported only where it is used: a service on another platform needs no terminal.
"""

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from adapters.console.settings import Settings
from bot.i18n import register_catalogue
from bot.ports import Platform
from bot.settings.base import read

if TYPE_CHECKING:
    from adapters.console.adapter import Console

register_catalogue(__name__)


def create(*, data_dir: Path, conversation: str | None) -> "Console | None":
    """Return the terminal's adapter; None where nothing can be typed or piped in, or nothing shown.

    A chat where both are a terminal, plain lines otherwise. `conversation`: its name; None: that of the settings, else
    a new one. Raises `SettingsError` for a wrong setting.
    """
    if sys.stdin is None or sys.stdout is None or _is_null(sys.stdin):
        return None
    from adapters.console.adapter import Console
    from adapters.console.parse import Person, new_conversation

    settings = read(Settings)
    return Console(
        conversation=conversation or settings.console_conversation or new_conversation(),
        person=Person.from_environment(os.environ),
        data_dir=data_dir,
        interactive=sys.stdin.isatty() and sys.stdout.isatty(),
        preview=settings.console_preview,
    )


def _is_null(stream: TextIO) -> bool:
    """Whether a stream is the null device, as of a service in the background."""
    try:
        status = os.fstat(stream.fileno())
        return stat.S_ISCHR(status.st_mode) and status.st_rdev == Path(os.devnull).stat().st_rdev
    except (OSError, ValueError):  # no file behind it, or closed
        return False


PLATFORM = Platform(name="console", settings=Settings, create=create, is_fallback=True)

__all__ = ["PLATFORM", "Settings", "create"]
