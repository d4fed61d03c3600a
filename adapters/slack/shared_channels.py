"""Channels of several workspaces, by Slack Connect: which installation a message there is for.

"No duplicated event triggering between shared channels": where the app is installed in more than one of the workspaces
of a channel, Slack sends a message once, and names one of the installations that see it, which need not be the one
whose bot is mentioned. https://docs.slack.dev/apis/slack-connect/using-slack-connect
"""

from collections.abc import Iterable

from adapters.kit.cached_storage import CachedStorage
from adapters.slack.connection.workspaces import NotInstalled, Workspace, Workspaces, split_owner
from bot.ports import AdapterServices

#: Threads of one channel that are remembered.
THREADS = 100


class SharedChannels:
    """Finds the installation of a message: that whose bot it mentions, else that of the thread."""

    def __init__(self, workspaces: Workspaces, services: AdapterServices) -> None:
        self._workspaces = workspaces
        self._has_peers = services.has_peers
        self._threads = CachedStorage(services, "slack.shared_threads", newest=THREADS)

    async def find(self, workspace: Workspace, channel: str, thread: str, *, mentioned: Iterable[str]) -> Workspace:
        """Return the installation of a message. `workspace`: the one that Slack names; `mentioned`: users, by id.

        Raises `DeliveryDelayed` or `StoreError`.
        """
        for user in mentioned:
            bot = workspace if user == workspace.bot_user else await self._workspaces.find_bot(user)
            if bot is not None:
                await self._threads.write(channel, thread, bot.owner)
                return bot
        owner = (await self._threads.read(channel, refresh=self._has_peers)).get(thread, workspace.owner)
        if owner == workspace.owner:
            return workspace
        try:
            return await self._workspaces.find(*split_owner(owner))
        except NotInstalled:
            return workspace
