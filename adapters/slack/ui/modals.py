"""Forms (Slack calls them modals): a command's prompt and options to be filled in, made from its spec. Pure."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.kit.forms import Field, FormLimits, plan_form
from adapters.kit.titles import shorten
from adapters.slack.inbound.parse import Json
from bot.i18n import catalogue, language_of, translate
from bot.models import CommandSpec, Option

#: `callback_id` of a command's form and of one that a button opens.
MAKE, PRESS = "make:", "press"
#: The block that asks where to show what is made.
WHERE = "where"
LIMITS = FormLimits(fields=98, choices=100, label=2000, hint=2000)
_MAX_TITLE, _MAX_CHOICE, _MAX_TEXT = 24, 75, 3000
_MAX_META = 3000
_NOT_NEEDED = ("label", "response_url")
_PICTURES = ["png", "jpg", "jpeg", "gif", "webp"]


def form(
    spec: CommandSpec,
    options: Sequence[Option],
    *,
    callback_id: str,
    title: str,
    locale: str,
    meta: Mapping[str, str] | None = None,
    asks_where: bool = False,
    is_optional: bool = False,
) -> dict[str, Any]:
    """A form with these options. `is_optional`: what is left empty stays as it was; `meta`: comes back with it."""

    def hint(option: Option) -> str:
        key = f"command.{spec.name}.{option.name}"
        return translate(key, locale) if key in catalogue(language_of("")) else option.description

    fields = plan_form(options, limits=LIMITS, label=lambda option: option.name, hint=hint, is_optional=is_optional)
    blocks = [_block(field) for field in fields]
    if asks_where:
        blocks.append(_where(locale))
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": _plain(title, _MAX_TITLE),
        "submit": _plain(translate("slack.form.send", locale), _MAX_TITLE),
        "close": _plain(translate("slack.form.cancel", locale), _MAX_TITLE),
        "private_metadata": _kept(meta or {}),
        "blocks": blocks,
    }


def _kept(meta: Mapping[str, str]) -> str:
    """What comes back with the form; where it is too much, without what can be done without."""
    text = json.dumps(meta, separators=(",", ":"))
    if len(text) > _MAX_META:
        needed = {name: value for name, value in meta.items() if name not in _NOT_NEEDED}
        text = json.dumps(needed, separators=(",", ":"))
    return text


def _plain(text: str, limit: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": shorten(text, limit), "emoji": False}


def _block(field: Field) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": field.option.name,
        "label": _plain(field.label, LIMITS.label),
        "hint": _plain(field.hint, LIMITS.hint),
        "optional": not field.is_required,
        "element": {"action_id": field.option.name, **_element(field)},
    }


def _element(field: Field) -> dict[str, Any]:
    option, default = field.option, field.default
    if field.kind == "file":
        return {"type": "file_input", "filetypes": _PICTURES, "max_files": 1}
    if field.kind == "choice":
        choices = [{"text": _plain(choice, _MAX_CHOICE), "value": choice} for choice in option.choices]
        chosen = next((choice for choice in choices if choice["value"] == default), None)
        return {"type": "static_select", "options": choices, **({"initial_option": chosen} if chosen else {})}
    if field.kind == "number":
        bounds = {"min_value": option.minimum, "max_value": option.maximum}
        return {
            "type": "number_input",
            "is_decimal_allowed": option.kind == "number",
            **{name: f"{bound:g}" for name, bound in bounds.items() if bound is not None},
            **({"initial_value": default} if default else {}),
        }
    return {
        "type": "plain_text_input",
        "multiline": field.kind == "paragraph",
        **({"max_length": _MAX_TEXT} if field.kind == "paragraph" else {}),
        **({"initial_value": default} if default else {}),
        **({"placeholder": _plain(", ".join(option.suggestions), 150)} if option.suggestions else {}),
    }


def _where(locale: str) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": WHERE,
        "label": _plain(translate("slack.form.where", locale), LIMITS.label),
        "element": {
            "type": "conversations_select",
            "action_id": WHERE,
            "default_to_current_conversation": True,
            "response_url_enabled": True,
        },
    }


# ------------------------------------------------------------------ what comes back


def filled(view: Json) -> tuple[dict[str, str], list[Json]]:
    """What a sent form holds: values by option name, and uploaded files."""
    values: dict[str, str] = {}
    files: list[Json] = []
    for block in (view.get("state") or {}).get("values", {}).values():
        for name, element in block.items():
            if element.get("type") == "file_input":
                files += element.get("files") or ()
                continue
            chosen = element.get("selected_option") or {}
            value = element.get("value") or chosen.get("value") or element.get("selected_conversation") or ""
            if str(value).strip():
                values[name] = str(value)
    return values, files


def meta_of(view: Json) -> dict[str, str]:
    """What the form was given as `meta`."""
    try:
        meta = json.loads(str(view.get("private_metadata") or "{}"))
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in meta.items()} if isinstance(meta, dict) else {}
