"""Settings of what may be said, and sent to the AI API."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from bot.settings.base import EnvironmentSettings

#: The ways to redact a request to the API, the weakest first.
REDACTIONS = ("off", "pseudonyms", "mask")
#: What the API's moderation endpoint checks, the least first.
MODERATIONS = ("off", "requests", "both")


class ContentSettings(EnvironmentSettings):
    """A part of `Settings`."""

    bot_redaction: Literal["off", "pseudonyms", "mask"] = Field(
        "off",
        description="Replacement of secrets and personal data in requests to the AI API: off, pseudonyms (put back in the answer) or mask. Nobody can choose less.",
    )
    bot_content_rules: Path | None = Field(
        None, description="File of your own rules: what else is replaced, and which words a request may not have."
    )
    bot_moderation: Literal["off", "requests", "both"] = Field(
        "off",
        description="What is checked by the moderation endpoint of an OpenAI-compatible API: off, requests, or both requests and answers. Nobody can choose less.",
    )
    bot_moderation_model: str = Field("omni-moderation-latest", description="Model of the moderation endpoint.")
    bot_moderation_failure: Literal["refuse", "allow"] = Field(
        "refuse", description="What happens to what can't be checked because the endpoint fails: refuse or allow."
    )
