"""CSV files for spreadsheets."""

from collections.abc import Iterable, Sequence


def csv_text(records: Iterable[Sequence[str]]) -> str:
    """Return rows as a CSV file for a spreadsheet (RFC 4180)."""
    return "".join(",".join(map(_csv_field, record)) + "\r\n" for record in records)


def _csv_field(text: str) -> str:
    """Quote a field of a CSV file. A formula is prefixed, so that a spreadsheet shows it as text (OWASP)."""
    safe = f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
    return '"' + safe.replace('"', '""') + '"'
