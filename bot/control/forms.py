"""Forms for settings and rules, for every platform: their fields, what is wrong with values, completions. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from bot.commandline.choices import is_switch
from bot.control.changes import read_target, read_until
from bot.control.scoped_setting import ScopedSetting
from bot.errors import UsageError
from bot.i18n import describe_option
from bot.models import Action, CommandSpec, Option

#: The options of the command `settings`.
NAME, VALUE, FOR = "name", "value", "for"
#: An option of the command `access`.
UNTIL = "until"


def form_options(
    registry: Mapping[str, ScopedSetting], spec: CommandSpec | None, names: Collection[str], *, locale: str
) -> Sequence[Option]:
    """Return the options that a form asks for by name: those of the command, and the values of settings.

    Descriptions are in the person's language.
    """
    found = []
    for name in names:
        option = spec.option(name) if spec is not None else None
        if spec is not None and option is not None:
            choices = tuple(registry) if option.is_completed and name == NAME else option.choices
            kind = "choice" if choices else option.kind
            description = describe_option(spec, option, locale)
            default = option.default if is_switch(option.choices) else ""
            found.append(replace(option, kind=kind, choices=choices, description=description, default=default))
        elif (setting := registry.get(name)) is not None:
            found.append(_field(setting, locale))
    return found


def _field(setting: ScopedSetting, locale: str) -> Option:
    """Return a setting as an option without a default; words whose order means nothing are chosen from a list."""
    option = replace(setting.option, description=setting.describe(locale), default="")
    if setting.words and setting.fallback_of is None:
        return replace(option, kind="choice", choices=setting.words, is_list=True)
    return option


def fill_in(options: Sequence[Option], action: Action | None) -> Sequence[Option]:
    """Return the options with the values of the button that their form belongs to as defaults, where it shows them."""
    if action is None or not action.shows_values:
        return options
    return [
        replace(option, default=action.prompt if option.is_prompt else action.options.get(option.name, option.default))
        for option in options
    ]


def completions(registry: Mapping[str, ScopedSetting], option: str, given: Mapping[str, str]) -> Sequence[str]:
    """Return what can be typed for an option of the command `settings`: names, or a name and its values."""
    if option == NAME:
        return tuple(registry)
    named = registry.get(given.get(NAME, ""))
    if named is not None:
        return _values(named)
    setting = registry.get(given.get(VALUE, "").partition(" ")[0])
    if setting is None:
        return tuple(registry)
    return tuple(f"{setting.name} {value}" for value in _values(setting)) or (setting.name,)


def problems(
    registry: Mapping[str, ScopedSetting],
    specs: Sequence[CommandSpec],
    spec: CommandSpec,
    values: Mapping[str, str],
    *,
    locale: str,
) -> Mapping[str, str]:
    """Return what is wrong with the values of a form, by field, in sentences: settings, and access rules."""
    found = {}
    for name, value in values.items():
        option = spec.option(name)
        try:
            if option is not None and option.suggests_commands and value:
                read_target(value, specs, locale)
            elif option is not None and name == UNTIL:
                read_until(value, locale)
            elif option is not None and name == VALUE and value:
                found[name] = _problem(registry.get(values.get(NAME, "")), value, locale)
            elif option is None and value:
                found[name] = _problem(registry.get(name), value, locale)
        except UsageError as exc:
            found[name] = str(exc)
    return {name: problem for name, problem in found.items() if problem}


def _problem(setting: ScopedSetting | None, value: str, locale: str) -> str:
    """Return what is wrong with the value of a setting; whether a channel can be used is asked later."""
    if setting is None or setting.is_place:
        return ""
    return setting.error(setting.normalize(value), locale)


def _values(setting: ScopedSetting) -> Sequence[str]:
    return setting.option.choices or setting.words
