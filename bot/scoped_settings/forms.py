"""Forms for settings and rules, for every platform: their fields, what is wrong with values, completions. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from bot.commandline.choices import is_switch
from bot.errors import UsageError
from bot.i18n import describe_option, translate
from bot.models import Action, CommandSpec, Event, Job, Option
from bot.ports import OWN_FIELDS
from bot.scoped_settings.changes import read_target, read_until
from bot.scoped_settings.setting import ScopedSetting

#: The options of the command `settings`.
NAME, VALUE, FOR = "name", "value", "for"
#: The button under a refused request that opens its form once more; where all is for the person alone, the second.
CORRECT, CORRECT_PRIVATELY = "correct", "correct-private"
#: Options of a press, which name its button; fields of its form can't be called so.
PRESSED = ("event", "action")
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
        return replace(option, kind="choices", choices=setting.words)
    return option


def correction(event: Event, spec: CommandSpec) -> tuple[Action, ...]:
    """Return the button that opens a form with what was typed; none under what was not typed into fields.

    The options that were given come first: forms have room for a few.
    """
    is_typed = not (event.is_message or event.is_press) and bool(event.prompt or event.options)
    if not is_typed or event.is_local or spec.secrets:
        return ()
    options = [option for option in spec.options if option.kind != "file" and option.name not in PRESSED]
    options.sort(key=lambda option: not (option.is_prompt or event.options.get(option.name)))
    if not options:
        return ()
    name = CORRECT_PRIVATELY if spec.is_private(event.options) else CORRECT
    label, fields = translate("action.correct", event.actor.locale), tuple(option.name for option in options)
    return (Action(name=name, label=label, command=spec.name, prompts_for=fields, shows_values=True),)


def is_correction(action: Action) -> bool:
    """Whether a button corrects a request; only its author may."""
    return action.name in (CORRECT, CORRECT_PRIVATELY)


def with_request(action: Action, event: Event) -> Action:
    """Return a button under the answer to a request; one that corrects it has what was asked for."""
    if not is_correction(action):
        return action
    return replace(action, prompt=event.prompt, options=event.options)


def button_options(
    registry: Mapping[str, ScopedSetting],
    spec: CommandSpec | None,
    names: Collection[str],
    job: Job | None,
    action: str,
    *,
    actor: str,
    locale: str,
) -> Sequence[Option]:
    """Return the options that the form of a button asks for; the defaults are the values that it begins with.

    `names`: of the options; `OWN_FIELDS`: all that the button asks for. `job`: the request under whose answer it is.
    `actor`: who pressed; nobody but its author reads what a request was refused for.
    """
    actions = job.answer.actions if job is not None and job.answer is not None else ()
    button = next((one for one in actions if one.name == action), None)
    if button is not None and job is not None and is_correction(button) and job.event.actor.id != actor:
        return ()
    if OWN_FIELDS in names:
        names = button.prompts_for if button is not None else ()
    options = form_options(registry, spec, names, locale=locale)
    if button is None or job is None or not button.shows_values:
        return options
    button = with_request(button, job.event)
    return [
        replace(option, default=button.prompt if option.is_prompt else button.options.get(option.name, option.default))
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
