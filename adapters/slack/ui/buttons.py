"""The buttons under answers. All that a press needs is in its value, so that it works after a restart. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from adapters.kit.reply_target import encode_fields

#: What is in front of the `action_id` of a button; what follows is the action's name.
PRESS = "press:"
_MAX = 2000  # characters of a button's value


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """What a button stands for."""

    event: str  #: id of the event whose answer it is under
    action: str  #: the action's name
    conversation: str  #: `Event.conversation`, so that a press is of the same one
    thread: str = ""  #: ts of the thread it is in: ephemeral messages don't tell
    command: str = ""  #: with `asks`, the command whose options are to be asked for in a form first
    asks: str = ""  #: their names, comma-separated

    @property
    def action_id(self) -> str:
        """What tells this button from the others of its message."""
        return f"{PRESS}{self.action}"

    @property
    def value(self) -> str:
        """What `of` reads, at most 2,000 characters; pressed without a form it works too."""
        told = encode_fields(self)
        text = json.dumps(told, separators=(",", ":"))
        if len(text) > _MAX:
            text = json.dumps({k: v for k, v in told.items() if k not in ("command", "asks")}, separators=(",", ":"))
        return text

    @classmethod
    def of(cls, action: Mapping[str, Any]) -> Self | None:
        """The button of an entry of `block_actions`; None when it is none of these."""
        return cls.read(str(action.get("value") or "")) if str(action.get("action_id")).startswith(PRESS) else None

    @classmethod
    def read(cls, value: str) -> Self | None:
        """The button of that value; None when it is none."""
        try:
            told = json.loads(value)
            known = {field.name for field in fields(cls)}
            return cls(**{name: str(told[name]) for name in told if name in known})
        except (ValueError, TypeError):
            return None
