"""Ids of edited messages: an edit that is a request of its own has the id of its message, and what was asked."""

import hashlib
import json
import re

_EDITED = re.compile(r"(?P<message>.+)/edited-[0-9a-f]{12}", re.DOTALL)


def edited_id(message: str, content: object) -> str:
    """Return the id of the event that an edit of a message is; `content`: what was asked, as JSON may have it."""
    return f"{message}/edited-{hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]}"


def message_of(event_id: str) -> str:
    """Return the id of the message that an event is of, whether it was edited or not."""
    match = _EDITED.fullmatch(event_id)
    return event_id if match is None else match["message"]
