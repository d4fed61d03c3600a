"""File names from prompts."""

import unicodedata

import pytest

from bot.commands._media import file_title
from bot.media.names import safe_stem


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("a red fox. In snow!", "a-red-fox-In-snow"),
        (
            "一隻紅色的狐狸\uff0c在雪中",
            "一隻紅色的狐狸-在雪中",
        ),
        ("cafe\u0301", "caf\u00e9"),
        ("\u0932\u094b\u092e\u0921\u093c\u0940", "\u0932\u094b\u092e\u0921\u093c\u0940"),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u062e\u0648\u0627\u0647\u0645"),
        ("../etc/pass\u202ewd\0", "etc-pass-wd"),
        ("con", "con-"),
        ("\U0001f98a", "image"),
        ("", "image"),
    ],
)
def test_a_name_comes_from_the_prompt(prompt: str, name: str) -> None:
    """In any script, in NFC; without signs, control characters and separators."""
    stem = safe_stem(file_title(prompt, "image"))
    assert stem == unicodedata.normalize("NFC", name)


def test_a_name_is_bounded() -> None:
    """In characters and in bytes, with room for a number."""
    for char in ("x", "\u72d0", "\U00020000"):
        stem = safe_stem(f"{file_title(char * 1000, 'image')} 12")
        assert stem.endswith("-12")
        assert len(stem.encode()) <= 200
    assert len(safe_stem("\U00020000" * 1000).encode()) <= 200
