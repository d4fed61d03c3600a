"""The commands that this installation offers, with the models and sizes of its settings.

Those that are disabled, and those for what the API lacks, are left out.
"""

from collections.abc import Collection
from dataclasses import replace
from functools import partial

from bot.commands._base import Command, Context, Parts, Registry, load_commands
from bot.errors import SettingsError, UsageError
from bot.i18n import join_list, operator_locale, operator_text
from bot.models import KINDS, Kind, Lane, Option
from bot.settings.core import Settings
from bot.settings.media_sizes import find_unknown_models, sizes_of
from bot.settings.prices import parse_prices


def load_offered(settings: Settings, lacking: Collection[Kind] = ()) -> Registry:
    """Load the commands as the settings say. `lacking`: the kinds of content that the API does not make.

    Raises `SettingsError` for a name in the settings that there is not.
    """
    registry = load_commands({kind: settings.models(kind) for kind in KINDS})
    specs = {spec.name: spec for spec in registry.specs}
    allowed = [name for name in specs if name != "chat"]
    for name in settings.bot_disabled_commands:
        if name not in allowed:
            names = join_list(allowed, operator_locale())
            raise SettingsError(operator_text("setting.not_disabled", name=repr(name), names=names))
    _check_models(settings)
    disabled = {*settings.bot_disabled_commands, *(name for name in allowed if specs[name].kind in lacking)}
    disabled |= {name for name in allowed if not disabled.isdisjoint(specs[name].requires)}
    missing = {specs[name].kind for name in disabled} - {None}
    kinds = tuple(kind for kind in KINDS if kind not in missing)

    def fit(option: Option) -> Option:
        if option.choices == KINDS:
            return replace(option, choices=kinds)
        if option.sizes is None:
            return option
        of_models = [
            sizes_of(settings, option.sizes, model) or option.choices for model in settings.models(option.sizes)
        ]
        sizes = tuple(dict.fromkeys(size for each in of_models for size in each))
        default = option.default if option.default in of_models[0] else of_models[0][0]
        return replace(option, choices=sizes, default=default)

    def offer(command: Command) -> Command:
        fitted = command.with_options(fit)
        if command.spec.name not in disabled:
            return fitted
        # Not unknown: what still asks for it, such as a button of an earlier answer, gets a sentence.
        spec = replace(fitted.spec, aliases=(), hidden=True, private=True, kind=None, lane=Lane.FREE)
        return Command(spec, partial(_refuse, name=spec.name))

    return Registry(offer(command) for command in registry)


def _check_models(settings: Settings) -> None:
    """Raises `SettingsError` for sizes, a price or a fallback that is no model which people can choose."""
    for kind in KINDS:
        for model in settings.fallbacks(kind):
            if model not in settings.models(kind):
                values = {"model": repr(model), "kind": kind.upper()}
                raise SettingsError(operator_text("setting.fallback_of_no_model", **values))
    for model in find_unknown_models(settings):
        raise SettingsError(operator_text("setting.sizes_of_no_model", model=repr(model)))
    models = {settings.bot_transcription_model, *(model for kind in KINDS for model in settings.models(kind))}
    for model in parse_prices(settings.bot_prices).keys() - models:
        raise SettingsError(operator_text("setting.price_of_no_model", model=repr(model)))


async def _refuse(ctx: Context, *, name: str) -> Parts:
    raise UsageError(ctx.translate("usage.disabled", command=name))
    yield  # makes it a generator, as commands are
