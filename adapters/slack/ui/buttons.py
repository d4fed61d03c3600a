"""The buttons under answers. A button's value contains all that pressing it needs, so that it works after a restart.

It is signed for the channel of its message: in another one it does nothing. Pure.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Self

from adapters.kit.connection.fast_json import write_json
from adapters.slack.reply_target import ReplyTarget
from adapters.slack.types import ADAPTER, Block
from bot.i18n import translate
from bot.models import Action
from bot.ports import AdapterValues, ValueSigner
from bot.values import valueclass

#: Prefix of the `action_id` of a button; the action's name follows.
BUTTON = "press:"
#: The action of the button under an answer that is being written, and under one that failed.
STOP, RETRY = "stop", "retry"
_BRACE = "{"  # with which the signed part of a value begins
_MAX_VALUE, _MAX_LABEL, _MAX_BUTTONS = 2000, 75, 25
#: Emoji in place of labels, for feedback.
_EMOJI = {"good": "👍", "bad": "👎"}
#: The block for feedback: https://docs.slack.dev/reference/block-kit/blocks/context-actions-block
CONTEXT_ACTIONS = "context_actions"


@valueclass(frozen=True, slots=True, kw_only=True)
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

    def encode(self, signer: ValueSigner) -> str:
        """Return the value: its signature, then what `decode` reads, at most 2,000 characters.

        Too long a value is cut by the form's fields.
        """
        fields = {
            "event": self.event,
            "action": self.action,
            "conversation": self.conversation,
            "thread": self.thread,
            "command": self.command,
            "asks": self.prompts_for,
        }
        value = _sign(fields, signer)
        return value if len(value) <= _MAX_VALUE else _sign({**fields, "command": "", "asks": ""}, signer)

    @classmethod
    def of(cls, action: Mapping[str, Any], signer: ValueSigner) -> Self | None:
        """Return the button of an entry of `block_actions`; None for another element, and where it is not signed."""
        value = str(action.get("value") or "")
        signature, brace, rest = value.partition(_BRACE)
        if not str(action.get("action_id")).startswith(BUTTON) or not signer.verify(brace + rest, signature):
            return None
        return cls.decode(value)

    @classmethod
    def decode(cls, value: str) -> Self | None:
        """Return the button of that value, signed or not; None for the value of another element."""
        try:
            fields = json.loads(value[value.index(_BRACE) :])
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


def _sign(fields: Mapping[str, str], signer: ValueSigner) -> str:
    text = write_json({name: text for name, text in fields.items() if text}).decode()
    return f"{signer.sign(text)}{text}"


def build_actions(
    actions: Sequence[Action],
    target: ReplyTarget,
    core: AdapterValues,
    *,
    key: str,
    thread: str,
    is_ephemeral: bool = False,
    has_feedback: bool = False,
) -> list[Block]:
    """Return the `actions` block with an answer's buttons; none without actions. `key`: the event's id.

    `has_feedback`: those for feedback are Slack's own, in a block of their own.
    """
    signer = core.signer(ADAPTER, target.owner, target.channel, person=target.user if is_ephemeral else "")
    buttons = {action.name: _build_button(action, target, signer, key, thread) for action in actions[:_MAX_BUTTONS]}
    feedback = [buttons.pop(name) for name in _EMOJI] if has_feedback and _EMOJI.keys() <= buttons.keys() else []
    lines = {"actions": list(buttons.values()), CONTEXT_ACTIONS: [_build_feedback(*feedback)] if feedback else []}
    new = secrets.token_hex(8)
    return [{"type": kind, "block_id": f"{kind}-{new}", "elements": line} for kind, line in lines.items() if line]


def _build_feedback(good: Block, bad: Block) -> Block:
    """Return Slack's element for feedback with what these buttons are."""
    positive, negative = ({name: one[name] for name in ("text", "value", "accessibility_label")} for one in (good, bad))
    kind = {"type": "feedback_buttons", "action_id": f"{BUTTON}feedback"}
    return {**kind, "positive_button": positive, "negative_button": negative}


def build_stop_button(target: ReplyTarget, core: AdapterValues, *, key: str, thread: str) -> list[Block]:
    """Return the `actions` block with the button that stops an answer."""
    action = Action(name=STOP, label=translate("action.stop", target.locale), command=STOP)
    return build_actions((action,), target, core, key=key, thread=thread)


def _build_button(action: Action, target: ReplyTarget, signer: ValueSigner, key: str, thread: str) -> Block:
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
        "value": button.encode(signer),
        "text": {"type": "plain_text", "text": _EMOJI.get(action.name, action.label)[:_MAX_LABEL], "emoji": True},
        "accessibility_label": action.label[:_MAX_LABEL],
        **({"style": "danger"} if action.is_danger else {}),
    }
