"""A mark in the data folder while a restore changes keys and database: no service starts between the two."""

from pathlib import Path

from bot.errors import BackupError, SettingsError
from bot.i18n import operator_text
from bot.settings.core import Settings


def marker_of(settings: Settings) -> Path:
    """Return the file whose presence says that a restore is under way, or was interrupted."""
    return settings.bot_data_dir / "restore.unfinished"


def is_marked(settings: Settings, file: Path) -> bool:
    """Return whether the restore of this file was interrupted. Raises `SettingsError`."""
    return _read_marker(settings) == str(file.resolve())


def refuse_unfinished(settings: Settings) -> None:
    """Raise `BackupError` where a restore was interrupted in the middle, `SettingsError` where that can't be read."""
    file = _read_marker(settings)
    if file is not None:
        raise BackupError(operator_text("backup.unfinished", file=file))


def _read_marker(settings: Settings) -> str | None:
    """Return the file whose restore was interrupted; None: none. Raises `SettingsError` if the folder can't be read."""
    try:
        return marker_of(settings).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as exc:
        text = operator_text("setting.folder_file", path=settings.bot_data_dir, reason=exc.strerror)
        raise SettingsError(text) from exc
