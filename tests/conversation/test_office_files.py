"""Attached Word, Excel and PowerPoint files: what of them a model reads, and what hostile ones come to."""

import io
import zipfile
from collections.abc import Callable

import docx
import openpyxl
import pptx
import pytest
from pptx.util import Inches

from tests.support.hostile.office import huge
from tests.support.media_files import read_attachments

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def word() -> bytes:
    document = docx.Document()
    document.add_heading("季度報告", 0)
    document.add_heading("Sales", 2)
    document.add_paragraph("They rose by 4 %.")
    document.add_paragraph("north", style="List Bullet")
    table = document.add_table(rows=2, cols=2)
    for row, texts in zip(table.rows, (("Region", "Sum"), ("North | South", "12")), strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    return saved(document.save)


def excel() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Prices"
    for row in (("item", "price"), ("ink, black", 3.5), (None, None), ("=1+1", None)):
        sheet.append(row)
    book.create_sheet("Empty")
    return saved(book.save)


def powerpoint() -> bytes:
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[5])
    slide.shapes.title.text = "Plan"
    slide.shapes.add_textbox(Inches(1), Inches(2), Inches(3), Inches(1)).text_frame.text = "Ship in May"
    table = slide.shapes.add_table(1, 2, Inches(1), Inches(3), Inches(3), Inches(1)).table
    table.cell(0, 0).text, table.cell(0, 1).text = "who", "what"
    slide.notes_slide.notes_text_frame.text = "Say thanks."
    return saved(show.save)


def saved(save: Callable[[io.BytesIO], object]) -> bytes:
    out = io.BytesIO()
    save(out)
    return out.getvalue()


def changed(data: bytes, name: str, content: bytes) -> bytes:
    """The file with another part of that name."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, content if part == name else old.read(part))
    return out.getvalue()


async def test_office_files_are_read() -> None:
    """Headings, lists, tables, sheets, slides and notes come as Markdown; the names of the files do not matter."""
    reading = await read_attachments({"report.docx": word(), "prices": excel(), "plan.bin": powerpoint()})
    assert reading.notes == ()
    assert "# 季度報告" in reading.text
    assert "## Sales\n\nThey rose by 4 %.\n\n- north" in reading.text
    assert "| Region | Sum |\n| --- | --- |\n| North \\| South | 12 |" in reading.text
    assert '## Prices\n\nitem,price\n"ink, black",3.5\n' in reading.text
    assert "Empty" not in reading.text
    assert "## 1\n\nPlan\nShip in May\n| who | what |\n" in reading.text
    assert "> Say thanks." in reading.text


async def test_a_long_sheet_is_cut() -> None:
    """What is read of it fits the tokens, and a note says so."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Log")
    for number in range(3000):
        sheet.append([number, "line of text"])
    reading = await read_attachments({"log.xlsx": saved(book.save)}, tokens=200)
    assert "0,line of text" in reading.text
    assert "2999" not in reading.text
    assert reading.notes == ("log.xlsx is long; only its beginning was read.",)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: word()[:-400], "the file is damaged"),
        (lambda: changed(word(), "word/document.xml", b"<w:document"), "the file is damaged"),
        (
            lambda: changed(
                excel(),
                "xl/worksheets/sheet1.xml",
                b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
                + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(12))
                + b"]><worksheet><sheetData><row><c t='str'><v>&m;</v></c></row></sheetData></worksheet>",
            ),
            "was not read",
        ),
        (lambda: huge(word()), "too much memory"),
        (lambda: saved(docx.Document().save), "there is no text in it"),
        (lambda: _OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
        (lambda: _OLE + b"\0" * 600, "Save it as .docx, .xlsx or .pptx"),
    ],
    ids=["cut off", "broken", "entities", "bomb", "empty", "encrypted", "old"],
)
async def test_what_can_t_be_read_is_said(make: Callable[[], bytes], sentence: str) -> None:
    """A damaged, hostile, protected or old file costs bounded time and memory, and leaves a sentence that says why."""
    reading = await read_attachments({"a.docx": make(), "b.txt": b"still read"}, seconds=20)
    assert sentence in reading.notes[0]
    assert "still read" in reading.text
