from hypothesis import given
from hypothesis import strategies as st

from adapters.console.table import align_tables

LINE = st.text(st.sampled_from("|-: `~ab表\\"), max_size=12)


def test_columns_are_in_line() -> None:
    """Cells are padded to the width a terminal shows, numbers to the right where the table says so."""
    assert align_tables("Use:\n\n| 日期 | n |\n|---|--:|\n| 2026-11-22 | 1,000 |\n\nDone | so.") == (
        "Use:\n\n| 日期       |     n |\n| ---------- | ----: |\n| 2026-11-22 | 1,000 |\n\nDone | so."
    )


def test_tables_inside_fences_stay() -> None:
    """Code is never touched, whatever it looks like."""
    code = "```md\n| a | b |\n|---|---|\n| long cell | c |\n```"
    assert align_tables(code) == code


@given(st.lists(LINE, max_size=8).map("\n".join))
def test_nothing_is_lost(text: str) -> None:
    """Only white space, bars and rules are added, to any text."""

    def content(text: str) -> str:
        return "".join(c for c in text if c not in " |-")

    assert content(align_tables(text)) == content(text)
    assert align_tables(align_tables(text)) == align_tables(text)
