"""One answer while it is being delivered to the terminal, and the answers that were: none is shown twice."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

from bot.errors import DeliveryRefused
from bot.models import Answer, Status

_KEPT = 2000  # answers; a restart repeats only the newest few


class Screen(Protocol):
    """Output for questions and answers: the live terminal, or plain lines."""

    async def status(self, key: str, status: Status) -> None:
        """Show what is being done for a question."""

    async def write(self, key: str, question: str, text: str) -> None:
        """Show the answer's Markdown so far."""

    async def show(self, key: str, question: str, answer: Answer) -> None:
        """Show the parts of a finished answer that were not shown yet."""

    async def discard(self, key: str) -> None:
        """Stop waiting for the answer to a question."""

    def begin(self, key: str, *, is_refused: bool = False) -> None:
        """Note that a question was asked; `is_refused`: for something wrong in it."""

    async def wait_until_answered(self) -> None:
        """Return when every question is answered, or the output is closed."""


class DeliveredAnswers:
    """The answers that were shown, in a file of the data folder; without a folder, in memory only.

    A line is an answer's key, and a digest of what was shown: another answer of the same key is shown below.
    """

    def __init__(self, folder: Path | None) -> None:
        self._path = folder / "console.delivered" if folder else None
        self._lines: set[str] = set()
        self._keys: set[str] | None = None

    async def contains(self, key: str) -> bool:
        """Whether some answer of this key was shown, by this process or an earlier one."""
        if self._keys is None:
            lines = await asyncio.to_thread(self._load)
            self._lines, self._keys = lines, {line.rpartition(" ")[0] for line in lines}
        return key in self._keys

    async def has_shown(self, key: str, answer: Answer) -> bool:
        """Whether just this answer was shown, or nothing is to be shown of it."""
        return await self.contains(key) and (answer.is_empty or _line(key, answer) in self._lines)

    def add(self, key: str, answer: Answer) -> None:
        """Record that an answer was shown. A process that is killed between showing and recording shows it again."""
        assert self._keys is not None
        self._keys.add(key)
        self._lines.add(_line(key, answer))
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{_line(key, answer)}\n")

    def _load(self) -> set[str]:
        if self._path is None:
            return set()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lines = self._path.read_text("utf-8", "replace").splitlines()
        except FileNotFoundError:
            return set()
        if len(lines) > 2 * _KEPT:
            lines = lines[-_KEPT:]
            shorter = self._path.with_suffix(".new")
            shorter.write_text("".join(f"{line}\n" for line in lines), "utf-8")
            shorter.replace(self._path)
        return set(lines)


def _line(key: str, answer: Answer) -> str:
    shown = (
        answer.text,
        *((media.name, str(media.path)) for media in answer.media),
        *(action.label for action in answer.actions),
    )
    return f"{key} {hashlib.sha256(repr(shown).encode()).hexdigest()[:8]}"


class ConsoleDraft:
    """One answer. Its reference is its key: what was printed can't be found again."""

    def __init__(self, screen: Screen, delivered: DeliveredAnswers, *, key: str, question: str) -> None:
        self._screen = screen
        self._delivered = delivered
        self._key = key
        self._question = question
        self._finishing = asyncio.Lock()

    @property
    def ref(self) -> str:
        """Return the key."""
        return self._key

    async def status(self, status: Status) -> None:
        """Show what is being done, if the screen can."""
        if not await self._delivered.contains(self._key):
            await self._screen.status(self._key, status)

    async def show_place(
        self,
        text: str,
        *,
        follows: bool,  # noqa: ARG002
        before_message: Callable[[], Awaitable[None]],  # noqa: ARG002
    ) -> None:
        """Show a request's place in the queue, if the screen can: nothing of it stays."""
        await self.status(Status(text))

    async def write(self, text: str) -> None:
        """Show the text so far, if the screen can."""
        if not await self._delivered.contains(self._key):
            await self._screen.write(self._key, self._question, text)

    async def finish(self, answer: Answer) -> None:
        """Show the answer, once even over restarts. Raises `DeliveryRefused` when the output can't be written."""
        async with self._finishing:
            if not await self._delivered.has_shown(self._key, answer):
                try:
                    await self._screen.show(self._key, self._question, answer)
                except DeliveryRefused:
                    await self._screen.discard(self._key)
                    raise
                self._delivered.add(self._key, answer)
            await self._screen.discard(self._key)
