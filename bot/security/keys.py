"""The key that signs media links: from the settings, or generated once and stored beside the database."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from pydantic import SecretStr

from bot.errors import SettingsError
from bot.settings.core import Settings

_BYTES = 32


def signing_key(settings: Settings) -> SecretStr:
    """Return BOT_SECRET_KEY, else the key in `secret.key` of the data folder, generated on first use.

    Raises `SettingsError` if the file can't be read or written.
    """
    if settings.bot_secret_key is not None:
        return settings.bot_secret_key
    path = settings.bot_data_dir / "secret.key"
    try:
        if not path.exists():
            _write_key(path, secrets.token_urlsafe(_BYTES))
        key = path.read_text(encoding="ascii").strip()
    except OSError as exc:
        raise SettingsError(
            f"BOT_DATA_DIR: {path} can't be read or made ({exc.strerror}); choose a folder that may be written to"
        ) from exc
    except UnicodeDecodeError:
        key = ""
    if len(key) < _BYTES:  # a guessable key gives access to every file
        raise SettingsError(f"{path} is damaged; delete it (links given out so far stop working) or set BOT_SECRET_KEY")
    return SecretStr(key)


def _write_key(path: Path, key: str) -> None:
    """Write the key atomically, readable by the owner only; of two processes the first wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())  # after a power cut the file must not be empty
    try:
        with suppress(FileExistsError):
            os.link(part, path)
    finally:
        part.unlink()
