"""The buttons under answers, as the library routes those that are pressed."""

import re
from typing import Any, Self

import discord

from adapters.discord.gateway.event_router import EventRouter
from adapters.discord.ui.buttons import BUTTON_ID


class ActionButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=BUTTON_ID):
    """A button of an answer that was pressed."""

    def __init__(self, button: discord.ui.Button[Any], *, match: re.Match[str] | None = None) -> None:
        super().__init__(button)
        self.match = match

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> Self:
        """Return the button of that id; an earlier process may have posted it."""
        assert isinstance(item, discord.ui.Button)
        return cls(item, match=match)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Route the interaction."""
        router: EventRouter | None = interaction.client.router  # of `DiscordClient`
        if router is not None and self.match is not None:
            await router.interactions.on_button(interaction, self.match)
