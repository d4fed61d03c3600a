"""Forms: a command's prompt and options to be filled in.

What was filled in is read from the raw payload, so that a form that was open during a restart can still be sent.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import discord

from bot.i18n import catalogue, language_of, translate
from bot.models import CommandSpec, Option

_MAX_FIELDS = 5
_MAX_LABEL, _MAX_HINT, _MAX_TITLE, _MAX_CHOICES = 45, 100, 45, 25
_TEXT = 4000
_TIMEOUT = 1800.0  # seconds after which the library forgets a form that was not sent


def form(
    spec: CommandSpec,
    options: Sequence[Option],
    *,
    custom_id: str,
    locale: str,
    is_optional: bool = False,
) -> discord.ui.Modal:
    """A form with the first five of the options. `is_optional`: what is left empty stays as it was."""
    named = translate(f"discord.name.{spec.name}", locale) if _has(f"discord.name.{spec.name}") else spec.name
    modal = discord.ui.Modal(title=named[:_MAX_TITLE], custom_id=custom_id, timeout=_TIMEOUT)
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
        max_length=_TEXT if option.is_prompt else None,
    )


def filled(data: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    """What a sent form holds: values by option name, and ids of uploaded files."""
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
    found: list[Mapping[str, Any]] = []
    for component in components:
        inner = [*component.get("components", ())]
        if "component" in component:
            inner.append(component["component"])
        found += _leaves(inner) if inner else [component]
    return found
