"""Modals: forms for a command's prompt and options, made from its spec. Pure.

The data of a form's origin are signed: Slack sends it back from the client of a person.
"""

import json
from collections.abc import Callable, Mapping, Sequence

from adapters.kit.forms import NO, NO_CHOICE, YES, Field, FormLimits, plan_form, too_long
from adapters.kit.texts.titles import shorten
from adapters.slack.types import Block, Json
from bot.commandline.mentions import Subject, write_mention
from bot.i18n import choice_label, describe_option, option_label, translate
from bot.models import CommandSpec, Option
from bot.ports import ValueSigner

#: The block that asks for the channel of the answer.
TARGET_CHANNEL = "where"
LIMITS = FormLimits(fields=97, choices=100, label=2000, hint=2000, text=3000, radios=5)
_MAX_TITLE, _MAX_CHOICE = 24, 75
_MAX_METADATA = 3000
_DISPENSABLE = ("label", "response_url")  # left out of too long a metadata
#: Fields in which people, and channels, are picked. Slack has none for user groups.
_PICKERS: Mapping[str, Block] = {
    "person": {"type": "users_select"},
    "people": {"type": "multi_users_select"},
    "channel": {
        "type": "conversations_select",
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    },
}
_PICKER_TYPES = {picker["type"] for picker in _PICKERS.values()}
_PICTURES = ["png", "jpg", "jpeg", "gif", "webp"]


def build_modal(
    spec: CommandSpec,
    options: Sequence[Option],
    *,
    callback_id: str,
    title: str,
    locale: str,
    signer: ValueSigner,
    metadata: Mapping[str, str] | None = None,
    asks_channel: bool = False,
    is_optional: bool = False,
) -> Block:
    """Return a form with these options.

    `signer`: of the person in the workspace. `metadata`: what `private_metadata` returns when the form is submitted by
    that person. `asks_channel`: the form also asks for the channel of the answer. `is_optional`: no field is required;
    what is left empty stays as it was.
    """

    def hint(option: Option) -> str:
        return describe_option(spec, option, locale)

    def label(option: Option) -> str:
        return option_label(option, locale).capitalize()

    fields = plan_form(options, limits=LIMITS, label=label, hint=hint, is_optional=is_optional)
    blocks = [_build_input(field, locale) for field in fields]
    if left_out := too_long(options, limits=LIMITS):
        note = translate("form.too_long", locale, names=", ".join(option_label(option, locale) for option in left_out))
        blocks.append({"type": "context", "elements": [_plain(note, LIMITS.hint)]})
    if asks_channel:
        blocks.append(_build_channel_select(locale))
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": _plain(title, _MAX_TITLE),
        "submit": _plain(translate("slack.form.send", locale), _MAX_TITLE),
        "close": _plain(translate("slack.form.cancel", locale), _MAX_TITLE),
        "private_metadata": _encode_metadata(callback_id, metadata or {}, signer),
        "blocks": blocks,
    }


def _encode_metadata(callback_id: str, metadata: Mapping[str, str], signer: ValueSigner) -> str:
    text = _sign(callback_id, metadata, signer)
    if len(text) > _MAX_METADATA:
        needed = {name: value for name, value in metadata.items() if name not in _DISPENSABLE}
        text = _sign(callback_id, needed, signer)
    return text


def _sign(callback_id: str, metadata: Mapping[str, str], signer: ValueSigner) -> str:
    text = json.dumps(metadata, separators=(",", ":"))
    return f"{signer.sign(f'{callback_id} {text}')}{text}"


def _plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": shorten(text, limit), "emoji": False}


def _build_input(field: Field, locale: str) -> Block:
    return {
        "type": "input",
        "block_id": field.option.name,
        "label": _plain(field.label, LIMITS.label),
        "hint": _plain(field.hint, LIMITS.hint),
        "optional": not field.is_required,
        "element": {"action_id": field.option.name, **_build_element(field, locale)},
    }


