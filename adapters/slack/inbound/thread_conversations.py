"""Which conversation a thread belongs to that began with the bot's own message: of slash commands and forms.

Such a thread has no ts before its parent is posted, while the event needs a conversation at once. So the two are
noted side by side.
"""

from adapters.kit.cached_storage import CachedStorage
from bot.ports import AdapterServices

#: Threads of one channel that are remembered.
THREADS = 100


class Roots:
    """The notes, read anew where they lack something: another process may have written it."""

    def __init__(self, desk: AdapterServices) -> None:
        self._storage = CachedStorage(desk, "slack.roots", newest=THREADS)

    async def put(self, owner: str, channel: str, ts: str, conversation: str) -> None:
        """Note that the thread at `ts` belongs to `conversation`. Safe to repeat. Raises `StoreError`."""
        await self._storage.write(_name(owner, channel), ts, conversation)

    async def find(self, owner: str, channel: str, ts: str) -> str:
        """The conversation of the thread at `ts`; "" when it is none of these. Raises `StoreError`."""
        known = await self._storage.read(_name(owner, channel))
        return known.get(ts) or (await self._storage.read(_name(owner, channel), refresh=True)).get(ts, "")

    async def thread(self, owner: str, channel: str, conversation: str) -> str:
        """The ts of the newest thread of a conversation; "" when none was noted. Raises `StoreError`."""
        book = await self._storage.read(_name(owner, channel), refresh=True)
        return max((ts for ts, noted in book.items() if noted == conversation), key=float, default="")


def _name(owner: str, channel: str) -> str:
    return f"{owner}.{channel}"
