"""The buttons under answers. All that a press needs is in the button's id, so that it works after a restart."""

import re
from typing import TYPE_CHECKING, Any, Self

import discord

if TYPE_CHECKING:
    from adapters.discord.gateway.client import Client

#: what is in front of the ids of buttons, and of the forms that they open
BUTTON, FORM = "cm", "cf"
_MAX = 100  # characters of an id
_TEMPLATE = r":(?P<action>[\w-]+):(?P<event>[^:]+):(?P<conversation>\w+)(?::(?P<asks>[\w-]+(?:=[\w,-]+)?))?"
BUTTON_ID, FORM_ID = re.compile(BUTTON + _TEMPLATE), re.compile(FORM + _TEMPLATE)


def button_id(action: str, event: str, conversation: str, *, command: str = "", asks: tuple[str, ...] = ()) -> str:
    """The id of a button. `asks` are options of `command` to be asked for in a form first."""
    plain = f"{BUTTON}:{action}:{event}:{conversation}"
    full = f"{plain}:{command}={','.join(asks)}" if asks else plain
    return full if len(full) <= _MAX else plain  # pressed without a form it works too


class Press(discord.ui.DynamicItem[discord.ui.Button[Any]], template=BUTTON + _TEMPLATE):
    """A button of an answer that was pressed."""

    def __init__(self, button: discord.ui.Button[Any], *, match: re.Match[str] | None = None) -> None:
        super().__init__(button)
        self.match = match

    @classmethod
    async def from_custom_id(
        cls,
        interaction: "discord.Interaction[Client]",  # type: ignore[override] # noqa: ARG003
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> Self:
        """The button that was pressed, maybe one that an earlier process had made."""
        assert isinstance(item, discord.ui.Button)
        return cls(item, match=match)

    async def callback(self, interaction: "discord.Interaction[Client]") -> None:  # type: ignore[override]
        """Hand the press over."""
        ears = interaction.client.ears
        if ears is not None and self.match is not None:
            await ears.interactions.pressed(interaction, self.match)