def _build_element(field: Field, locale: str) -> Block:
    option, default = field.option, field.default
    if field.kind in _PICKERS:
        return dict(_PICKERS[field.kind])
    if field.kind == "file":
        return {"type": "file_input", "max_files": 1, **({"filetypes": _PICTURES} if option.is_picture else {})}
    if field.kind in ("choice", "choices", "radio", "checkbox"):
        return _build_choices(field, locale)
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
        **({"max_length": LIMITS.text} if field.kind == "paragraph" else {}),
        **({"initial_value": default} if default else {}),
        **({"placeholder": _plain(", ".join(option.suggestions), 150)} if option.suggestions else {}),
    }


def _build_choices(field: Field, locale: str) -> Block:
    """Return radio buttons for few choices, one checkbox for yes or no, else a menu."""
    values = [YES] if field.kind == "checkbox" else field.option.choices
    defaults = [name.strip() for name in field.default.split(",")]
    options = [{"text": _plain(choice_label(value, locale), _MAX_CHOICE), "value": value} for value in values]
    chosen = [option for option in options if option["value"] in defaults]
    if field.has_no_choice:
        chosen = [{"text": _plain(translate("form.no_choice", locale), _MAX_CHOICE), "value": NO_CHOICE}]
        options = [*chosen, *options]
    if field.kind in ("checkbox", "choices"):
        kind = "checkboxes" if field.kind == "checkbox" else "multi_static_select"
        return {"type": kind, "options": options, **({"initial_options": chosen} if chosen else {})}
    kind = "radio_buttons" if field.kind == "radio" else "static_select"
    return {"type": kind, "options": options, **({"initial_option": chosen[0]} if chosen else {})}


def _build_channel_select(locale: str) -> Block:
    return {
        "type": "input",
        "block_id": TARGET_CHANNEL,
        "label": _plain(translate("slack.form.where", locale), LIMITS.label),
        "element": {
            "type": "conversations_select",
            "action_id": TARGET_CHANNEL,
            "default_to_current_conversation": True,
            "response_url_enabled": True,
        },
    }


# ------------------------------------------------------------------ submissions


def read_values(view: Json, scoped: Callable[[str], str]) -> tuple[dict[str, str], list[Json]]:
    """Return the content of a submitted form: values by option name, "" of empty fields, and uploaded files.

    `scoped`: see `Workspace.scoped`.
    """
    values: dict[str, str] = {}
    files: list[Json] = []
    for block in ((view.get("state") or {}).get("values") or {}).values():
        for name, element in (block or {}).items():
            if not isinstance(element, dict):
                continue
            if element.get("type") == "file_input":
                files += element.get("files") or ()
                continue
            chosen = [element.get("selected_option"), *(element.get("selected_options") or ())]
            named = [str(one.get("value") or "") for one in chosen if isinstance(one, dict)]
            value = element.get("value") or ", ".join(filter(None, named))
            if name == TARGET_CHANNEL:
                value = element.get("selected_conversation") or ""
            elif element.get("type") == "checkboxes":
                value = value or NO
            elif value == NO_CHOICE:
                value = ""
            elif picked := _picked(element):
                value = " ".join(write_mention(subject, scoped(number)) for subject, number in picked)
            if element.get("type") not in _PICKER_TYPES or value:
                values[name] = str(value).strip() and str(value)
    return values, files


def _picked(element: Json) -> list[tuple[Subject, str]]:
    """Return the people, or the channel, that are picked in a field."""
    people = [*(element.get("selected_users") or ()), *filter(None, [element.get("selected_user")])]
    channels = filter(None, [element.get("selected_conversation")])
    return [*(("person", str(one)) for one in people), *(("channel", str(one)) for one in channels)]


def private_metadata(view: Json, signer: ValueSigner) -> dict[str, str] | None:
    """Return the `metadata` that the form was built with; None where it was not, for that person in that workspace."""
    signature, brace, rest = str(view.get("private_metadata") or "").partition("{")
    if not signer.verify(f"{view.get('callback_id') or ''} {brace}{rest}", signature):
        return None
    return {str(name): str(value) for name, value in json.loads(brace + rest).items()}
