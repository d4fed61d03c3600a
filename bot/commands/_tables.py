"""Tables in Markdown and as files, shared by the commands that answer with one."""

from collections.abc import Iterable, Sequence

#: Longest value in a cell.
LONGEST = 40


def table_row(cells: Sequence[str]) -> str:
    """Return one row of a table."""
    return f"| {' | '.join(cells)} |"


def table_code(text: str, *, longest: int = LONGEST) -> str:
    """Return a text as code that fits a cell, cut to `longest` characters; a dash for none."""
    shown = " ".join(text.replace("|", "¦").replace("`", "'").split())
    return f"`{shown if len(shown) <= longest else shown[: longest - 1] + '…'}`" if shown else "–"


def csv_text(records: Iterable[Sequence[str]]) -> str:
    """Return rows as a CSV file for a spreadsheet (RFC 4180)."""
    return "".join(",".join(map(_csv_field, record)) + "\r\n" for record in records)


def _csv_field(text: str) -> str:
    """Quote a field of a CSV file. A formula is prefixed, so that a spreadsheet shows it as text (OWASP)."""
    safe = f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
    return '"' + safe.replace('"', '""') + '"'
