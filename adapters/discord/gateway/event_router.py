"""The listeners that the gateway's events go to."""

import re
from typing import Protocol

import discord

from bot.values import valueclass


class MessageListener(Protocol):
    """Receives messages. Each method is called in a task of its own, in the order of arrival."""

    async def on_message(self, message: discord.Message) -> None:
        """Handle a new message."""

    async def on_message_edit(self, message: discord.Message) -> None:
        """Handle a message whose content was edited."""

    async def on_message_delete(self, channel: int, messages: set[int]) -> None:
        """Handle deleted messages of one channel, by id."""

    def note_own_message(self, message: int) -> None:
        """Note the id of a message of the bot. Called at once."""


class InteractionListener(Protocol):
    """Receives commands, modals, autocompletions and buttons."""

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Handle any interaction but a button of an answer."""

    async def on_button(self, interaction: discord.Interaction, custom_id: re.Match[str]) -> None:
        """Handle a button of an answer."""


class SessionListener(Protocol):
    """Receives changes of the gateway sessions."""

    async def on_connect(self, shard: int) -> None:
        """Handle a new session: messages sent before it will not arrive as events."""

    async def on_ready(self, shard: int) -> None:
        """Handle a new session whose servers are known now."""

    async def on_disconnect(self, shard: int) -> None:
        """Handle a lost connection."""

    async def on_resume(self, shard: int) -> None:
        """Handle a resumed session: every event missed meanwhile has arrived."""

    async def on_server_unavailable(self, guild: discord.Guild) -> None:
        """Handle an outage of a server: its messages do not arrive."""

    async def on_server_available(self, guild: discord.Guild) -> None:
        """Handle that a server is known, for the first time in a session or after an outage."""


@valueclass(frozen=True, slots=True)
class EventRouter:
    """The listeners of the gateway's events."""

    messages: MessageListener
    interactions: InteractionListener
    sessions: SessionListener
