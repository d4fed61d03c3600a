"""The file of a backup: a zip archive with a manifest, which gets its name when it is whole and verified."""

import os
import secrets
import time
import zipfile
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import field
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import ValidationError

from bot.backup.digest import TableFigures
from bot.characters import CONTROLS
from bot.errors import BackupError
from bot.i18n import operator_text
from bot.security.keys import LEAST_LENGTH
from bot.security.private_files import writing_private
from bot.store.shared import codec
from bot.values import valueclass

#: Version of the layout of these files.
FORMAT = 1
MANIFEST, DATABASE, KEYS = "manifest.json", "database.sqlite", "keys.json"
MEDIA, TABLES = "media/", "tables/"
#: Seconds after which an unfinished file belongs to a process that was killed.
_ABANDONED = 86_400
_CHUNK = 1 << 20

Engine = Literal["sqlite", "postgres"]
T = TypeVar("T")


@valueclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The keys that sign and encrypt, as they were in effect."""

    signing: str = ""
    encryption: str = ""  #: BOT_ENCRYPTION_KEYS; "": the signing key encrypts


@valueclass(frozen=True, slots=True, kw_only=True)
class MediaFigures:
    """The generated files at the time of the backup."""

    is_included: bool = False
    files: int = 0
    bytes: int = 0
    store: str = ""  #: the object store that they are in; "": the folder


@valueclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The table of contents of a backup file, by which its restored copy is verified."""

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
    def _reading(self) -> Iterator[None]:
        """Say in one sentence what is wrong with the file; what is done with its content is outside."""
        try:
            yield
        except OSError as exc:
            raise BackupError(operator_text("backup.unreadable", file=self.name, reason=exc.strerror)) from exc
        # `RuntimeError`: a member is marked as encrypted, or packed in a way that is not known.
        except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, RuntimeError) as exc:
            raise self.damaged() from exc

    def damaged(self) -> BackupError:
        """Return the error for a file that is not, or no longer, a backup."""
        return BackupError(operator_text("backup.damaged", file=self.name))

    def read_manifest(self) -> Manifest:
        """Check every byte of the file and return its manifest."""
        with self._reading(), zipfile.ZipFile(self.path) as archive:
            if archive.testzip() is not None:
                raise self.damaged()
        manifest = self._load(MANIFEST, Manifest)
        if manifest.format > FORMAT:
            raise BackupError(operator_text("backup.too_new", file=self.name, version=manifest.version))
        return manifest

    def read_keys(self) -> Keys:
        """Return the keys, of which none is a second line of `.env`, or so short that no service starts with it."""
        keys = self._load(KEYS, Keys)
        is_short = 0 < len(keys.signing) < LEAST_LENGTH
        if is_short or CONTROLS.search(keys.signing + keys.encryption):
            raise self.damaged()
        return keys

    def _load(self, member: str, kind: type[T]) -> T:
        """Return what a member says in JSON."""
        with self._reading(), zipfile.ZipFile(self.path) as archive:
            content = archive.read(member)
        try:
            return codec.loads(kind, content.decode())
        except (UnicodeDecodeError, ValidationError) as exc:
            raise self.damaged() from exc

    def members(self) -> list[zipfile.ZipInfo]:
        """Return what is in the file."""
        with self._reading(), zipfile.ZipFile(self.path) as archive:
            return archive.infolist()

    def chunks(self, member: str) -> Iterator[bytes]:
        """Read a member piece by piece."""
        with ExitStack() as stack:
            with self._reading():
                source = stack.enter_context(stack.enter_context(zipfile.ZipFile(self.path)).open(member))
            while True:
                with self._reading():
                    chunk = source.read(_CHUNK)
                if not chunk:
                    return
                yield chunk

    def extract(self, member: str, target: Path) -> None:
        """Write a member to a file that only this user may read, durably. Raises `OSError` for the target."""
        with writing_private(target) as file:
            file.writelines(self.chunks(member))


@asynccontextmanager
async def writing(path: Path, verify: Callable[[Archive], Awaitable[None]]) -> AsyncIterator[zipfile.ZipFile]:
    """Write a backup that only this user may read. It gets its name once `verify` has found it good.

    If this ends early, a signal included, there is no file of that name. Raises `BackupError`.
    """
    part = _free_part(path)
    try:
        with (
            writing_private(part) as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        ):
            yield archive
        await verify(Archive(part, name=path))
        part.rename(path)
        sync_folder(path.parent)
    except OSError as exc:
        raise BackupError(operator_text("backup.unwritable", file=path, reason=exc.strerror)) from exc
    finally:
        part.unlink(missing_ok=True)


def _free_part(path: Path) -> Path:
    """Return a free name beside the file that is to be written, and remove what killed processes left."""
    if path.exists():
        raise BackupError(operator_text("backup.exists", file=path))
    for part in path.parent.glob(f"{path.name}.*.part*"):
        with suppress(OSError):
            if time.time() - part.stat().st_mtime > _ABANDONED:
                part.unlink()
    return path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder durable, where the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
