"""Splitting Markdown into messages, and estimating tokens."""

import re
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.markdown.split import estimate_tokens, split

LINE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="`~|#>\r\n"), max_size=60)
PARAGRAPH = st.lists(LINE.filter(str.strip), min_size=1, max_size=4).map("\n".join)
FENCE = st.tuples(st.sampled_from(["python", "", "c++"]), st.lists(LINE, max_size=8)).map(
    lambda pair: f"```{pair[0]}\n" + "".join(f"{line}\n" for line in pair[1]) + "```"
)
TABLE = st.lists(st.tuples(LINE, LINE), max_size=8).map(
    lambda rows: "| a | b |\n|---|---|" + "".join(f"\n| {a} | {b} |" for a, b in rows)
)
MARKDOWN = st.lists(st.one_of(PARAGRAPH, FENCE, TABLE, LINE.map("## {}".format)), max_size=8).map("\n\n".join)


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def visible(text: str) -> str:
    """Return the content without white space, fences and table headers."""
    lines = [line for line in text.split("\n") if not re.match(r"```|\| a \| b \||\|---", line)]
    return re.sub(r"\s", "", "".join(lines))


@settings(deadline=None)
@given(MARKDOWN, st.integers(30, 200))
@example("0\n\n## 0000000\n\n| a | b |\n|---|---|", 30)
def test_nothing_is_lost_or_moved_and_every_piece_fits(markdown: str, limit: int) -> None:
    """The pieces have the same content in the same order, within the limit and with closed fences."""
    pieces = split(markdown, limit, measure=utf16)
    assert "".join(visible(piece) for piece in pieces) == visible(markdown)
    assert all(utf16(piece) <= limit and piece.strip() for piece in pieces)
    assert all(len(re.findall(r"^```", piece, re.MULTILINE)) % 2 == 0 for piece in pieces)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300), st.integers(1, 50))
def test_any_text_fits_any_limit(text: str, limit: int) -> None:
    """No piece exceeds the limit, for any text and any limit."""
    assert all(len(piece) <= limit for piece in split(text, limit))


def test_text_that_fits_is_unchanged() -> None:
    """Markdown within the limit is one unchanged piece."""
    text = "# Title\n\nA paragraph\nof two lines.\n\n```py\nx = 1\n```\n\n- a\n- b"
    assert split(text, len(text)) == [text]
    assert split(" \n\n", 10) == []


def test_a_cut_fence_keeps_its_language() -> None:
    """A long fence is closed and opened again with its language, and cut between lines only."""
    code = "\n".join(f"value_{n} = {n}" for n in range(40))
    pieces = split(f"Look:\n\n```python\n{code}\n```\n\nDone.", 200)
    assert len(pieces) > 2
    assert pieces[0].startswith("Look:\n\n```python\nvalue_0 = 0")
    assert all(piece.startswith("```python\n") and piece.endswith("\n```") for piece in pieces[1:-1])
    assert pieces[-1].endswith("Done.")
    lines = [line for piece in pieces for line in piece.split("\n") if line.startswith("value")]
    assert "\n".join(lines) == code


def test_table_repeats_its_header() -> None:
    """Every piece of a long table begins with its header, and no row is cut."""
    rows = [f"| row {n} | {'x' * 20} |" for n in range(30)]
    pieces = split("\n".join(["| name | value |", "| --- | :-: |", *rows]), 300)
    assert len(pieces) > 2
    assert all(piece.startswith("| name | value |\n| --- | :-: |\n| row") for piece in pieces)
    assert [line for piece in pieces for line in piece.split("\n")[2:]] == rows


@pytest.mark.parametrize("bullet", ["- ", "1. ", "> "])
def test_lists_and_quotes_break_between_lines(bullet: str) -> None:
    """A list or a quote is cut between lines."""
    lines = [f"{bullet}item number {n} with words" for n in range(30)]
    pieces = split("\n".join(lines), 120)
    assert [line for piece in pieces for line in piece.split("\n")] == lines


def test_a_heading_stays_with_its_text() -> None:
    """A heading is never the last line of a piece."""
    pieces = split("First paragraph of text.\n\n## Next\n\n" + "word " * 8, 50)
    assert pieces == ["First paragraph of text.", "## Next\n\n" + ("word " * 8)]


