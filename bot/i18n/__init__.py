"""Translated sentences of the service."""

from bot.i18n.catalogues import FALLBACK, LANGUAGES, catalogue, join_list, language_of, translate

__all__ = ["FALLBACK", "LANGUAGES", "catalogue", "join_list", "language_of", "translate"]
