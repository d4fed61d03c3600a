"""The terminal in the words of the adapter contract: what a person pipes in, and what comes out."""

import asyncio
import os
import re
import threading
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar

from adapters.console.adapter import Console
from adapters.console.parse import Person
from bot.models import Answer, Attachment
from tests.contract.adapter_contract import COMMANDS, Harness, Said, Shown

_SAVED = re.compile(r"^saved: (.+) \(.*\)\n", re.MULTILINE)


class PipedConsole(Harness):
    """A console over real pipes."""

    _ALONE = "there is one person at a terminal"
    _TYPED = "a line that was piped in can't be taken back"
    _PRINTED = "what was printed stays"
    _LOCAL = "there is no connection to a terminal that could be lost"
    _FOR_PROGRAMS = "what reads a pipe wants whole answers and can't press anything"
    lacks: ClassVar[Mapping[str, str]] = {
        "bots": _ALONE,
        "bystanders": _ALONE,
        "buttons": _FOR_PROGRAMS,
        "connection": _LOCAL,
        "deletions": _TYPED,
        "edits": _TYPED,
        "form errors": _FOR_PROGRAMS,
        "forms": _FOR_PROGRAMS,
        "growing text": _FOR_PROGRAMS,
        "mentions": "every line is for the bot",
        "message actions": _FOR_PROGRAMS,
        "missing files": "a file is shown by its path, whatever became of it",
        "notification": "nobody but the reader of the output could be notified",
        "prior messages": "every line is for the bot, so that the core has them all",
        "rate limits": _LOCAL,
        "redelivery": "each line is read once",
        "refusals": "there is nowhere else to answer",
        "removal": _PRINTED,
        "several people": _ALONE,
        "stalls": _LOCAL,
        "status": _FOR_PROGRAMS,
        "strangers": _ALONE,
        "threads": "a run of the program is one conversation",
        "unclear delivery": _LOCAL,
        "upload limits": "files are shown where they are and not uploaded",
        "voice": "files are named, and whatever is in them is read",
    }

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._bytes = bytearray()
        out, self._out = os.pipe()
        self._reader = threading.Thread(target=self._read, args=(out,), daemon=True)
        self._reader.start()

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path) -> AsyncIterator[Harness]:
        harness = cls(folder)
        await harness.start()
        try:
            yield harness
        finally:
            await harness.stop()
            os.close(harness._out)
            await asyncio.to_thread(harness._reader.join)

    def _read(self, out: int) -> None:
        """Reads in a thread of its own, as another process would."""
        while data := os.read(out, 65536):
            self._bytes += data
        os.close(out)

    async def start(self, *, run: bool = True) -> None:
        stdin, self._in = os.pipe()
        self.adapter = Console(
            conversation="test", person=Person("Ann"), data_dir=self.folder, stdin=stdin, stdout=self._out
        )
        self._run = asyncio.create_task(self.adapter.run(self.sink, COMMANDS)) if run else None

    async def stop(self) -> None:
        os.close(self._in)  # the reading thread ends with its input
        if self._run is not None:
            self._run.cancel()
            await asyncio.gather(self._run, return_exceptions=True)

    async def say(
        self,
        text: str,
        *,
        by: str = "ada",
        to_bot: bool = True,
        after: Said | None = None,
        files: Sequence[tuple[str, bytes]] = (),
        is_voice: bool = False,
    ) -> Said:
        for name, content in files:
            path = self.folder / name
            path.write_bytes(content)
            text += f' @"{path}"'
        handled, kept = self.handled, len(self.events)
        os.write(self._in, f"{text}\n".encode())
        await self.until(lambda: self.handled > handled)
        return Said(text, self.events[-1] if len(self.events) > kept else None)

    async def see(self, *, by: str = "ada") -> list[Shown]:
        key = mark = uuid.uuid4().hex
        if self._run is not None:  # asked last, so answered after all that is to be shown
            self.services.is_failing = False
            await self.say(mark)
            key = self.events.pop().id
        await (await self.draft(key)).finish(Answer(text=f"end {mark}"))
        while f"end {mark}".encode() not in self._bytes:  # noqa: ASYNC110 - filled by a thread
            await asyncio.sleep(0.005)
        shown = []
        for answer in re.split(r"^> .*\n", self._bytes.decode(), flags=re.MULTILINE)[1:-1]:
            files = [Path(path) for path in _SAVED.findall(answer)]
            text = _SAVED.sub("", answer).rstrip("\n")
            shown.append(Shown(text, tuple((f.name, f.stat().st_size) for f in files), private=True))
        return shown

    def reply_to(self) -> Mapping[str, str]:
        return {"conversation": "test", "question": "an earlier question"}

    async def remove_file(self, attachment: Attachment) -> None:
        Path(attachment.source["path"]).unlink()
