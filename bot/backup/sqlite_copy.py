"""Copies of an SQLite database: a snapshot of one that is in use, and its way back."""

import secrets
import sqlite3
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from bot.backup.archive import DATABASE, Archive, Manifest
from bot.backup.digest import RowsDigest, TableFigures
from bot.errors import BackupError, StoreError
from bot.i18n import operator_text
from bot.store.sqlite.errors import damaged, translate

_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY rowid"
#: Errors of the copy: nothing else is written.
_UNWRITTEN = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE}
_BUSY = 30.0  # seconds to wait for the service's own checkpoint


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database that exists; texts are bytes. Raises `StoreError`."""
    if not path.exists():
        raise StoreError(operator_text("backup.no_database", name=path))
    try:
        with closing(sqlite3.connect(path, timeout=_BUSY, isolation_level=None, check_same_thread=False)) as db:
            db.text_factory = bytes
            yield db
    except sqlite3.Error as exc:
        raise translate(exc, path) from exc


def names_of_tables(db: sqlite3.Connection) -> list[str]:
    """Return the names of the tables, the oldest first: one comes after those that it refers to."""
    return [name.decode() for (name,) in db.execute(_TABLES)]


def read_figures(db: sqlite3.Connection) -> dict[str, TableFigures]:
    """Read the figures of every table."""
    found = {}
    for name in names_of_tables(db):
        digest = RowsDigest()
        for row in db.execute(f'SELECT * FROM "{name}"'):  # noqa: S608 - a name of the schema
            digest.add(repr(row).encode())
        found[name] = digest.figures()
    return found


def schema_version(db: sqlite3.Connection) -> int:
    """Return the version of the schema; 0: there is none."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def has_rows(path: Path) -> bool:
    """Return whether a file has a database with content. Raises `StoreError`."""
    if not path.exists():
        return False
    with opened(path) as db:
        tables = names_of_tables(db)
        return any(db.execute(f'SELECT 1 FROM "{name}" LIMIT 1').fetchone() for name in tables)  # noqa: S608


def dump(path: Path, archive: zipfile.ZipFile, scratch: Path) -> tuple[int, Mapping[str, TableFigures]]:
    """Write one snapshot of the database, which may be in use, and return its version and its figures.

    `scratch`: a file for the copy, which is removed. Raises `StoreError`, and `OSError` where it can't be written.
    """
    try:
        with opened(path) as db:
            db.execute("BEGIN")  # the copy and the figures are of the moment of the first statement
            version, figures = schema_version(db), read_figures(db)
            _copy(db, scratch)
            archive.write(scratch, DATABASE)
    finally:
        remove(scratch)
    return version, figures


def _copy(db: sqlite3.Connection, scratch: Path) -> None:
    """Copy a database that is only read into a file. Raises `OSError` where that can't be written."""
    try:
        with closing(sqlite3.connect(scratch, isolation_level=None)) as copy:
            scratch.chmod(0o600)
            db.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # all in one file
    except sqlite3.Error as exc:
        if getattr(exc, "sqlite_errorcode", None) in _UNWRITTEN:
            raise OSError(0, str(exc), str(scratch)) from exc
        raise


def checkpoint(path: Path) -> None:
    """Put all content into the file itself. Raises `StoreError`."""
    with opened(path) as db:
        db.execute("PRAGMA journal_mode = DELETE")


def unpack(archive: Archive, target: Path, expected: Mapping[str, TableFigures]) -> None:
    """Write the archive's database to a file and compare it with its figures. Raises `BackupError`, without a file."""
    archive.extract(DATABASE, target)
    try:
        with opened(target) as db:
            (found,) = db.execute("PRAGMA integrity_check(1)").fetchone()
            if found != b"ok":
                raise damaged(target, found.decode(errors="replace"))
            is_same = read_figures(db) == expected
    except StoreError as exc:
        remove(target)
        raise archive.damaged() from exc
    if not is_same:
        remove(target)
        raise BackupError(operator_text("backup.differs", file=archive.name))


def scratch_for(file: Path) -> Path:
    """Return the name of a copy beside a file; `bot.backup.archive.writing` removes those of killed processes."""
    return file.with_name(f"{file.name}.{secrets.token_hex(4)}.part")


def verify(archive: Archive, manifest: Manifest) -> None:
    """Restore a backup into a scratch file and compare the figures. Raises `BackupError`."""
    scratch = scratch_for(archive.name)
    try:
        unpack(archive, scratch, manifest.tables)
    finally:
        remove(scratch)


def remove(path: Path) -> None:
    """Remove a database file and what SQLite keeps beside it."""
    for end in ("", "-journal", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
