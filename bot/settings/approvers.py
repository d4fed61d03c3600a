"""The words of a list of approvers."""

import re
from collections.abc import Iterable
from typing import Literal

from bot.i18n import operator_text

#: Somebody who may grant requests.
APPROVER = r"(person|role):\S+"


def validate_approvers(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words. Raises `ValueError` where one is not an approver."""
    for word in words:
        if not re.fullmatch(APPROVER, word):
            raise ValueError(operator_text("setting.approver", value=repr(word)))
    return words


def listed_approvers(words: Iterable[str], kind: Literal["person", "role"]) -> frozenset[str]:
    """Return the ids of the people, or of the roles, in a list of approvers."""
    found = (word.partition(":") for word in words)
    return frozenset(name for prefix, _, name in found if prefix == kind)
