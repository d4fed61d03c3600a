"""Erasure of a person from the recordings, with all else that is stored of them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from bot.models import Media
from bot.recorder.files import RecordingFiles
from bot.recorder.recorder import Recorder
from bot.recorder.redaction import RecordingRedactor

log = structlog.get_logger(__name__)


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
        """See `Eraser`. The recordings of a person are erased in all workspaces: they are short-lived anyway."""
        person = RecordingRedactor(self.key).person(adapter, actor)
        if self.recorder is not None:
            self.recorder.drop(person)
        try:
            await asyncio.to_thread(self.files.erase, person)
        except OSError as exc:
            log.warning("recordings not erased", reason=str(exc))
        return await self.database.forget(adapter, actor, workspace=workspace)
