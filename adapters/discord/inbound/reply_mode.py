"""Where mentions are answered in a channel: in a thread or in place. Kept in the desk's notes, one book a server."""

from collections import OrderedDict
from typing import Literal

from bot.ports import AdapterServices

Mode = Literal["auto", "thread", "reply"]
MODES: tuple[Mode, ...] = ("auto", "thread", "reply")
#: The command that sets it; it is Discord's alone and no request of the service.
COMMAND = "replies"
_KEPT = 1000  # servers whose book is remembered


class Replies:
    """The channels' choices, read once a server."""

    def __init__(self, desk: AdapterServices, default: Mode) -> None:
        self._desk = desk
        self._default = default
        self._books: OrderedDict[str, dict[str, str]] = OrderedDict()

    async def mode(self, guild: str, channel: str) -> Mode:
        """How mentions in a channel are answered. Raises `StoreError`."""
        chosen = (await self._book(guild)).get(channel)
        return next((mode for mode in MODES if mode == chosen), self._default)

    async def choose(self, guild: str, channel: str, mode: Mode) -> None:
        """Set a channel's way. Raises `StoreError`."""
        await self._desk.storage(_name(guild)).set(channel, mode)
        (await self._book(guild))[channel] = mode

    async def _book(self, guild: str) -> dict[str, str]:
        book = self._books.get(guild)
        if book is None:
            book = self._books[guild] = dict(await self._desk.storage(_name(guild)).items())
            while len(self._books) > _KEPT:
                self._books.popitem(last=False)
        return book


def _name(guild: str) -> str:
    return f"discord.replies.{guild}"
