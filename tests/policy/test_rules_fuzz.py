"""The rules of the settings, on any text."""

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import SettingsError
from bot.policy.rules import command_lists

WORDS = st.text(max_size=12) | st.from_regex(r"[a-z]{1,5}!?=(person|role|channel|workspace|x):[A-Z0-9]{0,4}")


@given(st.lists(WORDS, max_size=4))
@settings(max_examples=150, deadline=None)
def test_any_rule_is_taken_or_named(rules: list[str]) -> None:
    """A wrong one is an error of the settings that shows it."""
    with contextlib.suppress(SettingsError):
        command_lists(rules, ())
