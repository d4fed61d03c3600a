"""Erasure of a person from the recordings, with all else that is stored of them."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

import structlog

from bot.errors import StoreError
from bot.models import Media
from bot.ports import KeyValues, Namespace
from bot.recorder.files import REMEMBERED, RecordingFiles
from bot.recorder.recorder import Recorder
from bot.recorder.redaction import RecordingRedactor
from bot.values import valueclass

log = structlog.get_logger(__name__)

#: The namespace of who was erased, and when, for processes that have recordings in another folder.
_ERASED = "recordings.erased"
#: Seconds between two looks for files that are too old.
_HOUR = 3600.0


class Eraser(Protocol):
    """Erases people."""

    async def forget(self, adapter: str, actor: str, *, workspace: str | None = None) -> Sequence[Media]:
        """See `bot.ports.Maintenance.forget`."""


class ErasureStore(Eraser, Protocol):
    """Erases people, and keeps for other processes whom it has erased."""

    def namespace(self, name: str) -> Namespace:
        """See `bot.ports.KeyValues.namespace`."""


@valueclass(frozen=True, slots=True, kw_only=True)
class RecordingsEraser:
    """Erases people from the recordings of all processes, then from the database, whatever the recorder is set to."""

    database: ErasureStore
    files: RecordingFiles
    key: bytes
    recorder: Recorder | None

    async def forget(self, adapter: str, actor: str, *, workspace: str | None = None) -> Sequence[Media]:
        """See `Eraser`. The recordings of a person are erased in all workspaces: they are short-lived anyway.

        Raises `StoreError` where recordings are left; nothing else is erased then, so that all is tried again.
        """
        person, at = RecordingRedactor(self.key).person(adapter, actor), time.time()
        if self.recorder is not None or self.files.folder.is_dir():
            expires = datetime.fromtimestamp(at + REMEMBERED, UTC)
            await self.database.namespace(_ERASED).set(person, str(at), expires=expires)
            try:
                await _erase(self.files, self.recorder, person, at)
            except OSError as exc:
                raise StoreError(f"recordings not erased: {exc}") from exc
        return await self.database.forget(adapter, actor, workspace=workspace)


async def apply_erasures(values: KeyValues, files: RecordingFiles, recorder: Recorder | None, *, pause: float) -> None:
    """Erase from this process's folder whom another process has erased, until cancelled; delete what is too old."""
    if recorder is None and not files.folder.is_dir():
        return
    failed: set[str] = set()  #: people, who are known to the files as erased
    pruned = -_HOUR
    while True:
        try:
            if time.monotonic() - pruned > _HOUR:
                pruned = time.monotonic()
                await asyncio.to_thread(files.prune)
            for person, at in (await values.namespace(_ERASED).items()).items():
                if person in failed or not files.is_erased(person, float(at)):
                    failed.add(person)
                    await _erase(files, recorder, person, float(at))
                    failed.remove(person)
        except (StoreError, OSError) as exc:
            log.warning("recordings of erased people are erased later", reason=str(exc))
        await asyncio.sleep(pause)


async def _erase(files: RecordingFiles, recorder: Recorder | None, person: str, at: float) -> None:
    if recorder is not None:
        recorder.drop(person)
    await asyncio.to_thread(files.erase, person, at)
