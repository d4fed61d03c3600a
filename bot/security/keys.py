"""Keys: the one that signs media links, from the settings or generated once, and those that encrypt at rest.

A key is used as it is, without slowing down guesses, so that only one made of random bytes is accepted.
"""

import math
import os
import secrets
from contextlib import suppress
from pathlib import Path

from pydantic import SecretStr

from bot.errors import SettingsError
from bot.i18n import operator_text
from bot.security.private_files import write_private
from bot.settings.core import Settings

#: Where the data folder has the signing key.
KEY_FILE = "secret.key"
_BYTES = 32
#: Characters that a signing key has at the least.
LEAST_LENGTH = 32
#: Bits that a key's text has to have room for, by its length and how many different characters it has: 32 random bytes
#: in base64 or in hexadecimal had 188 at the least, of 200,000 keys.
_BITS = 160
_MAKE_KEY = "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"


def signing_key(settings: Settings) -> SecretStr:
    """Return BOT_SECRET_KEY, else the key in `secret.key` of the data folder, generated on first use.

    Raises `SettingsError` if the file can't be read or written, and for a key that can be guessed.
    """
    if settings.bot_secret_key is not None:
        if not _is_strong(settings.bot_secret_key.get_secret_value()):
            raise SettingsError(operator_text("setting.weak_key", command=_MAKE_KEY))
        return settings.bot_secret_key
    path = settings.bot_data_dir / KEY_FILE
    try:
        if not path.exists():
            _write_key(path, secrets.token_urlsafe(_BYTES))
        key = path.read_text(encoding="ascii").strip()
    except OSError as exc:
        raise SettingsError(operator_text("setting.folder_file", path=path, reason=exc.strerror)) from exc
    except UnicodeDecodeError:
        key = ""
    if len(key) < LEAST_LENGTH:  # a guessable key gives access to every file
        raise SettingsError(operator_text("setting.damaged_key", path=path))
    return SecretStr(key)


def encryption_keys(settings: Settings) -> list[SecretStr]:
    """Return BOT_ENCRYPTION_KEYS, else the signing key. The first encrypts, all decrypt.

    Raises `SettingsError` as `signing_key` does. Only the first has to be strong: what an old one had encrypted stays
    readable.
    """
    if settings.bot_encryption_keys is None:
        return [signing_key(settings)]
    given = settings.bot_encryption_keys.get_secret_value().split(",")
    keys = [key.strip() for key in given if key.strip()]
    if not keys or not _is_strong(keys[0]):
        raise SettingsError(operator_text("setting.weak_keys", command=_MAKE_KEY))
    return [SecretStr(key) for key in keys]


def _is_strong(key: str) -> bool:
    return len(key) * math.log2(len(set(key)) or 1) >= _BITS


def _write_key(path: Path, key: str) -> None:
    """Write the key atomically, readable by the owner only; of two processes the first wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    write_private(part, key)
    try:
        with suppress(FileExistsError):
            os.link(part, path)
    finally:
        part.unlink()
