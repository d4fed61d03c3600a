"""SQLite's errors, translated for the people who run the service."""

import sqlite3
from pathlib import Path

from bot.errors import StoreCorrupt, StoreError, StoreUnavailable
from bot.i18n import operator_text

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
#: Error code → key of the sentence.
_ADVICE = {
    sqlite3.SQLITE_BUSY: "database.locked",
    sqlite3.SQLITE_LOCKED: "database.locked",
    sqlite3.SQLITE_FULL: "database.full",
    sqlite3.SQLITE_IOERR: "database.disk",
    sqlite3.SQLITE_CANTOPEN: "database.unopened",
    sqlite3.SQLITE_READONLY: "database.readonly",
    sqlite3.SQLITE_PERM: "database.forbidden",
}


def translate(error: Exception, path: Path) -> StoreError:
    """Return the `StoreError` for an error of the driver: one sentence, with what to do."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _DAMAGED:
        return damaged(path, str(error))
    if code in _ADVICE:
        return StoreUnavailable(operator_text(_ADVICE[code], name=path, reason=error))
    return StoreError(operator_text("database.failed", name=path, reason=error))


def damaged(path: Path, detail: str) -> StoreCorrupt:
    """Return the error for a file that is not, or no longer, a valid database."""
    return StoreCorrupt(operator_text("database.damaged", name=path, file=path.name, reason=detail))
