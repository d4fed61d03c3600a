"""Plain lines in, plain lines out: what a pipe or a file gets."""

import asyncio
import codecs
import os
import select
import sys
import threading
from collections.abc import AsyncIterator
from concurrent.futures import CancelledError

from adapters.console import format as fmt
from adapters.console.parse import Messages
from bot.errors import DeliveryRefused
from bot.models import Answer, Status

_PATIENCE = 60.0  # seconds without a sign of life after which an earlier question no longer holds up later answers


async def read_messages(fd: int) -> AsyncIterator[str]:
    """The messages on a file descriptor until it ends. Bytes that are not UTF-8 are replaced.

    Read by a daemon thread of its own: a pool's thread, waiting for input, would hold up the exit.
    """
    loop = asyncio.get_running_loop()
    chunks: asyncio.Queue[bytes] = asyncio.Queue(maxsize=16)

    def read() -> None:
        data = b"more"
        while data:
            try:
                data = os.read(fd, 65536)
            except OSError:  # a terminal that has gone
                data = b""
            putting = chunks.put(data)
            try:
                asyncio.run_coroutine_threadsafe(putting, loop).result()
            except (RuntimeError, CancelledError):  # the loop was closed while this thread waited
                putting.close()
                return

    threading.Thread(target=read, name="stdin", daemon=True).start()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    messages = Messages()
    rest = ""
    while True:
        data = await chunks.get()
        *lines, rest = (rest + decoder.decode(data, final=not data)).split("\n")
        for line in lines:
            for message in messages.feed(line.removesuffix("\r")):
                yield message
        if not data:
            break
    for message in (*(messages.feed(rest) if rest else ()), *messages.end()):
        yield message


class PlainScreen:
    """Prints every answer whole, in the order asked."""

    def __init__(self, locale: str, fd: int) -> None:
        self.locale = locale
        self.gone = asyncio.Event()  #: nobody reads the output any more
        self._fd = fd
        self._asked: dict[str, None] = {}
        self._changed = asyncio.Condition()
        self._heard = 0.0

    @property
    def is_busy(self) -> bool:
        """Whether something asked is unanswered."""
        return bool(self._asked)

    def ask(self, key: str) -> None:
        """Keep the place of this question's answer."""
        self._asked[key] = None

    async def forget(self, key: str) -> None:
        """Nothing will be printed for this question any more."""
        async with self._changed:
            self._asked.pop(key, None)
            self._changed.notify_all()

    async def status(self, key: str, status: Status) -> None:  # noqa: ARG002
        """Not printed, but a sign of life."""
        self._heard = asyncio.get_running_loop().time()

    async def write(self, key: str, question: str, text: str) -> None:  # noqa: ARG002
        """Not printed, but a sign of life."""
        self._heard = asyncio.get_running_loop().time()

    async def show(self, key: str, question: str, answer: Answer) -> None:
        """Print the answer when its turn has come. Raises `DeliveryRefused` when it can't be written."""
        loop = asyncio.get_running_loop()
        self._heard = loop.time()
        async with self._changed:
            while key in self._asked and next(iter(self._asked)) != key and not self.gone.is_set():
                try:
                    async with asyncio.timeout_at(self._heard + _PATIENCE):
                        await self._changed.wait()
                except TimeoutError:
                    if loop.time() >= self._heard + _PATIENCE:
                        break
        self._print(fmt.plain(question, answer, self.locale))

    async def notice(self, text: str) -> None:
        """Tell the person something that is no answer."""
        self._print(f"{fmt.clean(text)}\n\n")

    async def drained(self) -> None:
        """Return when nothing asked is unanswered, or nobody reads the output."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._asked or self.gone.is_set())

    def _print(self, text: str) -> None:
        data = b"" if self.gone.is_set() else memoryview(text.encode())
        while data:
            try:
                data = data[os.write(self._fd, data) :]
            except BlockingIOError:  # another program has set the terminal so
                select.select([], [self._fd], [])
            except BrokenPipeError:  # as with `| head`: the reader has seen enough
                self.gone.set()
                _silence(self._fd)
                return
            except OSError as exc:
                raise DeliveryRefused(f"the output can't be written: {exc.strerror}") from exc


def _silence(fd: int) -> None:
    """Point a broken output nowhere, so that the interpreter's last flush does not complain."""
    if fd == sys.__stdout__.fileno() if sys.__stdout__ else False:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, fd)
        os.close(null)
