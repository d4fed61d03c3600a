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
_COLUMNS = 300  # of a sheet that are shown by their place; cells further right are named
_SPAN = 63  # columns that a table of Word can have
_HEADINGS = 6  # levels that Markdown has

#: the part that each kind of file has
WORD, EXCEL, POWERPOINT = b"word/document.xml", b"xl/workbook.xml", b"ppt/presentation.xml"

#: the types of files with macros, which are never run, and of templates: their text is where it is in their plain kinds
_WORD_TYPES = (
    "application/vnd.ms-word.document.macroEnabled.main+xml",
    "application/vnd.ms-word.template.macroEnabledTemplate.main+xml",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml",
)
_POWERPOINT_TYPES = (
    "application/vnd.ms-powerpoint.slideshow.macroEnabled.main+xml",
    "application/vnd.ms-powerpoint.template.macroEnabled.main+xml",
)

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
#: what is read through, wherever it is: content controls, insertions and moves that were tracked, links, fields
_THROUGH = {
    _W + name
    for name in (
        "sdt",
        "sdtContent",
        "ins",
        "moveTo",
        "customXml",
        "smartTag",
        "hyperlink",
        "fldSimple",
        "dir",
        "bdo",
        "r",
    )
}
_SIGNS = {_W + "tab": "\t", _W + "ptab": "\t", _W + "br": "\n", _W + "cr": "\n", _W + "noBreakHyphen": "-"}


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
            if block is not None:
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


def _reader_of(data: bytes) -> Callable[[bytes], Iterator[str | None]]:
    """Return what yields the blocks of a file, and None now and then where it finds nothing, for the clock."""
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
    from docx.opc.part import PartFactory
    from docx.package import Package
    from docx.parts.document import DocumentPart
    from docx.text.paragraph import Paragraph

    PartFactory.part_type_for.update(dict.fromkeys(_WORD_TYPES, DocumentPart))
    document = Package.open(io.BytesIO(data)).main_document_part.document
    for block in _parts(document.element.body, _W + "p", _W + "tbl"):
        if block.tag == _W + "tbl":
            yield from _table(_word_rows(block))
        elif text := _word_text(block).strip():
            style = Paragraph(block, document).style
            yield _marked(style.name if style is not None else "", text)


def _parts(container: Any, *tags: str) -> Iterator[Any]:
    """Yield the nearest elements of these tags in document order; not what was deleted while changes were tracked."""
    for element in container.iterchildren():
        if element.tag == _W + "tr" and element.find(f"{_W}trPr/{_W}del") is not None:
            continue
        if element.tag in tags:
            yield element
        elif element.tag in _THROUGH:
            yield from _parts(element, *tags)


def _word_text(paragraph: Any) -> str:
    return "".join(element.text or _SIGNS.get(element.tag, "") for element in _parts(paragraph, _W + "t", *_SIGNS))


def _word_rows(table: Any) -> Iterator[list[str]]:
    """Yield the texts of a table's cells; a cell that spans rows or columns is in each."""
    above: dict[int, str] = {}
    for row in _parts(table, _W + "tr"):
        cells: list[str] = []
        for cell in _parts(row, _W + "tc"):
            span, merge = cell.find(f"{_W}tcPr/{_W}gridSpan"), cell.find(f"{_W}tcPr/{_W}vMerge")
            is_continued = merge is not None and merge.get(_W + "val", "continue") == "continue"
            text = above.get(len(cells), "") if is_continued else "\n".join(_cell_texts(cell))
            width = 1 if span is None else min(max(int(span.get(_W + "val", "1")), 1), _SPAN)
            above.update(dict.fromkeys(range(len(cells), len(cells) + width), text))
            cells += [text] * width
        if cells:
            yield cells


def _cell_texts(cell: Any) -> Iterator[str]:
    """Yield the texts of a cell, and of the tables within it."""
    for block in _parts(cell, _W + "p", _W + "tr", _W + "tbl", _W + "tc"):
        yield from [_word_text(block)] if block.tag == _W + "p" else _cell_texts(block)


def _marked(style: str | None, text: str) -> str:
    """Return a paragraph with the mark that its style has in Markdown."""
    kind, _, level = (style or "").partition(" ")
    if kind == "Title":
        return f"# {text}\n"
    if kind == "Heading" and level.isdecimal():
        return f"\n{'#' * min(int(level), _HEADINGS)} {text}\n"
    return f"- {text}" if kind == "List" else f"{text}\n"


def _excel(data: bytes) -> Iterator[str | None]:
    # It would import numpy to write its numbers, which takes longer than to read most files.
    sys.modules.setdefault("numpy", None)  # type: ignore[arg-type]
    import openpyxl
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser  # no public way reads only the cells there are

    class Parser(WorkSheetParser):  # type: ignore[misc] # it has no types
        """Gives each cell its stored result; a formula that has none, as a program leaves it that can't calculate."""

        def parse_cell(self, element: Any) -> dict[str, Any]:
            cell: dict[str, Any] = super().parse_cell(element)
            if cell["value"] is None and (formula := element.find(FORMULA_TAG)) is not None:
                found = self.parse_formula(element)
                cell["value"] = found if isinstance(found, str) else f"={formula.text or ''}"
            return cell

    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    for sheet in book.worksheets:
        has_rows = False
        with sheet._get_source() as source:  # noqa: SLF001 - no public way
            parser = Parser(
                source,
                sheet._shared_strings,  # noqa: SLF001 - no public way
                data_only=True,
                epoch=book.epoch,
                date_formats=book._date_formats,  # noqa: SLF001 - no public way
                timedelta_formats=book._timedelta_formats,  # noqa: SLF001 - no public way
            )
            for _, row in parser.parse():
                cells = {cell["column"]: str(cell["value"]) for cell in row if cell["value"] not in (None, "")}
                near = max((column for column in cells if column <= _COLUMNS), default=0)
                line = [cells.get(column, "") for column in range(1, near + 1)]
                line += [f"{get_column_letter(at)}: {text}" for at, text in cells.items() if at > _COLUMNS]
                if line and not has_rows:
                    yield f"\n## {sheet.title}\n"
                has_rows = has_rows or bool(line)
                yield _csv(line) if line else None


def _csv(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def _powerpoint(data: bytes) -> Iterator[str]:
    from pptx.opc.package import PartFactory
    from pptx.package import Package
    from pptx.parts.presentation import PresentationPart

    PartFactory.part_type_for.update(dict.fromkeys(_POWERPOINT_TYPES, PresentationPart))
    show = Package.open(io.BytesIO(data)).main_document_part.presentation
    for number, slide in enumerate(show.slides, 1):
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
