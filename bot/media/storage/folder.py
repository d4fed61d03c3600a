"""Files of answers in a folder of this machine, or in one that several machines share."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from bot.errors import MediaError, MediaUnavailable
from bot.media.storage.store import KeptFile

_PIECE = 1 << 20  # bytes read at a time


class FolderStore:
    """See `MediaStore`. Files stay where they were made, in a folder a day.

    A path of another folder means the file of the same day and name in this one: a machine may have the shared folder
    elsewhere, and so may a service that was restored.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def name_of(self, path: Path) -> str:
        """See `MediaStore.name_of`."""
        try:
            return path.resolve().relative_to(self.folder.resolve()).as_posix()
        except ValueError as exc:
            raise MediaError(f"{path.name} is not in the spool") from exc

    async def keep(self, path: Path) -> None:
        """Do nothing: the file is where it is kept."""

    async def find(self, path: Path) -> KeptFile | None:
        """See `MediaStore.find`."""
        return await asyncio.to_thread(find_in_folder, self.folder, self._here(path))

    async def copy(self, path: Path) -> Path:
        """Return the path in this folder."""
        return self._here(path)

    def _here(self, path: Path) -> Path:
        """Return the path in this folder."""
        return path if path.is_relative_to(self.folder) else self.folder / path.parent.name / path.name

    async def release(self, path: Path) -> None:
        """Do nothing: the file is no copy."""

    async def remove(self, paths: Sequence[Path]) -> None:
        """See `MediaStore.remove`."""
        await asyncio.to_thread(remove_in_folder, self.folder, [self._here(path) for path in paths])

    async def reach(self) -> None:
        """Write a byte into the folder, which may be full, read-only or another user's. Raises `MediaUnavailable`."""
        try:
            await asyncio.to_thread(_write_byte, self.folder)
        except OSError as exc:
            raise MediaUnavailable(f"the folder {self.folder}: {exc.strerror}") from exc

    async def sweep(self, before: datetime | None, *, abandoned: datetime, active: Collection[Path]) -> None:
        """See `MediaStore.sweep`."""
        oldest = 0.0 if before is None else before.timestamp()
        await asyncio.to_thread(sweep_folder, self.folder, oldest, abandoned.timestamp(), frozenset(active))


def _write_byte(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"\n")


def find_in_folder(folder: Path, path: Path) -> KeptFile | None:
    """Return a file of a folder; None: it is not there, or elsewhere."""
    root, real = folder.resolve(), path.resolve()
    if not real.is_relative_to(root) or not real.is_file():
        return None
    return KeptFile(size=real.stat().st_size, path=real, read=lambda start, end: read_pieces(real, start, end))


async def read_pieces(path: Path, start: int, end: int) -> AsyncIterator[bytes]:
    """Read a part of a file in pieces. Raises `OSError`."""
    file = await asyncio.to_thread(path.open, "rb")
    try:
        await asyncio.to_thread(file.seek, start)
        while start < end and (piece := await asyncio.to_thread(file.read, min(_PIECE, end - start))):
            start += len(piece)
            yield piece
    finally:
        await asyncio.to_thread(file.close)


def versions(path: Path) -> str:
    """Return the pattern of the names of a file's versions: the one that was fetched, and smaller ones."""
    return f"{path.name.partition('.')[0]}.*"


def remove_in_folder(folder: Path, paths: Sequence[Path]) -> None:
    """Delete files of a folder with their other versions."""
    root = folder.resolve()
    for path in paths:
        real = path.resolve()
        if real.is_relative_to(root):
            for version in real.parent.glob(versions(real)):
                version.unlink(missing_ok=True)


def sweep_folder(folder: Path, before: float, abandoned: float, active: frozenset[Path]) -> None:
    """Delete old files, temporary files that were abandoned, and folders of earlier days that are empty."""
    for day in [path for path in folder.iterdir() if path.is_dir()]:
        for path in list(day.iterdir()):
            with suppress(FileNotFoundError):  # another process finished or swept it
                oldest = abandoned if path.suffix == ".part" else before
                if path not in active and path.stat().st_mtime < oldest:
                    path.unlink()
        if day.name != datetime.now(UTC).date().isoformat():
            with suppress(OSError):  # not empty, or gone already
                day.rmdir()
