"""The file of a backup: a zip archive with a manifest, which gets its name when it is whole and verified."""

import os
import secrets
import shutil
import time
import zipfile
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from bot.backup.digest import TableFigures
from bot.errors import BackupError
from bot.i18n import operator_text
from bot.store.shared import codec

#: Version of the layout of these files.
FORMAT = 1
MANIFEST, DATABASE, KEYS = "manifest.json", "database.sqlite", "keys.json"
MEDIA, TABLES = "media/", "tables/"
#: Seconds after which an unfinished file belongs to a process that was killed.
_ABANDONED = 86_400
_CHUNK = 1 << 20

Engine = Literal["sqlite", "postgres"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The keys that sign and encrypt, as they were in effect."""

    signing: str = ""
    encryption: str = ""  #: BOT_ENCRYPTION_KEYS; "": the signing key encrypts


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFigures:
    """The generated files at the time of the backup."""

    is_included: bool = False
    files: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is in a backup."""

    format: int
    engine: Engine
    schema: int  #: version of the database's schema
    version: str  #: of the service
    created_at: datetime
    tables: Mapping[str, TableFigures]  #: a table comes after those that it refers to
    sequences: Mapping[str, int] = field(default_factory=dict)  #: their last values
    media: MediaFigures = MediaFigures()

    @property
    def rows(self) -> int:
        """All rows."""
        return sum(table.rows for table in self.tables.values())


class Archive:
    """A backup that is read. Raises `BackupError` where it is damaged or of a newer version."""

    def __init__(self, path: Path, *, name: Path | None = None) -> None:
        """`name`: for people; by default the path."""
        self.path = path
        self.name = name or path

    @contextmanager
    def opened(self) -> Iterator[zipfile.ZipFile]:
        """Open the file; damage found meanwhile is one sentence."""
        try:
            with zipfile.ZipFile(self.path) as archive:
                yield archive
        except OSError as exc:
            raise BackupError(operator_text("backup.unreadable", file=self.name, reason=exc.strerror)) from exc
        except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError) as exc:
            raise self.damaged() from exc

    def damaged(self) -> BackupError:
        """Return the error for a file that is not, or no longer, a backup."""
        return BackupError(operator_text("backup.damaged", file=self.name))

    def read_manifest(self) -> Manifest:
        """Check every byte of the file and return its manifest."""
        with self.opened() as archive:
            if archive.testzip() is not None:
                raise self.damaged()
            text = archive.read(MANIFEST).decode()
        try:
            manifest = codec.loads(Manifest, text)
        except ValidationError as exc:
            raise self.damaged() from exc
        if manifest.format > FORMAT:
            raise BackupError(operator_text("backup.too_new", file=self.name, version=manifest.version))
        return manifest

    def read_keys(self) -> Keys:
        """Return the keys."""
        with self.opened() as archive:
            return codec.loads(Keys, archive.read(KEYS).decode())

    def extract(self, member: str, target: Path) -> None:
        """Write a member to a file that only this user may read, durably."""
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file, self.opened() as archive, archive.open(member) as source:
            shutil.copyfileobj(source, file, _CHUNK)
            file.flush()
            os.fsync(file.fileno())


@asynccontextmanager
async def writing(path: Path, verify: Callable[[Archive], Awaitable[None]]) -> AsyncIterator[zipfile.ZipFile]:
    """Write a backup that only this user may read. It gets its name once `verify` has found it good.

    Whatever ends this before, a signal included, leaves no file of that name. Raises `BackupError`.
    """
    part, descriptor = _open_part(path)
    try:
        with os.fdopen(descriptor, "r+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                yield archive
            file.flush()
            os.fsync(file.fileno())
        await verify(Archive(part, name=path))
        part.rename(path)
        sync_folder(path.parent)
    except OSError as exc:
        raise BackupError(operator_text("backup.unwritable", file=path, reason=exc.strerror)) from exc
    finally:
        part.unlink(missing_ok=True)


def _open_part(path: Path) -> tuple[Path, int]:
    """Open a file beside the one that is to be written, and remove those that killed processes left."""
    if path.exists():
        raise BackupError(operator_text("backup.exists", file=path))
    try:
        for part in path.parent.glob(f"{path.name}.*.part*"):
            if time.time() - part.stat().st_mtime > _ABANDONED:
                part.unlink()
        part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as exc:
        raise BackupError(operator_text("backup.unwritable", file=path, reason=exc.strerror)) from exc
    return part, descriptor


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder durable, where the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
