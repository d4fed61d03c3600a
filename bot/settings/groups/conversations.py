"""Settings of what the model is sent in a conversation."""

from typing import Literal

from pydantic import Field

from aimodels import reference
from bot.settings.base import EnvironmentSettings

#: Whether pages are read: each link, or where the words of a question ask for it, or none.
LINK_MODES = ("on", "asked", "off")
DEFAULT_SYSTEM_PROMPT = "You are a helpful assistant in a team chat. Answer in the language you are asked in."


class ConversationSettings(EnvironmentSettings):
    """A part of `Settings`."""

    bot_system_prompt: str = Field(
        DEFAULT_SYSTEM_PROMPT,
        description="First instruction to the model (system prompt). A channel can set its own with /system.",
    )
    bot_context_turns: int = Field(
        40, ge=2, le=1000, description="Newest turns of a conversation that are sent with a chat request, at most."
    )
    bot_context_tokens: int = Field(6000, ge=200, le=1_000_000, description="Estimated tokens of these turns, at most.")
    bot_answer_tokens: int = Field(
        reference.DEFAULT_MAX_TOKENS,
        ge=1,
        le=1_000_000,
        description="Length of a chat or code answer in tokens, at most.",
    )
    bot_links: Literal["on", "asked", "off"] = Field(
        "asked",
        description="Pages that questions link to are read: on (always), asked (where the words ask for it) or off. Needs the extra links. Off: nobody can choose more.",
    )
    bot_attachment_tokens: int = Field(
        8000, ge=0, le=1_000_000, description="Estimated tokens that are read from the files of a message, at most."
    )
    bot_gather_seconds: float = Field(
        0,
        ge=0,
        le=30,
        description="Seconds without a further message of the same person before their messages are answered together; 0: each is answered at once. A place can set its own with /settings gather_seconds.",
    )
