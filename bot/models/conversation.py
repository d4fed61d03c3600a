"""The messages of a conversation, as the model gets them."""

from datetime import datetime
from typing import Literal

from bot.models.event import Attachment
from bot.values import valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message of a conversation, as sent to the model."""

    role: Literal["user", "assistant"]
    content: str
    speaker: str = ""  #: name of the person; "" for the assistant
    actor: str = ""  #: id of the person who asked, on both turns of an exchange
    event: str = ""  #: id of the turn's event
    at: datetime | None = None  #: aware, UTC; set by the store
    written_at: float = 0.0  #: that of the turn's event, or of the message before it that the turn is
    seq: int = 0  #: order within the store; set by the store


@valueclass(frozen=True, slots=True, kw_only=True)
class PriorMessages:
    """The messages of a conversation before its first event."""

    turns: tuple[Turn, ...] = ()  #: oldest first, with speaker and actor; `assistant`: the service's own messages
    attachments: tuple[Attachment, ...] = ()  #: of the message replied to, such as the first of a thread