def test_a_block_that_fits_alone_is_not_cut() -> None:
    """A fence that fits one piece moves to the next piece whole."""
    fence = "```\n" + "x\n" * 20 + "```"
    assert split("a" * 30 + "\n\n" + fence, 60) == ["a" * 30, fence]


def test_characters_are_never_cut() -> None:
    """Emoji sequences, flags, combining marks and jamo stay whole."""
    clusters = ["👨‍👩‍👧‍👦", "🇹🇼", "é̂", "👍🏽", "각", "नि"]
    pieces = split("".join(clusters) * 40, 16, measure=utf16)
    assert "".join(pieces) == "".join(clusters) * 40
    for piece in pieces:
        rest = piece
        while rest:
            cluster = next(c for c in clusters if rest.startswith(c))
            rest = rest.removeprefix(cluster)


def test_chinese_lines_do_not_begin_with_closing_punctuation() -> None:
    """A long Chinese paragraph is cut in front of a character, not of its full stop."""
    pieces = split("今天天氣很好，我們去公園。" * 50, 60)
    assert "".join(pieces) == "今天天氣很好，我們去公園。" * 50
    assert not any(piece[0] in "，。" for piece in pieces)
    assert all(len(a) > 50 for a, _ in pairwise(pieces))


def test_code_and_links_in_a_long_line_stay_whole() -> None:
    """A long line is cut between words, never within inline code, a link or a URL."""
    parts = [
        "`a b c d e f`",
        "[some long label](https://example.com/a)",
        "https://example.com/b?c=d",
        "plain_text",
        "word",
    ]
    pieces = split(" ".join(parts * 20), 70)
    assert all(any(piece.endswith(part) for part in parts) for piece in pieces)
    assert " ".join(pieces) == " ".join(parts * 20)


def test_an_open_fence_is_closed() -> None:
    """An unclosed fence does not swallow text that a platform adds below it."""
    assert split("```py\nx = 1\n", 100) == ["```py\nx = 1\n```"]


def test_the_limit_is_in_units_of_measure() -> None:
    """The limit is in units of `measure`."""
    assert all(len(piece.encode()) <= 50 for piece in split("中文" * 100, 50, measure=lambda t: len(t.encode())))


@pytest.mark.parametrize(
    "text", ["Some words in a paragraph.\n\n", "A line of text\n", "word "], ids=["paragraphs", "lines", "words"]
)
def test_splitting_measures_little(text: str) -> None:
    """`measure` is called a few times for each piece, not for the whole text."""
    measured = 0

    def measure(text: str) -> int:
        nonlocal measured
        measured += len(text)
        return len(text)

    markdown = (text * 40_000)[:40_000]
    assert 20 <= len(split(markdown, 2000, measure=measure)) <= 21
    assert measured < 6 * len(markdown)


def test_the_words_of_a_long_row_are_not_measured_one_by_one() -> None:
    """A table's header is measured with each part of a row, so that each word of its own would be slow."""
    measured: list[str] = []

    def measure(text: str) -> int:
        measured.append(text)
        return len(text)

    split("| a | b |\n|-|-|\n| " + " ".join(f"word{n}" for n in range(1000)) + " | x |", 500, measure=measure)
    assert len(measured) < 200


@pytest.mark.parametrize("lead", ["", "x" * 57])
def test_a_piece_is_as_full_as_it_can_be(lead: str) -> None:
    """One line more would not fit, however uneven the lines are."""
    lines = [lead, *(f"{n} {'y' * (n * n % 37)}" for n in range(300)), *"z" * 300]
    pieces = split("\n".join(filter(None, lines)), 100)
    assert "\n".join(pieces) == "\n".join(filter(None, lines))
    for piece, after in pairwise(pieces):
        assert len(piece) <= 100 < len(piece) + 1 + len(after.partition("\n")[0])


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("hello world!", 3), ("你好世界", 4), ("a", 1), ("안녕 ab", 3), ("你好 world", 4)]
)
def test_estimated_tokens(text: str, tokens: int) -> None:
    """A Chinese, Japanese or Korean character counts one token, four other characters one, rounded up."""
    assert estimate_tokens(text) == tokens
