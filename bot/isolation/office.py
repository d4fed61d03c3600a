"""Text of Word, Excel and PowerPoint files (Office Open XML). Runs in a child process. Needs the extra `office`."""

import csv
import io
import sys
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from bot.isolation.child import Unparsable

_SHARE = 0.75  # of the time allowed, after which what was read so far is the result
_UNPACKED = 400 << 20  # bytes of all parts together; more is a bomb
_PARTS = 20_000
_COLUMNS = 300  # of a sheet
_HEADINGS = 6  # levels that Markdown has

#: the part that each kind of file has
WORD, EXCEL, POWERPOINT = b"word/document.xml", b"xl/workbook.xml", b"ppt/presentation.xml"


def extract_text(data: bytes, *, chars: int, seconds: float) -> tuple[str, bytes]:
    """Return "cut" or "whole", and the text as Markdown: of about `chars` characters and `seconds` seconds at most.

    Raises `Unparsable`: "binary" (no such file), "damaged", "empty", "heavy" or "slow".
    """
    from lxml.etree import LxmlError

    end = time.monotonic() + seconds * _SHARE
    # On damaged files the parsers raise almost anything.
    damage = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, OSError, RecursionError)
    found: list[str] = []
    length, is_cut = 0, False
    try:
        for block in _reader_of(data)(data):
            found.append(block)
            length += len(block) + 1
            if length > chars or time.monotonic() > end:
                is_cut = True
                break
    except (*damage, zipfile.BadZipFile, LxmlError, NotImplementedError) as exc:
        raise Unparsable("damaged") from exc
    text = "\n".join(found).strip()
    if not text:
        raise Unparsable("slow" if is_cut else "empty")
    return "cut" if is_cut else "whole", text[:chars].encode("utf-8", "replace")


def _reader_of(data: bytes) -> Callable[[bytes], Iterator[str]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
        names = {part.filename.encode("utf-8", "replace") for part in parts}
        if len(parts) > _PARTS or sum(part.file_size for part in parts) > _UNPACKED:
            raise Unparsable("heavy")
    for part, reader in ((WORD, _word), (EXCEL, _excel), (POWERPOINT, _powerpoint)):
        if part in names:
            return reader
    raise Unparsable("binary")


def _word(data: bytes) -> Iterator[str]:
    import docx
    from docx.table import Table

    for block in docx.Document(io.BytesIO(data)).iter_inner_content():
        if isinstance(block, Table):
            yield from _table([cell.text for cell in row.cells] for row in block.rows)
        elif text := block.text.strip():
            yield _marked(block.style.name if block.style is not None else "", text)


def _marked(style: str | None, text: str) -> str:
    """Return a paragraph with the mark that its style has in Markdown."""
    kind, _, level = (style or "").partition(" ")
    if kind == "Title":
        return f"# {text}\n"
    if kind == "Heading" and level.isdecimal():
        return f"\n{'#' * min(int(level), _HEADINGS)} {text}\n"
    return f"- {text}" if kind == "List" else f"{text}\n"


def _excel(data: bytes) -> Iterator[str]:
    # It would import numpy to write its numbers, which takes longer than to read most files.
    sys.modules.setdefault("numpy", None)  # type: ignore[arg-type]
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    for sheet in book.worksheets:
        sheet.reset_dimensions()  # what the file says of its size may be wrong
        has_rows = False
        for row in sheet.iter_rows(max_col=_COLUMNS, values_only=True):
            cells = ["" if value is None else str(value) for value in row]
            while cells and not cells[-1]:
                cells.pop()
            if cells:
                if not has_rows:
                    yield f"\n## {sheet.title}\n"
                has_rows = True
                yield _csv(cells)


def _csv(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def _powerpoint(data: bytes) -> Iterator[str]:
    import pptx

    for number, slide in enumerate(pptx.Presentation(io.BytesIO(data)).slides, 1):
        texts = list(_shapes(slide.shapes))
        notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
        spoken = notes.text.strip() if notes is not None else ""
        if texts or spoken:
            yield f"\n## {number}\n"
            yield from texts
        if spoken:
            yield f"\n> {spoken}"


def _shapes(shapes: Iterable[Any]) -> Iterator[str]:
    for shape in shapes:
        if hasattr(shape, "shapes"):  # a group
            yield from _shapes(shape.shapes)
        elif getattr(shape, "has_table", False):
            yield from _table([cell.text for cell in row.cells] for row in shape.table.rows)
        elif shape.has_text_frame and (text := shape.text_frame.text.strip()):
            yield text


def _table(rows: Iterable[list[str]]) -> Iterator[str]:
    """Yield the lines of a Markdown table; the first row is its head."""
    for number, cells in enumerate(rows):
        yield "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"
        if number == 0:
            yield "|" + " --- |" * len(cells)
    yield ""
