"""Translated sentences of the service, and names and descriptions of its commands."""

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
    command_label,
    describe_command,
    describe_option,
    kind_label,
    option_label,
    translations,
)

__all__ = [
    "FALLBACK",
    "LANGUAGES",
    "catalogue",
    "catalogue_of",
    "command_label",
    "describe_command",
    "describe_option",
    "join_list",
    "kind_label",
    "language_of",
    "option_label",
    "packages",
    "register_catalogue",
    "translate",
    "translations",
]
