"""The language that a message is written in, as its characters tell."""

import pytest

from adapters.kit.written_languages import WrittenLanguages


@pytest.mark.parametrize(
    ("text", "language"),
    [
        *[("幫我畫一隻貓", "zh-Hant"), ("帮我画一只 cyberpunk 风格的猫", "zh-Hans"), ("图片：一只狐狸", "zh-Hans")],
        *[("hello", "en"), ("你好", "en"), ("東京タワー", "en"), ("漢字를 그려", "en"), ("café 🦊", "en")],
        *[("what does 謝謝 mean?", "en"), ("translate 今天天氣真好 into English", "en")],
    ],
)
def test_chinese_is_told_by_its_characters(text: str, language: str) -> None:
    """Those that only one of both has; Japanese and Korean are neither, nor is a quoted word."""
    assert WrittenLanguages().of(1, text, "en") == language


def test_a_language_is_known_until_a_sentence_in_another() -> None:
    """A command's name changes nothing; each person has their own; where Japanese is spoken nothing is guessed."""
    written = WrittenLanguages(2)
    said = [(1, "謝謝"), (1, "/image"), (2, "usage"), (1, "what is the weather today?"), (1, "/image"), (2, "谢谢")]
    assert [written.of(person, text, "en") for person, text in said] == [
        "zh-Hant",
        "zh-Hant",
        "en",
        "en",
        "en",
        "zh-Hans",
    ]
    assert written.of(2, "東京", "ja") == "ja"
    for person in (3, 4):
        written.of(person, "謝謝", "en")
    assert [written.of(person, "help", "en") for person in (2, 3, 4)] == ["en", "zh-Hant", "zh-Hant"]
