"""Secrets that people type into messages, which others can read. Pure."""

import re
from collections.abc import Mapping, Sequence

from bot.i18n import translate
from bot.models import CommandSpec


def exposes_secret(spec: CommandSpec, prompt: str, options: Mapping[str, str], rejection: str) -> bool:
    """Return whether what was typed after the name of a command may be its secret: all but a choice may."""
    if not spec.secrets:
        return False
    free = {option.name for option in spec.options if option.kind == "text"}
    return bool(rejection or prompt or free & options.keys())


def refuse_secret(spec: CommandSpec, locale: str, prefix: str) -> str:
    """Return the sentence that says what to do with a secret that was typed."""
    return translate("usage.secret", locale, command=prefix + spec.name)


def hide_secret(text: str, specs: Sequence[CommandSpec]) -> str:
    """Return the text of another message that a request quotes; of one that may have a secret in it only a mark."""
    return "(…)" if names_secret_command(text, specs) else text


def names_secret_command(text: str, specs: Sequence[CommandSpec]) -> bool:
    """Return whether a message is, or was meant as, a command that takes a secret."""
    names = [re.escape(name) for spec in specs if spec.secrets for name in (spec.name, *spec.aliases)]
    return bool(names) and re.match(rf"\W*(?:{'|'.join(names)})", text, re.IGNORECASE) is not None
