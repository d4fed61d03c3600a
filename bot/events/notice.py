"""Messages of the service's own beside a request: to its author or to others, in a place of their own."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from bot.models import Event

#: Command of a message that the service makes itself, such as a reminder: it is recorded with its answer.
NOTICE = "notice"


def make_beside(event: Event, event_id: str, place: Mapping[str, str], conversation: str) -> Event:
    """Return an event whose answer is a message beside those of `event`, about it."""
    return replace(
        event,
        id=event_id,
        conversation=conversation,
        command=NOTICE,
        prompt="",
        options={},
        attachments=(),
        reply_to=place,
        inherited=(),
        replaces="",
        has_prior_messages=False,
        received_at=datetime.now(UTC),
    )
