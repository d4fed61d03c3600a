"""SQLite's errors, translated for the people who run the service."""

import sqlite3
from pathlib import Path

from bot.errors import StoreCorrupt, StoreError, StoreUnavailable

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_ADVICE = {
    sqlite3.SQLITE_BUSY: "is locked by another program; close what has it open",
    sqlite3.SQLITE_LOCKED: "is locked by another program; close what has it open",
    sqlite3.SQLITE_FULL: "has no space left to grow; free some space on its disk",
    sqlite3.SQLITE_IOERR: "can't be read or written; check its disk and the space left on it",
    sqlite3.SQLITE_CANTOPEN: "can't be opened; check that its folder exists and may be written to",
    sqlite3.SQLITE_READONLY: "may not be written to; check its permissions",
    sqlite3.SQLITE_PERM: "may not be opened; check its permissions",
}


def translate(error: Exception, path: Path) -> StoreError:
    """Return the `StoreError` for an error of the driver: one sentence, with what to do."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _DAMAGED:
        return damaged(path, str(error))
    if code in _ADVICE:
        return StoreUnavailable(f"The database {path} {_ADVICE[code]}. ({error})")
    return StoreError(f"The database {path} did not do what was asked: {error}")


def damaged(path: Path, detail: str) -> StoreCorrupt:
    """Return the error for a file that is not, or no longer, a valid database."""
    return StoreCorrupt(
        f"The database {path} is damaged; move it (with its -wal file) aside and restore a backup, or start with a new "
        f"one; `sqlite3 {path.name} .recover` may save its content. ({detail})"
    )
