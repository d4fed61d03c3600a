"""The promises of every adapter: the laws of `bot.ports.Adapter` and `bot.ports.Draft`, one suite for all platforms.

A platform's test module subclasses `AdapterContract` once for each surface and names its `Harness`:

    class TestChannels(AdapterContract):
        harness_type = SlackChannel

A law that a platform can't keep names the features that it needs (`@needs("edits")`). The harness declares what it
lacks, and why, in `Harness.lacks`; the suite asserts that each declaration is true and used, and runs every other law.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import ClassVar

import pytest

from tests.contract.adapter.buttons import Buttons
from tests.contract.adapter.content import Content
from tests.contract.adapter.drafts import Drafts
from tests.contract.adapter.failures import Failures
from tests.contract.adapter.harness import FEATURES, Form, Harness, Said, Shown, Used, needs
from tests.contract.adapter.receiving import Receiving
from tests.contract.adapter.samples import COMMANDS, long_markdown, media, words
from tests.contract.adapter.threads import Threads

__all__ = [
    "COMMANDS",
    "AdapterContract",
    "Form",
    "Harness",
    "Said",
    "Shown",
    "Used",
    "long_markdown",
    "media",
    "needs",
    "words",
]

_LAWS = (Receiving, Threads, Buttons, Drafts, Content, Failures)


class AdapterContract(Receiving, Threads, Buttons, Drafts, Content, Failures):
    """All laws. A subclass keeps those whose features its harness does not lack."""

    harness_type: ClassVar[type[Harness]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for law in laws():
            if set(needed(law)) & set(cls.harness_type.lacks):
                setattr(cls, law, None)

    @pytest.fixture
    async def harness(self, tmp_path: Path) -> AsyncIterator[Harness]:
        async with self.harness_type.open(tmp_path) as harness:
            yield harness

    def test_what_is_lacking_is_declared(self) -> None:
        """Each feature that a platform lacks has a reason, is needed by a law, and its words are not implemented.

        The words of every other feature are.
        """
        kind, used = self.harness_type, {feature for law in laws() for feature in needed(law)}
        assert used == set(FEATURES)
        assert set(kind.lacks) <= used
        assert all(len(reason.split()) > 3 for reason in kind.lacks.values())
        for feature, names in FEATURES.items():
            for name in names:
                is_there = getattr(kind, name) is not getattr(Harness, name)
                assert is_there == (feature not in kind.lacks), f"{feature}: {name}"


def laws() -> list[str]:
    """The names of all laws."""
    return [name for group in _LAWS for name in vars(group) if name.startswith("test_")]


def needed(law: str) -> tuple[str, ...]:
    """The features that a law needs."""
    found: tuple[str, ...] = getattr(next(vars(group)[law] for group in _LAWS if law in vars(group)), "needs", ())
    return found
