"""Reading what people wrote in a channel."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelMessage:
    """A message of a channel, or a reply in one of its threads."""

    id: str  #: opaque to the core; `ChannelReader.message_links` takes it
    at: datetime  #: aware, UTC
    speaker: str = ""  #: display name; "": not known
    actor: str = ""  #: id as in `Actor`; "": an app
    text: str = ""
    thread: str = ""  #: id of the message whose thread it is in; "": it is in none
    is_app: bool = False  #: another app wrote it
    is_own: bool = False  #: the service wrote it


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSpan:
    """The messages of a channel that are read: the newest `limit` of those between two times."""

    limit: int
    since: datetime | None = None
    until: datetime
    until_own: bool = False  #: the messages after the newest that the person wrote; all of them if there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHistory:
    """The messages that were read."""

    messages: tuple[ChannelMessage, ...] = ()  #: oldest first
    own: datetime | None = None  #: when the person wrote last, as far as it was read
    is_cut: bool = False  #: there are earlier messages in the span
    read_until: datetime | None = None  #: where reading was interrupted: later messages are not there
    unread_replies: int = 0  #: replies in threads that were not read
    limits: tuple[str, ...] = ()  #: sentences, in the person's language, on what the platform holds back


class ChannelReader(Protocol):
    """The messages of a channel, as far as a person may read them."""

    async def read_channel(
        self, reply_to: Mapping[str, str], span: ChannelSpan, *, on_progress: Callable[[int], None]
    ) -> ChannelHistory:
        """Read the channel or thread of a request on behalf of its author.

        `on_progress`: called with the number of messages that are read so far. Raises `UsageError` with a sentence in
        the author's language where they, or the service, may not read there; and `DeliveryError`.
        """

    async def message_links(self, reply_to: Mapping[str, str], ids: Collection[str]) -> Mapping[str, str]:
        """Return the addresses at which people find messages of that channel, by their ids. Raises `DeliveryError`."""


class NoChannels:
    """The messages of a platform without channels: none can be read."""

    async def read_channel(
        self,
        reply_to: Mapping[str, str],  # noqa: ARG002
        span: ChannelSpan,  # noqa: ARG002
        *,
        on_progress: Callable[[int], None],  # noqa: ARG002
    ) -> ChannelHistory:
        """Return no messages."""
        return ChannelHistory()

    async def message_links(self, reply_to: Mapping[str, str], ids: Collection[str]) -> Mapping[str, str]:  # noqa: ARG002
        """Return no addresses."""
        return {}
