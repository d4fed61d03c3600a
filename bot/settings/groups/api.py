"""The settings of the AI API and of its models."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from aimodels import reference
from bot.i18n import operator_text
from bot.models import Kind
from bot.settings.base import EnvironmentSettings, HttpUrl, Words
from bot.settings.extra_parameters import validate_parameters
from bot.settings.prices import validate_prices

#: The word for every public https address.
PUBLIC = "public"
ORIGIN = re.compile(r"https?://([\w.-]+|\[[0-9a-fA-F:.]+\])(:\d{1,5})?/?")
#: The sandbox's second chat model: with nothing configured a duel has two.
_SANDBOX_MODEL = "gpt-3.5-turbo"
_SIZE = r"(?:[1-9]\d{1,4}x[1-9]\d{1,4}|auto)"
_MODEL_SIZES = re.compile(rf"[^=\s][^\s]*\s*=\s*{_SIZE}(?:\|{_SIZE})*")


def _sizes(values: tuple[str, ...]) -> tuple[str, ...]:
    if not all(_MODEL_SIZES.fullmatch(value) for value in values):
        raise ValueError(operator_text("setting.model_sizes"))
    return values


def _api_origins(values: tuple[str, ...]) -> tuple[str, ...]:
    """Validate origins, or the word for all public ones; returns them without the slash at the end."""
    origins = tuple(value.rstrip("/") for value in values)
    if not all(value == PUBLIC or ORIGIN.fullmatch(value) for value in origins):
        raise ValueError(operator_text("setting.origins"))
    return origins


class ApiSettings(EnvironmentSettings):
    """A part of `Settings`."""

    aimodels_base_url: HttpUrl = Field(reference.BASE_URL, description="Address of the AI API.")
    aimodels_api_key: SecretStr | None = Field(
        None, description="Key of the AI API. Empty: the service starts an offline sandbox API instead."
    )
    aimodels_api_flavor: Literal["aimodels", "openai"] = Field(
        "aimodels",
        description="Form of the API's answers: aimodels (in an envelope) or openai (any OpenAI-compatible server).",
    )
    aimodels_streaming: bool = Field(
        False, description="Ask the API to stream chat answers. Its reference does not document streaming."
    )
    aimodels_speech: bool = Field(
        False,
        description="The API also has OpenAI's endpoints for speech and transcriptions. The sandbox and OpenAI-compatible servers have them anyway.",
    )
    aimodels_timeout: float = Field(
        120, gt=0, le=3600, description="Seconds for a chat or code answer, retries included."
    )
    aimodels_media_timeout: float = Field(
        900, gt=0, le=7200, description="Seconds for a picture, sound or video, retries included."
    )

    # Models: the first is the default, the rest may be chosen with /model
    bot_chat_models: Words = Field(
        (reference.MODELS["chat"],),
        min_length=1,
        description="Chat models that people may choose. The first is the default.",
    )
    bot_code_models: Words = Field(
        (reference.MODELS["code"],),
        min_length=1,
        description="Code models that people may choose. The first is the default.",
    )
    bot_image_models: Words = Field(
        (reference.MODELS["image"],),
        min_length=1,
        description="Image models that people may choose. The first is the default.",
    )
    bot_audio_models: Words = Field(
        (reference.MODELS["audio"],),
        min_length=1,
        description="Audio models that people may choose. The first is the default.",
    )
    bot_video_models: Words = Field(
        (reference.MODELS["video"],),
        min_length=1,
        description="Video models that people may choose. The first is the default.",
    )
    bot_chat_fallbacks: Words = Field(
        (), description="Chat models, of BOT_CHAT_MODELS, that answer in this order where the chosen one fails."
    )
    bot_code_fallbacks: Words = Field(
        (), description="Code models, of BOT_CODE_MODELS, that answer in this order where the chosen one fails."
    )
    bot_image_fallbacks: Words = Field(
        (), description="Image models, of BOT_IMAGE_MODELS, that answer in this order where the chosen one fails."
    )
    bot_audio_fallbacks: Words = Field(
        (), description="Audio models, of BOT_AUDIO_MODELS, that answer in this order where the chosen one fails."
    )
    bot_video_fallbacks: Words = Field(
        (), description="Video models, of BOT_VIDEO_MODELS, that answer in this order where the chosen one fails."
    )
    bot_breaker_failures: int = Field(
        3, ge=1, le=100, description="Failures in a row after which a model with fallbacks is skipped for a while."
    )
    bot_breaker_seconds: float = Field(
        60, gt=0, le=3600, description="Seconds for which it is skipped; then one request tries it."
    )
    bot_model_sizes: Annotated[Words, AfterValidator(_sizes)] = Field(
        (),
        description="Sizes of image and video models, the usual one first: my-model=1024x1024|768x512. OpenAI's own models are known.",
    )
    bot_prices: Annotated[Words, AfterValidator(validate_prices)] = Field(
        (),
        description="Prices of models, in any currency: my-chat=input:2.5|output:10 (a million tokens), my-model=picture:0.04|1024x1536:0.06, my-video=second:0.05, other=request:0.01. Empty: learnt from the costs that the API reports.",
    )
    bot_transcription_model: str = Field(
        "whisper-1",
        description="Model that turns voice messages into text, where the API has OpenAI's endpoint for it. Empty: they are not transcribed.",
    )
    bot_seeing_models: Words = Field(
        (), description="Chat models that accept pictures. Attached pictures are sent to these only."
    )

    bot_extra_parameters: Annotated[Words, AfterValidator(validate_parameters)] = Field(
        (),
        description="Parameters of the API other than the documented ones that administrators may set with /settings, with their values: chat.top_p=0..1,chat.reasoning_effort=low|high,chat.seed.",
    )

    bot_workspace_api_origins: Annotated[Words, AfterValidator(_api_origins)] = Field(
        (),
        description="Origins of the AI APIs that a workspace may bring with a key of its own, besides the service's API: https://api.openai.com. The word public: every public https address. Empty: only a key for the service's API.",
    )

    @property
    def needs_sandbox(self) -> bool:
        """Whether no API is configured: neither a key nor another base URL."""
        return self.aimodels_api_key is None and self.aimodels_base_url == reference.BASE_URL

    def models(self, kind: Kind) -> tuple[str, ...]:
        """Return the allowed models of a kind, the default first."""
        models: tuple[str, ...] = getattr(self, f"bot_{kind}_models")
        if kind == "chat" and self.needs_sandbox and "bot_chat_models" not in self.model_fields_set:
            return (*models, _SANDBOX_MODEL)
        return models

    def fallbacks(self, kind: Kind) -> tuple[str, ...]:
        """Return the models of a kind that answer where another fails, in order."""
        models: tuple[str, ...] = getattr(self, f"bot_{kind}_fallbacks", ())  # a kind may have no such setting
        return models
