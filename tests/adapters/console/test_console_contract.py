import asyncio
import os
import re
import threading
import uuid
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from adapters.console.adapter import Console
from adapters.console.parse import Person
from bot.models import Answer, Attachment, Event
from tests.contract.adapter_contract import COMMANDS, AdapterContract, Harness, Shown

SAVED = re.compile(r"^saved: (.+) \(.*\)\n", re.MULTILINE)


class PipedConsole(Harness):
    """The console over real pipes: what a person pipes in, and what comes out."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._said = 0
        self._told = asyncio.Condition()
        self._bytes = bytearray()
        out, self._out = os.pipe()
        self._reader = threading.Thread(target=self._read, args=(out,), daemon=True)
        self._reader.start()
        self._start(run=True)

    def _read(self, out: int) -> None:
        """Reads in a thread of its own, as another process would."""
        while data := os.read(out, 65536):
            self._bytes += data
        os.close(out)

    def _start(self, *, run: bool) -> None:
        stdin, self._in = os.pipe()
        self.adapter = Console(
            conversation="test", person=Person("Ann"), data_dir=self.folder, stdin=stdin, stdout=self._out
        )
        self._run = asyncio.create_task(self.adapter.run(self._count, COMMANDS)) if run else None

    async def _count(self, event: Event) -> None:
        try:
            await self.sink(event)
        finally:
            async with self._told:
                self._said += 1
                self._told.notify_all()

    async def say(self, text: str) -> bool:
        before, kept = self._said, len(self.events)
        os.write(self._in, f"{text}\n".encode())
        async with self._told:
            await self._told.wait_for(lambda: self._said > before)
        return len(self.events) > kept

    async def shown(self) -> list[Shown]:
        key = mark = uuid.uuid4().hex
        if self._run is not None:  # asked last, so answered after all that is to be shown
            self.is_failing = False
            await self.say(mark)
            key = self.events.pop().id
        await (await self.draft(key)).finish(Answer(text=f"end {mark}"))
        while f"end {mark}".encode() not in self._bytes:  # noqa: ASYNC110 - filled by a thread
            await asyncio.sleep(0.005)
        shown = []
        for answer in re.split(r"^> .*\n", self._bytes.decode(), flags=re.MULTILINE)[1:-1]:
            files = [Path(path) for path in SAVED.findall(answer)]
            text = SAVED.sub("", answer).rstrip("\n")
            shown.append(Shown(text, tuple((f.name, f.stat().st_size) for f in files), private=True))
        return shown

    async def stop(self) -> None:
        os.close(self._in)  # the reading thread ends with its input
        if self._run is not None:
            self._run.cancel()
            await asyncio.gather(self._run, return_exceptions=True)

    async def restart(self, *, run: bool = True) -> None:
        await self.stop()
        self._start(run=run)

    def reply_to(self) -> Mapping[str, str]:
        return {"conversation": "test", "question": "an earlier question"}

    async def attachment(self, name: str, content: bytes) -> Attachment:
        path = self.folder / name
        path.write_bytes(content)
        await self.say(f"look at @{path}")
        return self.events[-1].attachments[0]

    async def remove(self, attachment: Attachment) -> None:
        Path(attachment.source["path"]).unlink()


class TestPipedConsole(AdapterContract):
    @pytest.fixture
    async def harness(self, tmp_path: Path) -> AsyncIterator[PipedConsole]:
        harness = PipedConsole(tmp_path)
        yield harness
        await harness.stop()
        os.close(harness._out)
        await asyncio.to_thread(harness._reader.join)
