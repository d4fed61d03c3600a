"""Roles of a process: the parts of the service that it runs, where several processes share one database."""

from enum import StrEnum

from bot.i18n import operator_text


class Role(StrEnum):
    """A part of the service."""

    RECEIVE = "receive"  #: takes on what platforms send, and answers what can't wait
    WORK = "work"  #: calls the AI API and posts the answers
    WEB = "web"  #: serves the cockpit and links to files


ALL_ROLES: tuple[str, ...] = tuple(Role)


def validate_roles(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the roles in their order. Raises `ValueError` for a word that is none."""
    words = tuple(word.lower() for word in words)
    if not words or not set(words) <= set(Role):
        raise ValueError(operator_text("setting.roles", roles=", ".join(Role)))
    return tuple(role for role in ALL_ROLES if role in words)


def parse_roles(text: str) -> tuple[str, ...]:
    """Return the roles of a list separated by commas. Raises `ValueError`."""
    return validate_roles(tuple(word.strip() for word in text.split(",") if word.strip()))
