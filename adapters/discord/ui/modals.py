"""Modals for a command's prompt and options.

Submitted values are read from the raw payload, so that a modal that was open during a restart can still be submitted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import discord

from adapters.discord.ui.channels import CHANNEL_TYPES
from adapters.kit.forms import NO, NO_CHOICE, YES, Field, FormLimits, plan_form, too_long
from bot.i18n import choice_label, command_label, describe_option, option_label, translate
from bot.models import CommandSpec, Option

_LIMITS = FormLimits(fields=5, choices=25, label=45, hint=100, text=4000, radios=5, has_numbers=False)
_LIMITS_OF_SELECTS = replace(_LIMITS, radios=0)
_MAX_CHECKBOXES = 10
_MAX_TITLE = 45
_CHANNEL_TYPES = [discord.ChannelType(number) for number in CHANNEL_TYPES]
_PICKERS = frozenset(
    kind.value
    for kind in (
        discord.ComponentType.user_select,
        discord.ComponentType.mentionable_select,
        discord.ComponentType.channel_select,
    )
)
_MAX_CHOICE = 100
_TIMEOUT = 1800.0  # seconds after which the library forgets a modal that was not submitted


class _PictureUpload(discord.ui.FileUpload[Any]):
    """An upload that offers pictures: https://docs.discord.com/developers/components/reference#file-upload."""

    def to_component_dict(self) -> Any:
        """Return the component with the field that the library does not know."""
        return {**super().to_component_dict(), "file_types": ["image"]}


def build_modal(
    spec: CommandSpec,
    options: Sequence[Option],
    *,
    custom_id: str,
    locale: str,
    is_optional: bool = False,
    takes_file: bool = False,
    has_groups: bool = True,
) -> discord.ui.Modal:
    """Build a modal for the first of the options, as many as there is room for.

    `is_optional`: an empty field leaves its option as it was. `takes_file`: the last field uploads a file to be read.
    `has_groups`: few choices are radio buttons or checkboxes; else all are in selects.
    """
    modal = discord.ui.Modal(title=command_label(spec, locale)[:_MAX_TITLE], custom_id=custom_id, timeout=_TIMEOUT)
    left_out = too_long(options, limits=_LIMITS)
    if left_out:
        names = ", ".join(option_label(option, locale) for option in left_out)
        modal.add_item(discord.ui.TextDisplay(translate("form.too_long", locale, names=names)))
        options = [option for option in options if option not in left_out]
    fields = plan_form(
        options[: _LIMITS.fields - takes_file - bool(left_out)],
        limits=_LIMITS if has_groups else _LIMITS_OF_SELECTS,
        label=lambda option: option_label(option, locale).capitalize(),
        hint=lambda option: describe_option(spec, option, locale),
        is_optional=is_optional,
    )
    for field in fields:
        modal.add_item(
            discord.ui.Label(
                text=field.label, description=field.hint, component=_component(field, locale, has_groups=has_groups)
            )
        )
    if takes_file:
        upload: discord.ui.FileUpload[Any] = discord.ui.FileUpload(
            custom_id="file", required=False, min_values=0, max_values=1
        )
        label, hint = translate("discord.label.file", locale).capitalize(), translate("discord.option.file", locale)
        modal.add_item(discord.ui.Label(text=label, description=hint, component=upload))
    return modal


def _component(field: Field, locale: str, *, has_groups: bool) -> "discord.ui.Item[Any]":
    name, required = field.option.name, field.is_required
    if field.kind == "file":
        kind = _PictureUpload if field.option.is_picture else discord.ui.FileUpload
        return kind(custom_id=name, required=required, min_values=0, max_values=1)
    if field.kind in ("choice", "choices", "radio", "checkbox"):
        return (_group(field, locale) if has_groups else None) or _select(field, locale)
    least = 1 if required else 0
    if field.kind == "person":
        return discord.ui.UserSelect(custom_id=name, min_values=least, required=required)
    if field.kind == "people":
        return discord.ui.MentionableSelect(
            custom_id=name, min_values=least, max_values=_LIMITS.choices, required=required
        )
    if field.kind == "channel":
        return discord.ui.ChannelSelect(
            custom_id=name, channel_types=_CHANNEL_TYPES, min_values=least, required=required
        )
    is_paragraph = field.kind == "paragraph"
    return discord.ui.TextInput(
        custom_id=name,
        style=discord.TextStyle.paragraph if is_paragraph else discord.TextStyle.short,
        default=field.default or None,
        required=required,
        max_length=_LIMITS.text if is_paragraph else None,
    )


def _group(field: Field, locale: str) -> "discord.ui.Item[Any] | None":
    """Return radio buttons or checkboxes; None for what is in a select."""
    name, choices = field.option.name, field.option.choices
    if field.kind == "checkbox":
        return discord.ui.Checkbox(custom_id=name, default=field.default == YES)
    if field.kind == "radio":
        radios: discord.ui.RadioGroup[Any] = discord.ui.RadioGroup(custom_id=name, required=field.is_required)
        if field.has_no_choice:
            radios.add_option(label=translate("form.no_choice", locale), value=NO_CHOICE, default=True)
        for choice in choices:
            radios.add_option(label=_label(choice, locale), value=choice, default=choice == field.default)
        return radios
    if field.kind == "choices" and len(choices) <= _MAX_CHECKBOXES:
        boxes: discord.ui.CheckboxGroup[Any] = discord.ui.CheckboxGroup(
            custom_id=name, required=field.is_required, min_values=1 if field.is_required else 0
        )
        for choice in choices:
            boxes.add_option(label=_label(choice, locale), value=choice, default=choice in _chosen(field))
        return boxes
    return None


def _select(field: Field, locale: str) -> "discord.ui.Item[Any]":
    choices, required = field.option.choices, field.is_required
    options = [
        discord.SelectOption(label=_label(choice, locale), value=choice, default=choice in _chosen(field))
        for choice in choices
    ]
    most = len(choices) if field.kind == "choices" else 1
    return discord.ui.Select(
        custom_id=field.option.name,
        options=options,
        min_values=1 if required else 0,
        max_values=most,
        required=required,
    )


def _label(choice: str, locale: str) -> str:
    return choice_label(choice, locale)[:_MAX_CHOICE]


def _chosen(field: Field) -> list[str]:
    return [name.strip() for name in field.default.split(",")]


def read_values(data: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, list[str]], list[str]]:
    """Return the values of a submitted modal by option name, the ids that were picked, and the ids of its uploads.

    An empty field has the value "".
    """
    values: dict[str, str] = {}
    picked: dict[str, list[str]] = {}
    files: list[str] = []
    for component in _leaves(data.get("components", ())):
        name = str(component.get("custom_id", ""))
        if component.get("type") == discord.ComponentType.file_upload.value:
            files += [str(number) for number in component.get("values", ())]
        elif component.get("type") in _PICKERS:
            if component.get("values"):
                picked[name] = [str(number) for number in component["values"]]
        elif component.get("type") == discord.ComponentType.checkbox.value:
            values[name] = YES if component.get("value") else NO
        elif "value" in component:
            value = component["value"]
            values[name] = "" if value in (None, NO_CHOICE) else str(value).strip() and str(value)
        elif "values" in component:
            values[name] = ", ".join(str(value) for value in component["values"])
    return values, picked, files


def _leaves(components: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the components that contain no others."""
    leaves: list[Mapping[str, Any]] = []
    for component in components:
        inner = [*component.get("components", ())]
        if "component" in component:
            inner.append(component["component"])
        leaves += _leaves(inner) if inner else [component]
    return leaves
