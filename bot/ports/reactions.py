"""Reactions on the messages of people. A part of the seam in `adapter.py`."""

from collections.abc import Mapping
from typing import Protocol


class Reacting(Protocol):
    """Reactions on the messages of people."""

    async def react(self, reply_to: Mapping[str, str]) -> None:
        """Put 👀 on the message of a request, where it has one. Safe to repeat. Raises `DeliveryError`."""


class NoReactions:
    """The reactions of a platform that has none."""

    async def react(self, reply_to: Mapping[str, str]) -> None:
        """Do nothing."""
