"""The buttons under answers. A button's value contains all that pressing it needs, so that it works after a restart.

Pure.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from adapters.slack.reply_target import ReplyTarget
from adapters.slack.types import Block
from bot.i18n import translate
from bot.models import Action

#: Prefix of the `action_id` of a button; the action's name follows.
BUTTON = "press:"
#: The action of the button under an answer that is being written.
STOP = "stop"
_MAX_VALUE, _MAX_LABEL, _MAX_BUTTONS = 2000, 75, 25
#: Emoji in place of labels, for feedback.
_EMOJI = {"good": "👍", "bad": "👎"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionButton:
    """The content of a button's value."""

    event: str  #: id of the event whose answer it is under
    action: str  #: the action's name
    conversation: str  #: `Event.conversation`, which the press belongs to
    thread: str = ""  #: ts of the thread it is in: presses in ephemeral messages lack it
    command: str = ""  #: with `prompts_for`, the command whose options a form asks for first
    prompts_for: str = ""  #: names of those options, comma-separated

    @property
    def action_id(self) -> str:
        """The id that distinguishes this button from the others of its message."""
        return f"{BUTTON}{self.action}"

    @property
    def value(self) -> str:
        """The text that `decode` reads, of at most 2,000 characters; a longer one is cut by the form's fields."""
        fields = {
            "event": self.event,
            "action": self.action,
            "conversation": self.conversation,
            "thread": self.thread,
            "command": self.command,
            "asks": self.prompts_for,
        }
        text = _encode(fields)
        return text if len(text) <= _MAX_VALUE else _encode({**fields, "command": "", "asks": ""})

    @classmethod
    def of(cls, action: Mapping[str, Any]) -> Self | None:
        """Return the button of an entry of `block_actions`; None for another element."""
        return cls.decode(str(action.get("value") or "")) if str(action.get("action_id")).startswith(BUTTON) else None

    @classmethod
    def decode(cls, value: str) -> Self | None:
        """Return the button of that value; None for the value of another element. Unknown fields are ignored."""
        try:
            fields = json.loads(value)
            return cls(
                event=str(fields["event"]),
                action=str(fields["action"]),
                conversation=str(fields["conversation"]),
                thread=str(fields.get("thread", "")),
                command=str(fields.get("command", "")),
                prompts_for=str(fields.get("asks", "")),
            )
        except (ValueError, TypeError, KeyError, AttributeError):
            return None


def _encode(fields: Mapping[str, str]) -> str:
    return json.dumps({name: text for name, text in fields.items() if text}, separators=(",", ":"))


def build_actions(actions: Sequence[Action], target: ReplyTarget, *, key: str, thread: str) -> list[Block]:
    """Return the `actions` block with an answer's buttons; none without actions. `key`: the event's id."""
    elements = [_build_button(action, target, key, thread) for action in actions[:_MAX_BUTTONS]]
    return [{"type": "actions", "block_id": secrets.token_hex(8), "elements": elements}] if elements else []


def build_stop_button(target: ReplyTarget, *, key: str, thread: str) -> list[Block]:
    """Return the `actions` block with the button that stops an answer."""
    action = Action(name=STOP, label=translate("action.stop", target.locale), command=STOP)
    return build_actions((action,), target, key=key, thread=thread)


def _build_button(action: Action, target: ReplyTarget, key: str, thread: str) -> Block:
    prompts_for = ",".join(action.prompts_for)
    button = ActionButton(
        event=key,
        action=action.name,
        conversation=target.conversation,
        thread=thread,
        command=action.command if prompts_for else "",
        prompts_for=prompts_for,
    )
    return {
        "type": "button",
        "action_id": button.action_id,
        "value": button.value,
        "text": {"type": "plain_text", "text": _EMOJI.get(action.name, action.label)[:_MAX_LABEL], "emoji": True},
        "accessibility_label": action.label[:_MAX_LABEL],
        **({"style": "danger"} if action.is_danger else {}),
    }
