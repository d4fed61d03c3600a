"""Attached Word, Excel and PowerPoint files: what of them a model reads, and what hostile ones come to."""

import io
import zipfile
from collections.abc import Callable

import docx
import openpyxl
import pptx
import pytest
from pptx.util import Inches

from bot.isolation.office import extract_text
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
    assert '## Prices\n\nitem,price\n"ink, black",3.5\n=1+1\n' in reading.text  # a formula that nobody calculated
    assert "Empty" not in reading.text
    assert "## 1\n\nPlan\nShip in May\n| who | what |\n" in reading.text
    assert "> Say thanks." in reading.text


#: What Word writes for forms and for changes that are tracked.
_TRACKED = b"""<w:p><w:r><w:t xml:space="preserve">Name: </w:t></w:r><w:sdt><w:sdtContent><w:r><w:t>Ada</w:t></w:r>
</w:sdtContent></w:sdt></w:p><w:sdt><w:sdtContent><w:p><w:r><w:t>in a form</w:t></w:r></w:p></w:sdtContent></w:sdt>
<w:p><w:r><w:t xml:space="preserve">It costs </w:t></w:r><w:del><w:r><w:delText>300</w:delText></w:r></w:del>
<w:moveFrom><w:r><w:t>400</w:t></w:r></w:moveFrom><w:ins><w:r><w:t>500</w:t><w:tab/><w:t>EUR</w:t></w:r></w:ins></w:p>
<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr><w:p><w:r><w:t>wide</w:t></w:r></w:p></w:tc></w:tr>
<w:tr><w:trPr><w:del/></w:trPr><w:tc><w:p><w:r><w:t>old row</w:t></w:r></w:p></w:tc></w:tr>
<w:tr><w:tc><w:tcPr><w:vMerge w:val="restart"/></w:tcPr><w:p><w:r><w:t>high</w:t></w:r></w:p></w:tc>
<w:tc><w:p><w:r><w:t>before</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>nested</w:t></w:r></w:p></w:tc></w:tr>
</w:tbl><w:p><w:r><w:t>after</w:t></w:r></w:p></w:tc></w:tr>
<w:tr><w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc><w:tc><w:p><w:r><w:t>low</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"""


async def test_forms_tracked_changes_and_far_cells_are_read() -> None:
    """Nothing that a person sees in the text is left out, and the empty cells before a far one cost nothing."""
    document = docx.Document()
    xml = document.part.blob.replace(b"<w:body>", b"<w:body>" + _TRACKED)
    far = b"<worksheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><sheetData>"
    far += b"<row r='1'><c r='A1'><v>1</v></c><c r='XFD1'><v>2</v></c></row>"
    far += b"<row r='99999999999999'><c r='B99999999999999'><v>3</v></c></row></sheetData></worksheet>"
    reading = await read_attachments(
        {
            "form.docx": changed(saved(document.save), "word/document.xml", xml),
            "far.xlsx": changed(excel(), "xl/worksheets/sheet1.xml", far),
        }
    )
    assert reading.notes == ()
    assert "Name: Ada\n\nin a form\n\nIt costs 500\tEUR\n" in reading.text
    assert "| wide | wide |\n| --- | --- |\n| high | before nested after |\n| high | low |\n" in reading.text
    assert "## Prices\n\n1,XFD: 2\n,3\n" in reading.text


@pytest.mark.parametrize(
    ("make", "text", "plain", "other"),
    [
        (word, "They rose", "openxmlformats-officedocument.wordprocessingml.document", kind)
        for kind in (
            "ms-word.document.macroEnabled",
            "ms-word.template.macroEnabledTemplate",
            "openxmlformats-officedocument.wordprocessingml.template",
        )
    ]
    + [
        (powerpoint, "Ship in May", "openxmlformats-officedocument.presentationml.presentation", kind)
        for kind in (
            "ms-powerpoint.presentation.macroEnabled",
            "ms-powerpoint.slideshow.macroEnabled",
            "ms-powerpoint.template.macroEnabled",
            "openxmlformats-officedocument.presentationml.slideshow",
            "openxmlformats-officedocument.presentationml.template",
        )
    ],
)
def test_files_with_macros_and_templates_are_read(make: Callable[[], bytes], text: str, plain: str, other: str) -> None:
    """They are read like their plain kinds."""
    data = make()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        types = archive.read("[Content_Types].xml")
    assert plain.encode() in types
    data = changed(data, "[Content_Types].xml", types.replace(f"{plain}.main".encode(), f"{other}.main".encode()))
    how, found = extract_text(data, chars=10_000, seconds=20)
    assert how == "whole"
    assert text in found.decode()


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
