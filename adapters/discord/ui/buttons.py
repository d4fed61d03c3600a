"""The buttons under answers. A button's id contains all that pressing it needs, so that it works after a restart."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import discord

from bot.models import Action

if TYPE_CHECKING:
    from adapters.discord.gateway.client import DiscordClient

Json = dict[str, Any]
_Kind = discord.ComponentType

#: Prefixes of the ids of buttons, and of the modals that they open.
BUTTON, MODAL = "cm", "cf"
#: Actions of the buttons under an answer that is being written, and under one that will be late.
STOP, RETRY = "stop", "retry"

_MAX_ID, _MAX_LABEL, _MAX_BUTTONS, _ROW = 100, 80, 25, 5
_TEMPLATE = r":(?P<action>[\w-]+):(?P<event>[^:]+):(?P<conversation>\w+)(?::(?P<asks>[\w-]+(?:=[\w,-]+)?))?"
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


def button_id(action: str, event: str, conversation: str, *, command: str = "", asks: tuple[str, ...] = ()) -> str:
    """Return the id of a button. `asks`: options of `command` that its modal asks for first."""
    plain = f"{BUTTON}:{action}:{event}:{conversation}"
    full = f"{plain}:{command}={','.join(asks)}" if asks else plain
    return full if len(full) <= _MAX_ID else plain  # without a modal the button works too


def build_actions(actions: Sequence[Action], event: str, conversation: str) -> list[Json]:
    """Return the components of an answer's buttons, five in a row."""
    buttons = [_button(action, event, conversation) for action in actions[:_MAX_BUTTONS]]
    rows = (buttons[at : at + _ROW] for at in range(0, len(buttons), _ROW))
    return [{"type": _Kind.action_row.value, "components": row} for row in rows]


def _button(action: Action, event: str, conversation: str) -> Json:
    style = discord.ButtonStyle.danger if action.is_danger else discord.ButtonStyle.secondary
    button: Json = {
        "type": _Kind.button.value,
        "style": style.value,
        "custom_id": button_id(action.name, event, conversation, command=action.command, asks=action.prompts_for),
    }
    if action.name not in _EMOJI_ONLY:
        button["label"] = action.label[:_MAX_LABEL]
    if emoji := _EMOJI.get(action.name.rstrip("0123456789-")):
        button["emoji"] = {"name": emoji}
    return button


class ActionButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=BUTTON + _TEMPLATE):
    """A button of an answer that was pressed."""

    def __init__(self, button: discord.ui.Button[Any], *, match: re.Match[str] | None = None) -> None:
        super().__init__(button)
        self.match = match

    @classmethod
    async def from_custom_id(
        cls,
        interaction: "discord.Interaction[DiscordClient]",  # type: ignore[override] # noqa: ARG003
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> Self:
        """Return the button of that id; an earlier process may have posted it."""
        assert isinstance(item, discord.ui.Button)
        return cls(item, match=match)

    async def callback(self, interaction: "discord.Interaction[DiscordClient]") -> None:  # type: ignore[override]
        """Route the interaction."""
        router = interaction.client.router
        if router is not None and self.match is not None:
            await router.interactions.on_button(interaction, self.match)
