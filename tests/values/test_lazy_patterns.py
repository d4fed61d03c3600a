"""Patterns that are compiled when they are first used."""

import re

import pytest

from bot.values.patterns import LazyPattern


def test_a_pattern_is_compiled_when_it_is_first_used_and_reads_as_one_of_re_does() -> None:
    """One that is wrong is refused then, not before; flags count."""
    wrong = LazyPattern("(")
    with pytest.raises(re.error):
        wrong.search("(")

    lazy, pattern, text = LazyPattern("(a)b", re.IGNORECASE), re.compile("(a)b", re.IGNORECASE), "AB ab x"
    assert [lazy.match(text, 3)[1], lazy.search(text)[0], lazy.fullmatch(text)] == ["a", "AB", None]  # type: ignore[index]
    assert [found.span() for found in lazy.finditer(text)] == [found.span() for found in pattern.finditer(text)]
    assert lazy.findall(text) == pattern.findall(text)
    assert lazy.split(text) == pattern.split(text)
    assert lazy.sub(r"\1", text) == pattern.sub(r"\1", text)
