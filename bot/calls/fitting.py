"""The parameters of a request, fitted to the model that it is sent to. Pure."""

from collections.abc import Collection, Mapping
from typing import Any

from bot.calls.parameter_limits import ParameterLimit
from bot.errors import UsageError
from bot.i18n import join_list, translate
from bot.models import Kind
from bot.settings.core import Settings
from bot.settings.media_sizes import fit_seconds, sizes_of

#: Parameters that people know by the name of a setting.
SETTINGS = {"max_tokens": "answer_tokens"}
_SIZES: Mapping[Kind, str] = {"image": "size", "video": "resolution"}


def fit(
    parameters: Mapping[str, Any],
    limits: Mapping[str, ParameterLimit],
    *,
    model: str,
    given: Collection[str] = (),
    locale: str = "",
) -> dict[str, Any]:
    """Return the parameters with the nearest values that the model takes.

    Raises `UsageError` for a value that it does not take and that the person gave.
    """
    fitted = dict(parameters)
    for name, limit in limits.items():
        value = fitted.get(name)
        if value is None or limit.allows(value):
            continue
        if name in given:
            raise UsageError(describe_limit(name, limit, model, locale))
        fitted[name] = limit.nearest(value)
    return fitted


def fit_to_fallback(kind: Kind, model: str, parameters: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """Return the parameters that were meant for another model, with the sizes and without the pictures of this one."""
    fitted = dict(parameters)
    if (name := _SIZES.get(kind)) and (sizes := sizes_of(settings, kind, model)):
        fitted = fit(fitted, {name: ParameterLimit(choices=sizes)}, model=model)
    if kind == "video" and fitted.get("duration") is not None:
        seconds = fit_seconds(settings, kind, model, fitted["duration"])
        fitted["duration"] = int(seconds) if seconds.is_integer() else seconds
    if kind == "chat" and model not in settings.bot_seeing_models:
        fitted["messages"] = [_without_pictures(message) for message in fitted["messages"]]
    return fitted


def _without_pictures(message: Mapping[str, Any]) -> Mapping[str, Any]:
    content = message.get("content")
    if not isinstance(content, list):
        return message
    return {**message, "content": "\n".join(str(part["text"]) for part in content if part.get("type") == "text")}


def describe_limit(name: str, limit: ParameterLimit, model: str, locale: str) -> str:
    """Return the sentence on the values that a model takes for a parameter."""
    low, high = limit.low, limit.high
    key = "one_of" if limit.choices else "at_most" if low is None else "at_least" if high is None else "between"
    return translate(
        f"refusal.{key}",
        locale,
        name=SETTINGS.get(name, name),
        model=model,
        low="" if low is None else f"{low:g}",
        high="" if high is None else f"{high:g}",
        allowed=join_list((f"`{choice}`" for choice in limit.choices), locale),
    )
