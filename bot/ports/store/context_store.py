"""The history of conversations, for the next requests to the API."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.models import Job, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationContext:
    """The stored context of a conversation, for the next API request."""

    summary: str = ""  #: summary of the turns before `turns`
    turns: tuple[Turn, ...] = ()  #: oldest first
    total: int = 0  #: number of turns since the last reset that the summary does not cover


class ContextStore(Protocol):
    """The history of a conversation, for the next request to the API."""

    async def context(
        self, adapter: str, conversation: str, *, limit: int, exclude_event: str = ""
    ) -> ConversationContext:
        """Return the summary and the newest `limit` turns since the last reset.

        `exclude_event`: leave out the turns of this event and of those that repeated it.
        """

    async def save_summary(
        self, adapter: str, conversation: str, summary: str, *, turns: Sequence[Turn], was: str
    ) -> None:
        """Replace the turns up to the last of `turns` by `summary`, made of them and `was`, unless one has changed."""

    async def reset(self, job: Job) -> int:
        """Start a new context after this event; returns how many turns were left behind. Safe to repeat."""
