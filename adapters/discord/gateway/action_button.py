"""The buttons under answers, as the library routes those that are pressed."""

import re
from typing import TYPE_CHECKING, Any, Self

import discord

from adapters.discord.ui.buttons import BUTTON_ID

if TYPE_CHECKING:
    from adapters.discord.gateway.client import DiscordClient


class ActionButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=BUTTON_ID):
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
