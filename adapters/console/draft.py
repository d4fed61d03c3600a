"""One answer on its way to the terminal."""

import asyncio
from typing import Protocol

from adapters.console.delivered import Delivered
from bot.errors import DeliveryRefused
from bot.models import Answer, Status


class Screen(Protocol):
    """What shows questions and answers: the live terminal, or plain lines."""

    async def status(self, key: str, status: Status) -> None:
        """What is being done for this question."""

    async def write(self, key: str, question: str, text: str) -> None:
        """The answer's Markdown so far."""

    async def show(self, key: str, question: str, answer: Answer) -> None:
        """The finished answer: what was not shown yet is shown now."""

    async def forget(self, key: str) -> None:
        """Nothing more will come for this question."""

    def ask(self, key: str) -> None:
        """A question was put."""

    async def drained(self) -> None:
        """Return when everything asked is answered, or nobody is there to read it."""


class ConsoleDraft:
    """One answer. Its reference is its key: a terminal has nothing that could be found again."""

    def __init__(self, screen: Screen, delivered: Delivered, *, key: str, question: str) -> None:
        self._screen = screen
        self._delivered = delivered
        self._key = key
        self._question = question
        self._finishing = asyncio.Lock()

    @property
    def ref(self) -> str:
        """What finds this draft again."""
        return self._key

    async def status(self, status: Status) -> None:
        """Show what is being done, where the screen can."""
        if not await self._delivered.has(self._key):
            await self._screen.status(self._key, status)

    async def write(self, text: str) -> None:
        """Show the text so far, where the screen can."""
        if not await self._delivered.has(self._key):
            await self._screen.write(self._key, self._question, text)

    async def finish(self, answer: Answer) -> None:
        """Show the answer, once for ever. Raises `DeliveryRefused` when the output can't be written."""
        async with self._finishing:
            if not await self._delivered.has(self._key):
                try:
                    await self._screen.show(self._key, self._question, answer)
                except DeliveryRefused:
                    await self._screen.forget(self._key)
                    raise
                self._delivered.add(self._key)
            await self._screen.forget(self._key)
