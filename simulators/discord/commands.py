"""Discord's rules for the commands of an application."""

import re
from collections import Counter
from collections.abc import Mapping

from simulators.discord.errors import Form
from simulators.discord.values import Json

NAME = re.compile(r"[-_'\w]{1,32}")
LOCALES = frozenset(
    "id da de en-GB en-US es-ES es-419 fr hr it lt hu nl no pl pt-BR "  # noqa: SIM905
    "ro fi sv-SE vi tr cs el bg ru uk hi th zh-CN ja zh-TW ko".split()
)
SLASH, MOST = 1, {1: 100, 2: 15, 3: 15}
_TAKES_CHOICES = (3, 4, 10)
#: Types of options in which something is picked: what of.
PICKED: Mapping[int, tuple[str, ...]] = {6: ("users",), 7: ("channels",), 8: ("roles",), 9: ("users", "roles")}
#: Users, members, roles and channels, each by id.
Places = Mapping[str, Mapping[str, Json]]


def check(commands: list[Json]) -> None:
    """Check a set of commands. Raises `Refused`."""
    form = Form()
    for kind, count in Counter(command.get("type", SLASH) for command in commands).items():
        if count > MOST[kind]:
            form.wrong("commands", "BASE_TYPE_MAX_LENGTH", f"Must be {MOST[kind]} or fewer in length.")
    names = [(command.get("type", SLASH), command["name"]) for command in commands]
    for number, command in enumerate(commands):
        if names.index(names[number]) < number:
            text = "Application command names must be unique"
            form.wrong(f"{number}.name", "APPLICATION_COMMANDS_DUPLICATE_NAME", text)
        if command.get("type", SLASH) == SLASH:
            _named(form, command, f"{number}")
            _options(form, command.get("options", []), f"{number}")
            if _size(command) > 8000:
                form.wrong(f"{number}", "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)")
        else:
            form.length(f"{number}.name", command["name"], 1, 32)
            if command.get("description"):
                text = "Context menu commands cannot have description"
                form.wrong(f"{number}.description", "APPLICATION_COMMAND_INVALID_DESCRIPTION", text)
    form.refuse()


def fill_in(data: Json, commands: list[Json], places: Places) -> Json:
    """Return the data of a slash command with the types of its registered options, and of what is picked in them."""
    registered = next((one for one in commands if one["name"] == data["name"]), {})
    types = {option["name"]: option for option in registered.get("options", ())}
    options, resolved = [], data.get("resolved", {})
    for option in data.get("options", ()):
        known = types.get(option["name"], option)
        is_picked = known["type"] in PICKED
        if is_picked:
            resolved = resolve(resolved, [option["value"]], known, PICKED[known["type"]], places)
        options.append({**option, "type": known["type"]} if is_picked else option)
    return {**data, "options": options, **({"resolved": resolved} if resolved else {})}


def find_id(text: str, kinds: tuple[str, ...], places: Places) -> str:
    """Return the id of what people pick by its name, or by its id. Raises `LookupError`."""
    for number, one in ((number, one) for kind in kinds for number, one in places[kind].items()):
        if text in (number, one.get("username"), one.get("global_name"), one.get("name")):
            return number
    raise LookupError(f"{text!r} can't be picked")


def resolve(resolved: Json, ids: list[str], field: Json, kinds: tuple[str, ...], places: Places) -> Json:
    """Return `resolved` with the objects that are picked in a field, which sends their ids alone.

    https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-resolved-data-structure
    Raises `LookupError` for what the field does not offer.
    """
    found: dict[str, Json] = {kind: dict(objects) for kind, objects in resolved.items()}
    for number in ids:
        kind = next((kind for kind in kinds if number in places[kind]), "")
        if not kind or places[kind][number].get("type") not in field.get(
            "channel_types", [places[kind][number].get("type")]
        ):
            raise LookupError(f"{number!r} can't be picked as {field.get('name') or field.get('custom_id')}")
        found.setdefault(kind, {})[number] = places[kind][number]
        if kind == "users" and number in places["members"]:
            found.setdefault("members", {})[number] = places["members"][number]
    return found


def _named(form: Form, one: Json, at: str) -> None:
    for locale, name in [("", one.get("name", "")), *(one.get("name_localizations") or {}).items()]:
        field = f"{at}.name_localizations.{locale}" if locale else f"{at}.name"
        if locale and locale not in LOCALES:
            form.wrong(field, "BASE_TYPE_CHOICES", "Value must be a known locale.")
        if not NAME.fullmatch(name) or name != name.lower():
            form.wrong(field, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    for locale, text in [("", one.get("description", "")), *(one.get("description_localizations") or {}).items()]:
        form.length(f"{at}.description_localizations.{locale}" if locale else f"{at}.description", text, 1, 100)


def _options(form: Form, options: list[Json], at: str) -> None:
    form.length(f"{at}.options", options, 0, 25)
    is_optional = False
    for number, option in enumerate(options):
        where = f"{at}.options.{number}"
        _named(form, option, where)
        if option["name"] in {one["name"] for one in options[:number]}:
            text = "Option name must be unique"
            form.wrong(f"{where}.name", "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", text)
        if option.get("required") and is_optional:
            text = "Required options must be placed before non-required options"
            form.wrong(where, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", text)
        is_optional = not option.get("required")
        choices = option.get("choices", [])
        form.length(f"{where}.choices", choices, 0, 25)
        if choices and (option.get("autocomplete") or option["type"] not in _TAKES_CHOICES):
            form.wrong(where, "APPLICATION_COMMAND_OPTIONS_CHOICES_INVALID", "Choices are not taken here")
        for index, choice in enumerate(choices):
            form.length(f"{where}.choices.{index}.name", choice["name"], 1, 100)
            form.length(f"{where}.choices.{index}.value", str(choice["value"]), 1, 100)


def _size(one: Json) -> int:
    """Characters of a command: the longest of each text's languages counts."""
    size = sum(
        max(len(text) for text in (one.get(name, ""), *(one.get(f"{name}_localizations") or {}).values()))
        for name in ("name", "description")
    )
    inner = (*one.get("options", ()), *one.get("choices", ()))
    return size + len(str(one.get("value", ""))) + sum(map(_size, inner))
