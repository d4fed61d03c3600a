"""Translated sentences of the service: for people, for its operator, and names and descriptions of its commands."""

from bot.i18n.catalogues import (
    FALLBACK,
    LANGUAGES,
    catalogue,
    catalogue_of,
    join_list,
    language_of,
    packages,
    register_catalogue,
    translate,
)
from bot.i18n.commands import (
    choice_label,
    command_label,
    describe_command,
    describe_example,
    describe_option,
    describe_setting,
    kind_label,
    option_label,
    translations,
)
from bot.i18n.operator import choose_language, is_known, locale_of, operator_locale, operator_text

__all__ = [
    "FALLBACK",
    "LANGUAGES",
    "catalogue",
    "catalogue_of",
    "choice_label",
    "choose_language",
    "command_label",
    "describe_command",
    "describe_example",
    "describe_option",
    "describe_setting",
    "is_known",
    "join_list",
    "kind_label",
    "language_of",
    "locale_of",
    "operator_locale",
    "operator_text",
    "option_label",
    "packages",
    "register_catalogue",
    "translate",
    "translations",
]
