"""Which conversation a thread belongs to that began with the bot's own message: of slash commands and forms.

Such a thread has no ts before its parent is posted, while the event needs a conversation at once. So the two are
noted side by side, in one of the desk's books for each channel.
"""

from collections import OrderedDict

from bot.ports import Desk

#: Threads of one channel that are remembered, and channels whose book is kept in memory.
THREADS, CHANNELS = 100, 500


class Roots:
    """The notes of each channel, read anew where they lack something: another process may have written it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._books: OrderedDict[str, dict[str, str]] = OrderedDict()

    async def put(self, owner: str, channel: str, ts: str, conversation: str) -> None:
        """Note that the thread at `ts` belongs to `conversation`. Safe to repeat. Raises `StoreError`."""
        name = _name(owner, channel)
        book = await self._book(name)
        if book.get(ts) == conversation:
            return
        await self._desk.put_note(name, ts, conversation)
        book[ts] = conversation
        for old in sorted(book, key=float)[:-THREADS]:
            await self._desk.put_note(name, old, None)
            del book[old]

    async def find(self, owner: str, channel: str, ts: str) -> str:
        """The conversation of the thread at `ts`; "" when it is none of these. Raises `StoreError`."""
        name = _name(owner, channel)
        return (await self._book(name)).get(ts) or (await self._book(name, anew=True)).get(ts, "")

    async def thread(self, owner: str, channel: str, conversation: str) -> str:
        """The ts of the newest thread of a conversation; "" when none was noted. Raises `StoreError`."""
        book = await self._book(_name(owner, channel), anew=True)
        return max((ts for ts, noted in book.items() if noted == conversation), key=float, default="")

    async def _book(self, name: str, *, anew: bool = False) -> dict[str, str]:
        book = None if anew else self._books.get(name)
        if book is None:
            book = self._books[name] = dict(await self._desk.notes(name))
            while len(self._books) > CHANNELS:
                self._books.popitem(last=False)
        self._books.move_to_end(name)
        return book


def _name(owner: str, channel: str) -> str:
    return f"slack.roots.{owner}.{channel}"
