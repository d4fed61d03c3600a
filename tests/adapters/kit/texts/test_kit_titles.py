import re

from hypothesis import given
from hypothesis import strategies as st

from adapters.kit.texts.titles import quote, shorten, title_of

MARKS = re.compile(r"(?<!\w)[`*_~>]+(?=\S)|(?<=\S)[`*_~]+(?!\w)")


def test_a_text_that_is_too_long_ends_with_an_ellipsis() -> None:
    assert shorten("abc", 3) == "abc"
    assert shorten("abcd", 3) == "ab…"
    assert shorten("ab cd", 4) == "ab…"


@given(st.text(), st.integers(min_value=1, max_value=100))
def test_nothing_is_longer_than_its_limit(text: str, limit: int) -> None:
    assert len(shorten(text, limit)) <= limit
    assert len(title_of(text, limit, marks=MARKS)) <= limit


def test_titles_are_one_line_of_words() -> None:
    """A title has neither line ends nor Markdown nor code, where there are words besides."""
    assert title_of("**Why**  is\n\nthe `sky` blue?", 60, marks=MARKS) == "Why is the sky blue?"
    assert title_of("Explain:\n```python\nx = 1\n```", 60, marks=MARKS) == "Explain:"
    assert title_of("```\nx = 1\n```", 60, marks=MARKS) == "x = 1"


def test_long_titles_are_cut_between_words() -> None:
    assert title_of("one two three", 10, marks=MARKS) == "one two…"
    assert title_of("a" * 20, 10, marks=MARKS) == f"{'a' * 9}…"
    assert title_of("春眠不覺曉處處聞啼鳥", 8, marks=MARKS) == "春眠不覺曉處處…"


def test_a_title_without_words_is_the_fallback() -> None:
    assert title_of("  ", 10, marks=MARKS, fallback="chat") == "chat"


def test_every_line_of_a_quotation_is_marked() -> None:
    assert quote("a\nb", author="Ada") == "> Ada: a\n> b"
    assert quote("a") == "> a"
    assert quote("", author="Ada") == ""
