"""Plain lines in, plain lines out: for pipes and files."""

import asyncio
import codecs
import os
import select
import sys
import threading
from collections.abc import AsyncIterator
from concurrent.futures import CancelledError

from adapters.console import format as fmt
from adapters.console.parse import MessageAssembler
from bot.errors import DeliveryRefused
from bot.models import Answer, Status


async def read_messages(fd: int) -> AsyncIterator[str]:
    """Yield the messages on a file descriptor until it ends. Bytes that are not UTF-8 are replaced.

    Reads in a daemon thread of its own: a pool thread that waits for input would delay the exit.
    """
    loop = asyncio.get_running_loop()
    chunks: asyncio.Queue[bytes] = asyncio.Queue(maxsize=16)

    def read() -> None:
        data = b"more"
        while data:
            try:
                data = os.read(fd, 65536)
            except OSError:  # a terminal that was closed
                data = b""
            putting = chunks.put(data)
            try:
                asyncio.run_coroutine_threadsafe(putting, loop).result()
            except (RuntimeError, CancelledError):  # the loop was closed meanwhile
                putting.close()
                return

    threading.Thread(target=read, name="stdin", daemon=True).start()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    messages = MessageAssembler()
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
    """Prints whole answers in the order of their questions.

    `order_timeout`: seconds without a sign of life after which an earlier question no longer delays later answers.
    """

    def __init__(self, locale: str, fd: int, *, order_timeout: float) -> None:
        self.locale = locale
        self.output_closed = asyncio.Event()  #: set when the reader of the output has gone
        self._fd = fd
        self._order_timeout = order_timeout
        self._asked: dict[str, None] = {}
        self._told_waiting: set[str] = set()
        self._changed = asyncio.Condition()
        self._last_sign = 0.0
        self._shown = self._failed = 0  # answers

    @property
    def is_busy(self) -> bool:
        """Whether a question is unanswered."""
        return bool(self._asked)

    @property
    def all_failed(self) -> bool:
        """Whether there were answers, and all of them were errors."""
        return 0 < self._shown <= self._failed

    def begin(self, key: str, *, is_refused: bool = False) -> None:
        """Reserve the place of this question's answer; `is_refused`: it will be an error."""
        self._asked[key] = None
        self._failed += is_refused

    async def discard(self, key: str) -> None:
        """Release the place of a question: nothing more is printed for it."""
        async with self._changed:
            self._asked.pop(key, None)
            self._told_waiting.discard(key)
            self._changed.notify_all()

    async def status(self, key: str, status: Status) -> None:
        """Note the sign of life; print only that a question waits for minutes, once, to the error output."""
        self._last_sign = asyncio.get_running_loop().time()
        if status.is_waiting and key not in self._told_waiting:
            self._told_waiting.add(key)
            print(fmt.clean(status.text), file=sys.stderr, flush=True)  # noqa: T201

    async def write(self, key: str, question: str, text: str) -> None:  # noqa: ARG002
        """Print nothing; note the sign of life."""
        self._last_sign = asyncio.get_running_loop().time()

    async def show(self, key: str, question: str, answer: Answer) -> None:
        """Print the answer after those of earlier questions. Raises `DeliveryRefused` when it can't be written."""
        loop = asyncio.get_running_loop()
        self._last_sign = loop.time()
        async with self._changed:
            while key in self._asked and next(iter(self._asked)) != key and not self.output_closed.is_set():
                try:
                    async with asyncio.timeout_at(self._last_sign + self._order_timeout):
                        await self._changed.wait()
                except TimeoutError:
                    if loop.time() >= self._last_sign + self._order_timeout:
                        break
        self._print(fmt.format_answer(question, answer, self.locale))
        self._shown += 1
        self._failed += bool(fmt.retry_line(answer))

    async def notice(self, text: str) -> None:
        """Print a message that is not an answer."""
        self._print(f"{fmt.clean(text)}\n\n")

    async def wait_until_answered(self) -> None:
        """Return when every question is answered, or the output is closed."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._asked or self.output_closed.is_set())

    def _print(self, text: str) -> None:
        data = b"" if self.output_closed.is_set() else memoryview(text.encode())
        while data:
            try:
                data = data[os.write(self._fd, data) :]
            except BlockingIOError:  # another program made the terminal non-blocking
                select.select([], [self._fd], [])
            except BrokenPipeError:  # as with `| head`
                self.output_closed.set()
                _silence(self._fd)
                return
            except OSError as exc:
                raise DeliveryRefused(f"the output can't be written: {exc.strerror}") from exc


def _silence(fd: int) -> None:
    """Redirect a broken standard output to the null device, so that the interpreter's last flush does not fail."""
    if fd == sys.__stdout__.fileno() if sys.__stdout__ else False:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, fd)
        os.close(null)
