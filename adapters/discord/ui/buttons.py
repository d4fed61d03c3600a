"""The buttons under answers. A button's id contains all that pressing it needs, so that it works after a restart.

It is signed for the channel of its message: in another one it does nothing.
"""

import re
from collections.abc import Sequence
from typing import Any

import discord

from bot.models import Action
from bot.ports import OWN_FIELDS, AdapterValues, ValueSigner
from bot.values import valueclass

Json = dict[str, Any]
_Kind = discord.ComponentType

#: Prefixes of the ids of buttons, and of the modals that they open.
BUTTON, MODAL = "cm", "cf"
#: Actions of the buttons under an answer that is being written, and under one that will be late.
STOP, RETRY = "stop", "retry"

_MAX_ID, _MAX_LABEL, _MAX_BUTTONS, _ROW = 100, 80, 25, 5
_TEMPLATE = r"(?P<signed>:(?P<action>[\w-]+):(?P<event>[^:]+):(?P<conversation>[\w@]+)(?::(?P<asks>[\w-]+=[\w.,-]+))?)"
_TEMPLATE += r"(?::(?P<signature>[\w-]+))?"  # which buttons of earlier versions lack
BUTTON_ID, MODAL_ID = re.compile(BUTTON + _TEMPLATE), re.compile(MODAL + _TEMPLATE)
_EMOJI = {
    "again": "🔄",
    "bad": "👎",
    "continue": "▶️",
    "delete": "🗑️",
    "good": "👍",
    RETRY: "🔄",
    STOP: "⏹️",
    "style": "🎨",
    "variation": "🎲",
    "video": "🎬",
}
_EMOJI_ONLY = ("good", "bad")
_HERE = "@"  # in an id, the channel in the name of the conversation


def signer_of(core: AdapterValues, channel: str, *, person: str = "") -> ValueSigner:
    """Return the signer of a channel's buttons. `person`: the only one who sees them; "": everybody there."""
    return core.signer("discord", channel, person=person)


@valueclass(frozen=True, slots=True, kw_only=True)
class ButtonIds:
    """Writes the ids of the buttons under one answer."""

    event: str  #: whose answer it is
    conversation: str
    channel: str  #: of the answer's messages
    signer: ValueSigner

    def of(self, action: str, *, command: str = "", asks: tuple[str, ...] = ()) -> str:
        """Return the id of a button. `asks`: options of `command` that its modal asks for first."""
        conversation = self.conversation.replace(self.channel, _HERE, 1)  # ids are short
        plain = f":{action}:{self.event}:{conversation}"
        for names in (asks, (OWN_FIELDS,)) if asks else ():
            form = self._signed(f"{plain}:{command}={','.join(names)}")
            if len(form) <= _MAX_ID:
                return form
        return self._signed(plain)  # without a modal the button works, too

    def _signed(self, text: str) -> str:
        return f"{BUTTON}{text}:{self.signer.sign(text)}"


def conversation_of(pressed: re.Match[str], channel: str) -> str:
    """Return the conversation of a button that was pressed in a channel."""
    return pressed["conversation"].replace(_HERE, channel, 1)


def is_signed(pressed: re.Match[str], signer: ValueSigner) -> bool:
    """Whether a button's or a modal's id was made here, for that channel and person."""
    return signer.verify(pressed["signed"], pressed["signature"] or "")


def modal_id(pressed: re.Match[str], signer: ValueSigner) -> str:
    """Return the id of the modal that a button opens. `signer`: of the person who pressed."""
    return f"{MODAL}{pressed['signed']}:{signer.sign(pressed['signed'])}"


def build_actions(actions: Sequence[Action], ids: ButtonIds) -> list[Json]:
    """Return the components of an answer's buttons, five in a row."""
    buttons = [_button(action, ids) for action in actions[:_MAX_BUTTONS]]
    rows = (buttons[at : at + _ROW] for at in range(0, len(buttons), _ROW))
    return [{"type": _Kind.action_row.value, "components": row} for row in rows]


def _button(action: Action, ids: ButtonIds) -> Json:
    style = discord.ButtonStyle.danger if action.is_danger else discord.ButtonStyle.secondary
    button: Json = {
        "type": _Kind.button.value,
        "style": style.value,
        "custom_id": ids.of(action.name, command=action.command, asks=action.prompts_for),
    }
    if action.name not in _EMOJI_ONLY:
        button["label"] = action.label[:_MAX_LABEL]
    if emoji := _EMOJI.get(action.name.rstrip("0123456789-")):
        button["emoji"] = {"name": emoji}
    return button
