"""The settings of notes that people ask the service to remember."""

from typing import Literal

from pydantic import Field

from bot.settings.base import EnvironmentSettings

#: What may be done with notes, the most first.
MEMORIES = ("propose", "on", "off")


class MemorySettings(EnvironmentSettings):
    """A part of `Settings`."""

    bot_memory: Literal["propose", "on", "off"] = Field(
        "propose",
        description="Notes of people, channels and workspaces that the model gets with questions: propose (also offer to remember what sounds like a note), on or off. Nobody can choose more.",
    )
    bot_memory_notes: int = Field(
        50, ge=1, le=500, description="Notes of one person, channel or workspace that are kept, at most."
    )
    bot_memory_tokens: int = Field(
        1000, ge=50, le=100_000, description="Estimated tokens of all these notes together, at most."
    )
    bot_memory_days: int = Field(
        0, ge=0, le=36500, description="Days after its last change for which a note is kept. 0: until it is forgotten."
    )
