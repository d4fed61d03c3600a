"""The API's own words are shown without what could harm: links, mentions, markup, keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.calls.api_sentences import clean_sentence


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("`duration` may be at most 30.", r"\`duration\` may be at most 30."),
        ("One. Two! Three?", "One. Two!"),
        ("參數錯誤。請修改。第三句。", "參數錯誤。 請修改。"),
        ("See https://evil.example/x?key=1 now", "See (…) now"),
        ("See evil.example/login now", "See `evil.example/login` now"),
        ("messages.0.content: Field required", "`messages.0.content`: Field required"),
        ("Hey @everyone, <!channel> and <@U12345>", "Hey everyone, channel and U12345"),
        ("[click](javascript:x) **b**", r"\[click\](javascript:x) \*\*b\*\*"),
        ("Wrong key sk-proj-abc123def456 of ops@corp.example", "Wrong key (…) of (…)"),
        ("api_key=hunter2 Bearer abc.def is bad", "(…) (…) is bad"),
        ("got 4f9d8a7b6c5e4f3d2a1b0c9d8e7f6a5b as token", "got (…) as token"),
        ("a\u202eb\u200bc\x00d", "abc d"),
        ("x" * 300, "x" * 239 + "…"),
        ("{}", ""),
        ("https://evil.example", ""),
    ],
)
def test_a_sentence_is_cleaned(text: str, shown: str) -> None:
    """At most two sentences; what is hidden is marked."""
    assert clean_sentence(text) == shown


@given(st.text(st.sampled_from("@<>!#&`*_[]()|~\\ .aeveryone:/h\u202e\n"), max_size=60))
def test_nothing_becomes_markup(text: str) -> None:
    """Whatever the API sends: no mention, no link, no unescaped mark."""
    shown = clean_sentence(text)
    assert "@everyone" not in shown
    assert "://" not in shown
    bare = shown.replace("\\\\", "").replace("\\<", "").replace("\\`", "").replace("\\[", "")
    assert not any(mark in bare for mark in ("<", "["))
    assert bare.count("`") % 2 == 0
