"""Files that only the service's own user may read. On Windows a folder's own permissions decide instead."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from bot.errors import SettingsError

_FOLDER, _FILE = 0o700, 0o600


def restrict_new_files() -> None:
    """Let every file that this process creates from now on be readable by its user alone."""
    os.umask(0o077)


def make_private(folder: Path, *files: Path) -> None:
    """Create the folder, and take others' rights from it and from the files that exist.

    Raises `SettingsError` if the folder can't be made. A folder of another user stays as it is: their decision.
    """
    try:
        folder.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
        for path, mode in ((folder, _FOLDER), *((file, _FILE) for file in files)):
            if path.exists() and path.stat().st_mode & 0o077 and _is_ours(path):
                path.chmod(mode)
    except OSError as exc:
        raise SettingsError(
            f"BOT_DATA_DIR: {folder} can't be made or protected ({exc.strerror}); choose another folder"
        ) from exc


@contextmanager
def writing_private(path: Path) -> Iterator[IO[bytes]]:
    """Write a file that only this user may read, in place of one of its name; at the end it is durable.

    Raises `OSError`.
    """
    path.unlink(missing_ok=True)
    with open(path, "x+b", opener=_open_private) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())  # after a power cut the file must not be empty


def write_private(path: Path, text: str) -> None:
    """Write such a file of a text. Raises `OSError`."""
    with writing_private(path) as file:
        file.write(text.encode())


def _open_private(name: str, flags: int) -> int:
    return os.open(name, flags, _FILE)


def _is_ours(path: Path) -> bool:
    return not hasattr(os, "geteuid") or path.stat().st_uid == os.geteuid()
