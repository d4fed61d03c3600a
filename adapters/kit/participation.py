"""Participation in threads: the messages that are for the bot, and the people who have turned to somebody else.

A thread that the bot takes part in is not the bot's alone. A participant who mentions another person there is muted:
the bot does not answer them until they mention it again.
"""

from collections.abc import Sequence

from adapters.kit.cached_storage import CachedStorage
from bot.ports import AdapterServices

#: Threads of one channel whose muted participants are remembered.
THREADS = 100


class MutedParticipants:
    """The people of each thread who have turned to somebody else, kept over a restart.

    `platform`: the name that the storage is kept under. Every method raises `StoreError`.
    """

    def __init__(self, services: AdapterServices, platform: str) -> None:
        self._services = services
        self._storage = CachedStorage(services, f"{platform}.aside", newest=THREADS)

    async def is_muted(self, channel: str, thread: str, user: str) -> bool:
        """Whether a person has turned to somebody else. `channel`: an id that is unique on the platform."""
        return user in await self._muted(channel, thread)

    async def set_muted(self, channel: str, thread: str, user: str, *, is_muted: bool) -> None:
        """Note that a person turned to somebody else, or to the bot again. Safe to repeat."""
        muted = await self._muted(channel, thread)
        if (user in muted) is is_muted:
            return
        changed = muted | {user} if is_muted else muted - {user}
        await self._storage.write(channel, thread, ",".join(sorted(changed)) or None)

    async def is_addressed(
        self,
        place: Sequence[str],
        user: str,
        *,
        is_mention: bool,
        is_for_others: bool,
        takes_part: bool,
        is_edit: bool = False,
    ) -> bool:
        """Whether a message in a thread is for the bot, noting what it says about its author.

        `place`: channel and thread. `is_mention`: it names the bot; `is_for_others`: it names, or answers, somebody
        else and not the bot; `takes_part`: its author is one whom the bot answers there without being mentioned.
        `is_edit`: it was written earlier and edited now: nothing is noted, and the question of somebody who was muted
        since can still be edited.
        """
        channel, thread = place
        if is_edit:
            return is_mention or (takes_part and not is_for_others)
        if is_mention:
            await self.set_muted(channel, thread, user, is_muted=False)
            return True
        if not takes_part:
            return False
        if is_for_others:
            await self.set_muted(channel, thread, user, is_muted=True)
            return False
        return not await self.is_muted(channel, thread, user)

    async def _muted(self, channel: str, thread: str) -> set[str]:
        by_thread = await self._storage.read(channel, refresh=self._services.has_peers)  # who may have written it
        return set(by_thread.get(thread, "").split(",")) - {""}
