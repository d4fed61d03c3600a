"""The application commands: slash and context menu commands, localised, and their registration with Discord.

Commands are registered only when their hash differs from that of the last registration, or when Discord has others, as
it limits how often a day they may change.
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import discord
import structlog

from adapters.discord.gateway.client import DiscordClient
from adapters.discord.gateway.errors import describe_error
from adapters.discord.timing import Timing
from adapters.discord.ui.channels import CHANNEL_TYPES
from adapters.kit.connection.backoff import Backoff
from adapters.kit.errors import NETWORK_ERRORS
from adapters.kit.message_actions import MESSAGE_ACTIONS
from bot.errors import StoreError
from bot.i18n import describe_command, describe_option, translate, translations
from bot.models import CommandSpec, Option
from bot.ports import REPLY_MODES, AdapterValues

log = structlog.get_logger(__name__)

#: Storage namespace: the hash of the commands last registered, by application id.
NAMESPACE = "discord.commands"

#: our languages → Discord's locales
LOCALES = {"zh-Hant": "zh-TW", "zh-Hans": "zh-CN"}
#: user commands (context menu of a person) → the command that each runs
USER_COMMANDS = {"avatar": "video"}
#: keys of the names of the context menu commands
MENU_KEYS = {
    "explain": "menu.explain",
    "summarise": "discord.menu.summarise",
    "review": "menu.review",
    "picture": "menu.picture",
    "animate": "menu.animate",
    "avatar": "discord.menu.avatar",
}
#: slash command that opens a modal for another command's prompt and options
COMPOSE = "compose"
#: slash command that sets a channel's reply mode: a short form of that setting
REPLIES = "replies"
#: file option of commands that read files and have no file option of their own
FILE = "file"
READS_FILES = ("chat", "code")
#: option that marks the files of the answer as spoilers
SPOILER = "spoiler"
MAKES_FILES = ("image", "video")

_TYPES = {
    "text": 3,
    "choice": 3,
    "choices": 3,
    "integer": 4,
    "person": 6,
    "channel": 7,
    "people": 9,  # "mentionable": users and roles
    "number": 10,
    "file": 11,
}
_BOOLEAN = 5
_SLASH, _USER, _MESSAGE = 1, 2, 3
_GUILD, _DIRECT, _PRIVATE = 0, 1, 2
_MAX_CHOICES = 25
_MAX_DESCRIPTION = 100
_MAX_PROMPT = 6000
_MANAGE_CHANNELS = "16"
_SERVER_ERROR = 500

Json = dict[str, Any]


async def register_commands(
    client: DiscordClient, services: AdapterValues, specs: Sequence[CommandSpec], timing: Timing
) -> None:
    """Register the commands if they changed. Until then mentions work without.

    A failure is logged and tried again after a pause; what Discord refuses, with the next connection.
    """
    commands = build_commands(specs)
    backoff = Backoff(first=timing.reconnect_first, longest=timing.reconnect_longest)
    while True:
        pause = backoff.next()
        try:
            return await _register(client, services, commands)
        except discord.HTTPException as exc:
            log.warning("commands not registered", reason=describe_error(exc))
            if exc.status < _SERVER_ERROR:
                return None
        except discord.RateLimited as exc:
            log.warning("commands not registered", reason=describe_error(exc))
            pause = max(pause, exc.retry_after)
        except NETWORK_ERRORS as exc:
            log.warning("commands not registered", reason=describe_error(exc))
        except StoreError as exc:
            log.warning("commands not registered", reason=str(exc))
        await asyncio.sleep(pause)


async def _register(client: DiscordClient, services: AdapterValues, commands: list[Json]) -> None:
    application = client.application_id
    assert application is not None, "logged in"
    current, storage = hash_commands(commands), services.storage(NAMESPACE, has_secrets=False)
    if await storage.get(str(application)) != current or not await _are_there(client, application, commands):
        await client.http.bulk_upsert_global_commands(application, commands)
        log.info("commands registered", count=len(commands))
        await storage.set(str(application), current)


async def _are_there(client: DiscordClient, application: int, commands: Sequence[Json]) -> bool:
    """Whether Discord has commands of these names: something else may have changed them."""
    there = await client.http.get_global_commands(application)
    wanted = {(command["type"], command["name"]) for command in commands}
    return {(command["type"], command["name"]) for command in there} == wanted


def build_commands(specs: Sequence[CommandSpec]) -> list[Json]:
    """Build the payload of all application commands, in a fixed order."""
    commands = [_slash_command(spec) for spec in specs if not spec.hidden]
    names = [spec.name for spec in specs]
    commands += [_context_menu(name, _MESSAGE) for name, action in MESSAGE_ACTIONS.items() if action.command in names]
    commands += [_context_menu(name, _USER) for name, command in USER_COMMANDS.items() if command in names]
    return [*commands, _compose_command(specs), _replies_command()]


def hash_commands(commands: Sequence[Json]) -> str:
    """Return a hash of the payload of `build_commands`."""
    return hashlib.sha256(json.dumps(commands, sort_keys=True).encode()).hexdigest()


def has_modal(spec: CommandSpec) -> bool:
    """Whether a command is offered as a modal: it calls the API, needs a prompt and is not hidden."""
    return spec.prompt is not None and spec.kind is not None and not (spec.hidden or spec.needs_no_form)


def autocomplete(
    specs: Sequence[CommandSpec],
    spec: CommandSpec,
    option: Option,
    others: Mapping[str, str],
    typed: str,
    known: Sequence[str] = (),
) -> list[str]:
    """Return the choices for an option that is being typed, best match first.

    `others`: options filled in already. `known`: values of an option with `is_completed`.
    """
    values = known if option.is_completed else option.choices or option.suggestions
    if _is_any_model(spec, option):  # any model, or those of the kind that is chosen already
        kind = others.get("kind")
        models = [o.choices for s in specs for o in s.options if o.models and kind in (None, "", o.models)]
        values = (*dict.fromkeys(name for names in models for name in names), "default")
    typed = typed.strip().lower()
    matches = [value for value in values if typed in value.lower()]
    return sorted(matches, key=lambda value: not value.lower().startswith(typed))[:_MAX_CHOICES]


def context_menu_name(name: str) -> str:
    """Return the registered name of a context menu command."""
    return translate(MENU_KEYS[name])


def reads_files(spec: CommandSpec) -> bool:
    """Return whether a command reads files that are attached to it."""
    return spec.kind in READS_FILES and not spec.requires


def _slash_command(spec: CommandSpec) -> Json:
    ordered = sorted(spec.options, key=lambda option: not option.required)  # Discord wants the required ones first
    options = [_option(spec, option) for option in ordered]
    if reads_files(spec):
        options.append({"type": _TYPES["file"], **_own_option(FILE), "required": False})
    if spec.kind in MAKES_FILES:
        options.append({"type": _BOOLEAN, **_own_option(SPOILER), "required": False})
    return {
        "type": _SLASH,
        "name": spec.name,
        "name_localizations": _localised(f"command.{spec.name}.label"),
        **_described(describe_command(spec), f"command.{spec.name}.description"),
        "options": options,
        **_availability(),
    }


def _option(spec: CommandSpec, option: Option) -> Json:
    payload: Json = {
        "type": _TYPES[option.kind],
        "name": option.name,
        "name_localizations": _localised(f"option.label.{option.name}"),
        **_described(describe_option(spec, option), f"command.{spec.name}.option.{option.name}"),
        "required": option.required,
    }
    is_typed = option.models or option.suggestions or option.is_completed or len(option.choices) > _MAX_CHOICES
    if is_typed or _is_any_model(spec, option):
        payload["autocomplete"] = True
    elif option.choices:
        payload["choices"] = [_choice(choice) for choice in option.choices]
    if option.kind in ("integer", "number"):
        cast = int if option.kind == "integer" else float
        payload |= {"min_value": cast(option.minimum)} if option.minimum is not None else {}
        payload |= {"max_value": cast(option.maximum)} if option.maximum is not None else {}
    if option.kind == "channel":
        payload["channel_types"] = list(CHANNEL_TYPES)
    if option.is_prompt:
        payload["max_length"] = _MAX_PROMPT
    return payload


def _own_option(name: str) -> Json:
    """An option that only Discord has."""
    key = f"discord.option.{name}"
    return {
        "name": name,
        "name_localizations": _localised(f"discord.label.{name}"),
        **_described(translate(key), key),
    }


def _choice(value: str) -> Json:
    return {"name": value, "name_localizations": _localised(f"choice.label.{value}"), "value": value}


def _is_any_model(spec: CommandSpec, option: Option) -> bool:
    return (spec.name, option.name) == ("model", "name")


def _context_menu(name: str, kind: int) -> Json:
    names = {"name": context_menu_name(name), "name_localizations": _localised(MENU_KEYS[name])}
    return {"type": kind, **names, **_availability()}


def _compose_command(specs: Sequence[CommandSpec]) -> Json:
    choices = [
        {"name": spec.name, "name_localizations": _localised(f"command.{spec.name}.label"), "value": spec.name}
        for spec in specs
        if has_modal(spec)
    ]
    option = {
        "type": 3,
        "name": "command",
        "name_localizations": _localised("option.label.command"),
        **_described(translate("discord.option.command"), "discord.option.command"),
        "required": True,
    }
    return {
        "type": _SLASH,
        "name": COMPOSE,
        "name_localizations": _localised("discord.name.compose"),
        **_described(translate("discord.compose"), "discord.compose"),
        "options": [{**option, "choices": choices}],
        **_availability(),
    }


def _replies_command() -> Json:
    choices = [
        {
            "name": translate(f"discord.mode.{mode}"),
            "name_localizations": _localised(f"discord.mode.{mode}"),
            "value": mode,
        }
        for mode in REPLY_MODES
    ]
    option = {"type": 3, **_own_option("mode"), "required": False, "choices": choices}
    return {
        "type": _SLASH,
        "name": REPLIES,
        "name_localizations": _localised("discord.name.replies"),
        **_described(translate("discord.replies"), "discord.replies"),
        "options": [option],
        "default_member_permissions": _MANAGE_CHANNELS,
        "contexts": [_GUILD],
        "integration_types": [0],
    }


def _availability() -> Json:
    """Servers, direct messages and group chats, whether a server or a person installed the application."""
    return {"contexts": [_GUILD, _DIRECT, _PRIVATE], "integration_types": [0, 1]}


def _described(text: str, key: str) -> Json:
    return {"description": text[:_MAX_DESCRIPTION], "description_localizations": _localised(key)}


def _localised(key: str) -> dict[str, str]:
    return {LOCALES[language]: text[:_MAX_DESCRIPTION] for language, text in translations(key).items()}
