"""Where each person last talked with the bot in a channel: what a slash command about a conversation means.

Slack has no slash commands in threads, so `/retry` typed in a channel is about that person's newest thread there.
"""

from collections import OrderedDict
from dataclasses import dataclass

from adapters.slack.roots import Roots
from adapters.slack.workspaces import Workspace
from bot.models import Event

_KEPT = 5000  # people in channels that are remembered, since the process began


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation and the thread it is in."""

    conversation: str
    thread: str


class Recent:
    """The newest talk of each person in each channel."""

    def __init__(self, roots: Roots) -> None:
        self._roots = roots
        self._known: OrderedDict[tuple[str, str, str], Talk] = OrderedDict()

    def put(self, event: Event) -> None:
        """Somebody asked something where everybody could see it."""
        address = event.reply_to
        if address.get("private"):
            return
        owner = address.get("enterprise") or address.get("team", "")
        key = (owner, address.get("channel", ""), address.get("user", ""))
        self._known[key] = Talk(event.conversation, address.get("thread", ""))
        self._known.move_to_end(key)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)

    async def find(self, workspace: Workspace, channel: str, user: str) -> Talk | None:
        """A person's newest talk in a channel; None when none is known. Raises `StoreError`."""
        talk = self._known.get((workspace.owner, channel, user))
        if talk is None or talk.thread:
            return talk
        thread = await self._roots.thread(workspace.owner, channel, talk.conversation)
        return Talk(talk.conversation, thread) if thread else None
