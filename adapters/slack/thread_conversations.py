"""Links of conversations to threads that begin with the bot's own message, as those of commands and forms do.

Such a thread has no ts before its first message is posted, while the event needs a conversation at once. So the two are
linked when the message is posted. (Muted participants of threads are in `adapters.kit.participation`.)
"""

from adapters.kit.cached_storage import CachedStorage
from bot.ports import AdapterValues

#: Threads of one channel that are remembered.
THREADS = 100


class ThreadConversations:
    """Links between threads and conversations, read again where one is missing: another process may have written it."""

    def __init__(self, services: AdapterValues) -> None:
        self._storage = CachedStorage(services, "slack.roots", newest=THREADS)

    async def link(self, owner: str, channel: str, ts: str, conversation: str) -> None:
        """Link the thread at `ts` with its conversation. Safe to repeat. Raises `StoreError`."""
        await self._storage.write(f"{owner}.{channel}", ts, conversation)

    async def conversation_of(self, owner: str, channel: str, ts: str) -> str:
        """Return the conversation of the thread at `ts`; "" when there is no link. Raises `StoreError`."""
        name = f"{owner}.{channel}"
        links = await self._storage.read(name)
        return links.get(ts) or (await self._storage.read(name, refresh=True)).get(ts, "")

    async def thread_of(self, owner: str, channel: str, conversation: str) -> str:
        """Return the ts of the newest thread of a conversation; "" when there is no link. Raises `StoreError`."""
        links = await self._storage.read(f"{owner}.{channel}", refresh=True)
        return max((ts for ts, linked in links.items() if linked == conversation), key=float, default="")
