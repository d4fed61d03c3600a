"""The buttons under answers as blocks. Pure."""

import secrets
from collections.abc import Sequence

from adapters.slack.reply_target import Address
from adapters.slack.ui.buttons import Button
from adapters.slack.ui.rich_text import Json
from bot.i18n import translate
from bot.models import Action

#: The button under an answer that is still being written; the core knows it by this name.
STOP = "stop"
_MOST = 25  # buttons of a block
_LABEL = 75  # characters
#: Opinions are shown by a sign that needs no reading.
_SIGNS = {"good": "👍", "bad": "👎"}


def buttons(actions: Sequence[Action], address: Address, *, key: str, thread: str) -> list[Json]:
    """A block of buttons, or none."""
    found = [_button(action, address, key, thread) for action in actions[:_MOST]]
    return [{"type": "actions", "block_id": secrets.token_hex(8), "elements": found}] if found else []


def stop(address: Address, *, key: str, thread: str) -> list[Json]:
    """The button that ends an answer before it is written."""
    label = translate("action.stop", address.locale)
    return buttons((Action(name=STOP, label=label, command=STOP),), address, key=key, thread=thread)


def _button(action: Action, address: Address, key: str, thread: str) -> Json:
    asks = ",".join(action.prompts_for)
    button = Button(
        event=key,
        action=action.name,
        conversation=address.conversation,
        thread=thread,
        command=action.command if asks else "",
        asks=asks,
    )
    return {
        "type": "button",
        "action_id": button.action_id,
        "value": button.value,
        "text": {"type": "plain_text", "text": _SIGNS.get(action.name, action.label)[:_LABEL], "emoji": True},
        "accessibility_label": action.label[:_LABEL],
        **({"style": "danger"} if action.is_danger else {}),
    }
