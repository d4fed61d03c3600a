"""Erasure of a person from the recordings, with all else that is stored of them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.errors import StoreError
from bot.models import Media
from bot.recorder.files import RecordingFiles
from bot.recorder.recorder import Recorder
from bot.recorder.redaction import RecordingRedactor


class Eraser(Protocol):
    """Erases people."""

    async def forget(self, adapter: str, actor: str, *, workspace: str | None = None) -> Sequence[Media]:
        """See `bot.ports.Maintenance.forget`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingsEraser:
    """Erases people from the recordings of all processes, then from the database, whatever the recorder is set to."""

    database: Eraser
    files: RecordingFiles
    key: bytes
    recorder: Recorder | None

    async def forget(self, adapter: str, actor: str, *, workspace: str | None = None) -> Sequence[Media]:
        """See `Eraser`. The recordings of a person are erased in all workspaces: they are short-lived anyway.

        Raises `StoreError` where recordings are left; nothing else is erased then, so that all is tried again.
        """
        person = RecordingRedactor(self.key).person(adapter, actor)
        if self.recorder is not None:
            self.recorder.drop(person)
        if self.recorder is not None or self.files.folder.is_dir():
            try:
                await asyncio.to_thread(self.files.erase, person)
            except OSError as exc:
                raise StoreError(f"recordings not erased: {exc}") from exc
        return await self.database.forget(adapter, actor, workspace=workspace)
