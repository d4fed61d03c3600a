"""The commands as Discord is told of them: slash commands, context menus, names and descriptions in three languages.

Pure. What Discord keeps is compared by a hash, as commands may be told to it only so many times a day.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.discord.inbound import reply_mode
from bot.i18n import FALLBACK, catalogue, translate
from bot.models import CommandSpec, Option

#: Discord's name of a language → ours
LOCALES = {"zh-TW": "zh-Hant", "zh-CN": "zh-Hans"}
#: what may be done with a message: its name in the catalogue → the command that it asks for
ON_MESSAGE = {"explain": "chat", "summarise": "chat", "picture": "image", "animate": "video"}
#: what may be done with a person
ON_USER = {"avatar": "video"}
#: opens a form for a command's prompt and options
COMPOSE = "compose"
#: the option that takes a file along where the command has none of its own
FILE = "file"
READS_FILES = ("chat", "code")
#: the option that hides what is made until it is clicked
SPOILER = "spoiler"
MAKES_FILES = ("image", "video")

_TYPES = {"text": 3, "choice": 3, "integer": 4, "number": 10, "file": 11}
_YES_OR_NO = 5
_SLASH, _USER, _MESSAGE = 1, 2, 3
_GUILD, _DIRECT, _PRIVATE = 0, 1, 2
_MAX_CHOICES = 25
_MAX_DESCRIPTION = 100
_MAX_PROMPT = 6000
_MANAGE_CHANNELS = "16"

Json = dict[str, Any]


def payload(commands: Sequence[CommandSpec]) -> list[Json]:
    """Everything that Discord is to offer, in a fixed order."""
    told = [_slash(spec) for spec in commands if not spec.hidden]
    names = [spec.name for spec in commands]
    told += [_menu(name, _MESSAGE) for name, command in ON_MESSAGE.items() if command in names]
    told += [_menu(name, _USER) for name, command in ON_USER.items() if command in names]
    return [*told, _compose(commands), _replies()]


def digest(told: Sequence[Json]) -> str:
    """A hash that changes when what Discord is to be told does."""
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def composable(commands: Sequence[CommandSpec]) -> list[CommandSpec]:
    """The commands that are worth a form: those with a prompt that spend the API."""
    return [spec for spec in commands if spec.prompt is not None and spec.kind is not None and not spec.hidden]


def suggestions(
    commands: Sequence[CommandSpec], command: str, option: str, given: Mapping[str, str], typed: str
) -> list[str]:
    """What to offer for an option while it is typed, the best fitting first."""
    spec = next((spec for spec in commands if spec.name == command), None)
    found = spec.option(option) if spec is not None else None
    if found is None:
        return []
    values = found.choices or found.suggestions
    if (command, option) == ("model", "name"):  # any model, or those of the kind that is chosen already
        kind = given.get("kind")
        models = [o.choices for s in commands for o in s.options if o.models and kind in (None, "", o.models)]
        values = (*dict.fromkeys(name for names in models for name in names), "default")
    typed = typed.strip().lower()
    fitting = [value for value in values if typed in value.lower()]
    return sorted(fitting, key=lambda value: not value.lower().startswith(typed))[:_MAX_CHOICES]


def menu_name(name: str) -> str:
    """What Discord calls an entry of a context menu."""
    return translate(f"discord.menu.{name}")


def _slash(spec: CommandSpec) -> Json:
    options = sorted(spec.options, key=lambda option: not option.required)  # Discord wants the required ones first
    told = [_option(spec, option) for option in options]
    if spec.kind in READS_FILES:
        told.append({"type": _TYPES["file"], **_named(FILE), "required": False, **_described("discord.option.file")})
    if spec.kind in MAKES_FILES:
        told.append({"type": _YES_OR_NO, **_named(SPOILER), "required": False, **_described("discord.option.spoiler")})
    return {
        "type": _SLASH,
        "name": spec.name,
        "name_localizations": _localised(f"discord.name.{spec.name}"),
        **_described(f"command.{spec.name}.description", spec.description),
        "options": told,
        **_everywhere(),
    }


def _option(spec: CommandSpec, option: Option) -> Json:
    told: Json = {
        "type": _TYPES[option.kind],
        **_named(option.name),
        **_described(f"command.{spec.name}.{option.name}", option.description),
        "required": option.required,
    }
    if option.models or option.suggestions or len(option.choices) > _MAX_CHOICES or _is_any_model(spec, option):
        told["autocomplete"] = True
    elif option.choices:
        told["choices"] = [_choice(choice) for choice in option.choices]
    if option.kind in ("integer", "number"):
        cast = int if option.kind == "integer" else float
        told |= {"min_value": cast(option.minimum)} if option.minimum is not None else {}
        told |= {"max_value": cast(option.maximum)} if option.maximum is not None else {}
    if option.is_prompt:
        told["max_length"] = _MAX_PROMPT
    return told


def _named(option: str) -> Json:
    return {"name": option, "name_localizations": _localised(f"discord.named.{option}")}


def _choice(value: str) -> Json:
    return {"name": value, "name_localizations": _localised(f"discord.choice.{value}"), "value": value}


def _is_any_model(spec: CommandSpec, option: Option) -> bool:
    return (spec.name, option.name) == ("model", "name")


def _menu(name: str, kind: int) -> Json:
    key = f"discord.menu.{name}"
    return {"type": kind, "name": translate(key), "name_localizations": _localised(key), **_everywhere()}


def _compose(commands: Sequence[CommandSpec]) -> Json:
    choices = [
        {"name": spec.name, "name_localizations": _localised(f"discord.name.{spec.name}"), "value": spec.name}
        for spec in composable(commands)
    ]
    option = {"type": 3, **_named("command"), **_described("discord.option.command"), "required": True}
    return {
        "type": _SLASH,
        "name": COMPOSE,
        "name_localizations": _localised("discord.name.compose"),
        **_described("discord.compose"),
        "options": [{**option, "choices": choices}],
        **_everywhere(),
    }


def _replies() -> Json:
    choices = [
        {
            "name": translate(f"discord.mode.{mode}"),
            "name_localizations": _localised(f"discord.mode.{mode}"),
            "value": mode,
        }
        for mode in reply_mode.MODES
    ]
    option = {"type": 3, **_named("mode"), **_described("discord.option.mode"), "required": False, "choices": choices}
    return {
        "type": _SLASH,
        "name": reply_mode.COMMAND,
        "name_localizations": _localised("discord.name.replies"),
        **_described("discord.replies"),
        "options": [option],
        "default_member_permissions": _MANAGE_CHANNELS,
        "contexts": [_GUILD],
        "integration_types": [0],
    }


def _everywhere() -> Json:
    """In servers and direct messages, installed by a server or by a person."""
    return {"contexts": [_GUILD, _DIRECT, _PRIVATE], "integration_types": [0, 1]}


def _described(key: str, otherwise: str = "") -> Json:
    text = catalogue(FALLBACK).get(key) or otherwise
    return {"description": text[:_MAX_DESCRIPTION], "description_localizations": _localised(key)}


def _localised(key: str) -> dict[str, str]:
    found = {locale: catalogue(language).get(key, "") for locale, language in LOCALES.items()}
    return {locale: text[:_MAX_DESCRIPTION] for locale, text in found.items() if text}
