"""Sentences that explain a wrong token or missing intents, with what to click."""

import discord

from adapters.discord.settings import PORTAL
from bot.i18n import operator_text


def bad_token() -> str:
    """Return the sentence for a token that Discord refuses, in the operator's language."""
    return operator_text("discord.check.bad_token", portal=PORTAL)


def no_message_content() -> str:
    """Return the sentence for a missing message content intent, in the operator's language."""
    return operator_text("discord.check.no_content", portal=PORTAL)


def has_message_content(flags: discord.ApplicationFlags) -> bool:
    """Whether the developer portal grants the message content intent."""
    return flags.gateway_message_content or flags.gateway_message_content_limited
