"""Tables in Markdown, shared by the commands that answer with one."""

from collections.abc import Sequence

#: Longest value in a cell.
LONGEST = 40


def table_row(cells: Sequence[str]) -> str:
    """Return one row of a table."""
    return f"| {' | '.join(cells)} |"


def table_code(text: str, *, longest: int = LONGEST) -> str:
    """Return a text as code that fits a cell, cut to `longest` characters; a dash for none."""
    shown = " ".join(text.replace("|", "¦").replace("`", "'").split())
    return f"`{shown if len(shown) <= longest else shown[: longest - 1] + '…'}`" if shown else "–"
