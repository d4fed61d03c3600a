"""Small notes about the threads of a channel, in one of the desk's books for each channel."""

from collections import OrderedDict
from collections.abc import Mapping

from bot.ports import AdapterServices

#: Threads of one channel that are remembered, and channels whose book is kept in memory.
THREADS, CHANNELS = 100, 500


class Books:
    """The books of one kind. A book is read once, and anew only where it is asked for."""

    def __init__(self, desk: AdapterServices, kind: str) -> None:
        self._desk = desk
        self._kind = kind
        self._read: OrderedDict[str, dict[str, str]] = OrderedDict()

    async def read(self, owner: str, channel: str, *, anew: bool = False) -> Mapping[str, str]:
        """What is noted about a channel's threads, by their ts. Raises `StoreError`."""
        return await self._book(self._name(owner, channel), anew=anew)

    async def write(self, owner: str, channel: str, thread: str, value: str | None) -> None:
        """Note something about a thread, or with None forget it. Safe to repeat. Raises `StoreError`."""
        name = self._name(owner, channel)
        book = await self._book(name)
        if book.get(thread) == value:
            return
        await self._put(name, book, thread, value)
        for old in sorted(book, key=float)[:-THREADS]:
            await self._put(name, book, old, None)

    async def _put(self, name: str, book: dict[str, str], thread: str, value: str | None) -> None:
        storage = self._desk.storage(name)
        if value is None:
            await storage.delete(thread)
            book.pop(thread, None)
        else:
            await storage.set(thread, value)
            book[thread] = value

    async def _book(self, name: str, *, anew: bool = False) -> dict[str, str]:
        book = None if anew else self._read.get(name)
        if book is None:
            book = self._read[name] = dict(await self._desk.storage(name).items())
            while len(self._read) > CHANNELS:
                self._read.popitem(last=False)
        self._read.move_to_end(name)
        return book

    def _name(self, owner: str, channel: str) -> str:
        return f"slack.{self._kind}.{owner}.{channel}"
