"""A mark in the data folder while a restore changes keys and database: no service starts between the two."""

from pathlib import Path

from bot.errors import BackupError
from bot.i18n import operator_text
from bot.settings.core import Settings


def marker_of(settings: Settings) -> Path:
    """Return the file whose presence says that a restore is under way, or was interrupted."""
    return settings.bot_data_dir / "restore.unfinished"


def is_marked(settings: Settings, file: Path) -> bool:
    """Return whether the restore of this file was interrupted."""
    marker = marker_of(settings)
    return marker.exists() and marker.read_text(encoding="utf-8") == str(file.resolve())


def refuse_unfinished(settings: Settings) -> None:
    """Raise `BackupError` where a restore was interrupted in the middle of its changes."""
    marker = marker_of(settings)
    if marker.exists():
        raise BackupError(operator_text("backup.unfinished", file=marker.read_text(encoding="utf-8")))
