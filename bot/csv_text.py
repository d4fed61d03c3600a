"""CSV files for spreadsheets."""

from collections.abc import Iterable, Sequence

#: What a spreadsheet takes for a formula where it begins a field (OWASP); also as East Asian keyboards write it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_text(records: Iterable[Sequence[str]]) -> str:
    """Return rows as a CSV file for a spreadsheet (RFC 4180)."""
    return "".join(",".join(map(_csv_field, record)) + "\r\n" for record in records)


def _csv_field(text: str) -> str:
    """Quote a field of a CSV file. A formula is prefixed, so that a spreadsheet shows it as text."""
    safe = f"'{text}" if text.startswith(_FORMULA) else text
    return '"' + safe.replace('"', '""') + '"'
