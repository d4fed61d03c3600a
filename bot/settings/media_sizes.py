"""Sizes that a model makes: those of BOT_MODEL_SIZES, else those known of OpenAI's models."""

from collections.abc import Mapping, Sequence

from aimodels.openai.media_sizes import IMAGE_SIZES, VIDEO_SECONDS, VIDEO_SIZES, of_model
from bot.models import Kind
from bot.settings.core import Settings

_KNOWN: Mapping[Kind, Mapping[str, tuple[str, ...]]] = {"image": IMAGE_SIZES, "video": VIDEO_SIZES}
_KNOWN_SECONDS: Mapping[Kind, Mapping[str, tuple[int, ...]]] = {"video": VIDEO_SECONDS}


def sizes_of(settings: Settings, kind: Kind, model: str) -> tuple[str, ...]:
    """Return the sizes of a model, the usual one first; () when nothing is known of it."""
    given = {name: tuple(sizes.split("|")) for name, sizes in map(_split, settings.bot_model_sizes)}
    is_openai = settings.aimodels_api_flavor == "openai"
    return given.get(model) or (of_model(_KNOWN.get(kind, {}), model) if is_openai else ())


def fit_seconds(settings: Settings, kind: Kind, model: str, seconds: float) -> float:
    """Return the length of a file that the model makes and that is nearest to the wanted one."""
    is_openai = settings.aimodels_api_flavor == "openai"
    known: Sequence[float] = of_model(_KNOWN_SECONDS.get(kind, {}), model) if is_openai else ()
    return float(min(known, key=lambda each: abs(each - seconds), default=seconds))


def find_unknown_models(settings: Settings) -> list[str]:
    """Return the models that BOT_MODEL_SIZES names and that people can't choose."""
    models = (*settings.models("image"), *settings.models("video"))
    return [name for name, _ in map(_split, settings.bot_model_sizes) if name not in models]


def _split(entry: str) -> tuple[str, str]:
    model, _, sizes = entry.rpartition("=")
    return model.strip(), sizes.strip()
