"""The keys of a backup: read where it is made, and put back where it is restored."""

import os
from pathlib import Path

from bot.backup.archive import Keys
from bot.security.keys import KEY_FILE
from bot.security.private_files import write_private
from bot.settings.core import Settings

SETTINGS_FILE = "restored-keys.env"


def read_keys(settings: Settings) -> Keys:
    """Return the keys in effect, as far as there are any. Raises `OSError`."""
    path = settings.bot_data_dir / KEY_FILE
    given, encryption = settings.bot_secret_key, settings.bot_encryption_keys
    signing = path.read_text(encoding="utf-8").strip() if given is None and path.exists() else ""
    return Keys(
        signing=signing if given is None else given.get_secret_value(),
        encryption="" if encryption is None else encryption.get_secret_value(),
    )


def missing_settings(settings: Settings, keys: Keys) -> dict[str, str]:
    """Return the settings, with their values, without which the restored service has other keys than the backup."""
    found = {}
    if settings.bot_secret_key is not None and keys.signing != settings.bot_secret_key.get_secret_value():
        found["BOT_SECRET_KEY"] = keys.signing
    here = "" if settings.bot_encryption_keys is None else settings.bot_encryption_keys.get_secret_value()
    # What was encrypted with the signing key is read with it where no other keys are set.
    if here != keys.encryption:
        found["BOT_ENCRYPTION_KEYS"] = keys.encryption or keys.signing
    return found


def replaces_key(settings: Settings, keys: Keys) -> bool:
    """Return whether the data folder has another key than the one that is to be written."""
    path = settings.bot_data_dir / KEY_FILE
    is_used = settings.bot_secret_key is None and bool(keys.signing)
    return is_used and path.exists() and path.read_text(encoding="utf-8").strip() != keys.signing


def prepare_key(settings: Settings, keys: Keys, *, aside: Path) -> Path | None:
    """Write the signing key beside its place, if it is not there; another one is kept as `aside`. Raises `OSError`."""
    path = settings.bot_data_dir / KEY_FILE
    if settings.bot_secret_key is not None or not keys.signing:
        return None
    if path.exists() and not replaces_key(settings, keys):
        return None
    part = path.with_name(f"{path.name}.part")
    write_private(part, keys.signing)
    if path.exists() and not aside.exists():
        os.link(path, aside)
    return part
