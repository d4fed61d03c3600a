"""Modals for a command's prompt and options.

Submitted values are read from the raw payload, so that a modal that was open during a restart can still be submitted.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import discord

from bot.i18n import catalogue, language_of, translate
from bot.models import CommandSpec, Option

_MAX_FIELDS = 5
_MAX_LABEL, _MAX_HINT, _MAX_TITLE, _MAX_CHOICES = 45, 100, 45, 25
_MAX_TEXT = 4000
_TIMEOUT = 1800.0  # seconds after which the library forgets a modal that was not submitted


def build_modal(
    spec: CommandSpec,
    options: Sequence[Option],
    *,
    custom_id: str,
    locale: str,
    is_optional: bool = False,
) -> discord.ui.Modal:
    """Build a modal for the first five of the options. `is_optional`: an empty field leaves its option as it was."""
    title = translate(f"discord.name.{spec.name}", locale) if _has(f"discord.name.{spec.name}") else spec.name
    modal = discord.ui.Modal(title=title[:_MAX_TITLE], custom_id=custom_id, timeout=_TIMEOUT)
    for option in options[:_MAX_FIELDS]:
        key = f"command.{spec.name}.{option.name}"
        hint = (translate(key, locale) if _has(key) else option.description)[:_MAX_HINT]
        field = _field(option, is_optional=is_optional)
        key = f"discord.named.{option.name}"
        label = (translate(key, locale) if _has(key) else option.name)[:_MAX_LABEL].capitalize()
        modal.add_item(discord.ui.Label(text=label, description=hint, component=field))
    return modal


def _has(key: str) -> bool:
    return key in catalogue(language_of(""))


def _field(option: Option, *, is_optional: bool) -> "discord.ui.Item[Any]":
    required = option.required and not is_optional
    default = "" if is_optional else option.default
    if option.kind == "file":
        return discord.ui.FileUpload(custom_id=option.name, required=required, min_values=0, max_values=1)
    if option.choices and len(option.choices) <= _MAX_CHOICES:
        choices = [discord.SelectOption(label=choice, default=choice == default) for choice in option.choices]
        least = 1 if required else 0
        return discord.ui.Select(custom_id=option.name, options=choices, min_values=least, required=required)
    return discord.ui.TextInput(
        custom_id=option.name,
        style=discord.TextStyle.paragraph if option.is_prompt else discord.TextStyle.short,
        default=default or None,
        required=required,
        max_length=_MAX_TEXT if option.is_prompt else None,
    )


def read_values(data: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    """Return the values of a submitted modal by option name, and the ids of its uploads."""
    values: dict[str, str] = {}
    files: list[str] = []
    for component in _leaves(data.get("components", ())):
        name = str(component.get("custom_id", ""))
        if component.get("type") == discord.ComponentType.file_upload.value:
            files += [str(number) for number in component.get("values", ())]
        elif "value" in component:
            values[name] = str(component["value"])
        elif component.get("values"):
            values[name] = str(component["values"][0])
    return {name: value for name, value in values.items() if value.strip()}, files


def _leaves(components: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the components that contain no others."""
    leaves: list[Mapping[str, Any]] = []
    for component in components:
        inner = [*component.get("components", ())]
        if "component" in component:
            inner.append(component["component"])
        leaves += _leaves(inner) if inner else [component]
    return leaves
