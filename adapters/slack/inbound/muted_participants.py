"""Who talks with somebody else in a thread that the bot takes part in: it does not hear them until they mention it."""

from adapters.slack.inbound.channel_notes import Books
from bot.ports import AdapterServices


class Aside:
    """The people of each thread who have turned to somebody else, also after a restart."""

    def __init__(self, desk: AdapterServices) -> None:
        self._books = Books(desk, "aside")

    async def has(self, owner: str, channel: str, thread: str, user: str) -> bool:
        """Whether that is the case of a person. Raises `StoreError`."""
        return user in await self._people(owner, channel, thread)

    async def put(self, owner: str, channel: str, thread: str, user: str, *, is_aside: bool) -> None:
        """A person turned to somebody else, or to the bot again. Raises `StoreError`."""
        people = await self._people(owner, channel, thread)
        if (user in people) is is_aside:
            return
        changed = people | {user} if is_aside else people - {user}
        await self._books.write(owner, channel, thread, ",".join(sorted(changed)) or None)

    async def _people(self, owner: str, channel: str, thread: str) -> set[str]:
        return set((await self._books.read(owner, channel)).get(thread, "").split(",")) - {""}
