"""Attached files: their text and images, and notes on files that can't be read."""

import base64
import io
import struct
import sys
import tracemalloc
import zipfile
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.conversation.attachments import AttachmentReader, code_block, truncate_to_tokens
from bot.errors import DownloadFailed, MediaTooLarge, UsageError
from bot.markdown.split import estimate_tokens
from bot.models import Attachment
from tests.support.media_files import PNG, huge_png, noise, pdf, read_attachments, slow_pdf, source_of


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("a.txt", "hello")
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
async def test_every_unicode_encoding_is_read(encoding: str) -> None:
    """A byte order mark or zero bytes identify the encoding."""
    reading = await read_attachments({"notes.txt": "name,city\r\nAda,London\n".encode(encoding)})
    assert reading.text == "`notes.txt`:\n```txt\nname,city\nAda,London\n```"
    assert reading.notes == ()


async def test_old_encodings_are_read() -> None:
    """A file of an old Traditional Chinese system is decoded correctly."""
    reading = await read_attachments({"notes.csv": "姓名,電話\n王小明,二三四五\n".encode("big5")})
    assert "姓名,電話\n王小明,二三四五" in reading.text
    assert reading.notes == ()


async def test_an_unknown_encoding_leaves_a_note() -> None:
    """Text of unknown encoding is not guessed: a note says what to do."""
    reading = await read_attachments({"old.txt": bytes(range(128, 256))})
    assert "Save it as UTF-8" in reading.notes[0]
    assert reading.text == f"[{reading.notes[0]}]"


async def test_no_file_can_close_its_fence() -> None:
    """A file that contains fences stays one block with its language."""
    reading = await read_attachments({"a.md": b"before\n````\ncode\n````\nafter"})
    assert reading.text.startswith("`a.md`:\n`````md\n")
    assert reading.text.endswith("\n`````")


async def test_files_share_one_token_limit() -> None:
    """All files together stay within the token limit, and each cut leaves a note."""
    files = {"one.txt": b"word " * 300, "two.txt": b"other " * 4000, "three.txt": b"last " * 100}
    reading = await read_attachments(files, tokens=1000)
    assert [note.partition(" ")[0] for note in reading.notes] == ["two.txt", "three.txt"]
    assert all(f"[{note}]" in reading.text for note in reading.notes)
    assert "word" in reading.text
    assert "other" in reading.text
    assert estimate_tokens(reading.text) < 1200


async def test_a_file_is_not_in_memory_while_its_text_is_answered() -> None:
    """Once a file's text is read, only the text is kept."""
    reader = AttachmentReader(max_bytes=20_000_000, parse_seconds=20)

    async def opened(_: Attachment) -> AsyncIterator[bytes]:
        yield b"word " * 1_000_000

    tracemalloc.start()
    try:
        source = source_of([Attachment(name="a.txt")], opened)
        async with reader.read(source, max_tokens=10, has_vision=False) as contents:
            held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "word" in contents.text
    assert held < 1_000_000


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
async def test_only_the_beginning_of_a_long_file_is_decoded(encoding: str) -> None:
    """A multi-byte character at the cut does no harm."""
    data = ("中文字" * 40_000).encode(encoding)
    for end in range(len(data) - 4, len(data)):
        reading = await read_attachments({"long.txt": data[:end]}, tokens=100)
        assert "中文字中文字" in reading.text
        assert "only its beginning" in reading.notes[0]


async def test_images_are_sent_to_models_with_vision() -> None:
    """A model with vision gets an image as a data URL, whatever the file's name."""
    reading = await read_attachments({"photo.txt": PNG}, has_vision=True)
    assert reading.image_urls == (f"data:image/png;base64,{base64.b64encode(PNG).decode()}",)
    assert reading.notes == ()


async def test_without_vision_an_image_leaves_a_note() -> None:
    """A note says that the image was not looked at."""
    reading = await read_attachments({"photo.png": PNG})
    assert reading.image_urls == ()
    assert len(reading.notes) == 1
    assert "photo.png" in reading.notes[0]
    assert reading.notes[0] in reading.text


async def test_a_pdf_is_read_in_order() -> None:
    """The pages are read in order; the content, not the name, identifies a PDF."""
    reading = await read_attachments({"report": pdf("First page", "", "Third page")})
    assert "First page\n\nThird page" in reading.text
    assert reading.notes == ()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (pdf("hidden", password="pw"), "password"),
        (pdf("", ""), "only pictures"),
        (b"%PDF-1.7\nnothing of the kind", "damaged"),
        (pdf("text")[:200], "damaged"),
        (archive(), "only read text"),
        (b"OggS\x00\x02" + bytes(range(256)) * 20, "only read text"),
        (b"ID3\x04" + bytes(500), "only read text"),
        (zlib.compress("壓縮過的檔案不是文字。".encode() * 9), "only read text"),
        (Path(sys.executable).read_bytes()[:5000], "only read text"),
        (struct.pack("<40h", *range(-20, 20)), "only read text"),
        (struct.pack(">20i", *range(20)), "only read text"),
    ],
)
async def test_an_unreadable_file_leaves_a_note_with_the_reason(data: bytes, why: str) -> None:
    """Encrypted, scanned, damaged and unknown files are named with the reason."""
    reading = await read_attachments({"file.bin": data})
    assert len(reading.notes) == 1
    assert "file.bin" in reading.notes[0]
    assert why in reading.notes[0]
    assert reading.text == f"[{reading.notes[0]}]"


@pytest.mark.parametrize("sized", [True, False])
async def test_a_file_over_the_size_limit_is_not_read(sized: bool) -> None:
    """The size limit holds for sizes that the platform reports and for those found while reading."""
    reading = await read_attachments({"big.txt": b"x" * 5000}, sized=sized, max_bytes=2000)
    assert "bigger than 0.002 MB" in reading.notes[0]


async def test_an_unavailable_file_leaves_a_note() -> None:
    """A file that the platform fails to provide does not fail the request."""
    reader = AttachmentReader(max_bytes=1000, parse_seconds=60)

    async def gone(attachment: Attachment) -> AsyncIterator[bytes]:
        raise DownloadFailed(attachment.name)
        yield b""

    async with reader.read(source_of([Attachment(name="a.txt")], gone), max_tokens=100, has_vision=False) as reading:
        assert "could not be fetched" in reading.notes[0]
    with pytest.raises(DownloadFailed):
        await reader.read_image(source_of([Attachment(name="a.png")], gone))


async def test_an_empty_file_is_named() -> None:
    """An empty file is listed without content."""
    assert (await read_attachments({"empty.txt": b""})).text == "`empty.txt`:"


async def test_the_first_image_is_found_among_files() -> None:
    """Other files are skipped, and a file over the limit is an error."""
    reader = AttachmentReader(max_bytes=1000, parse_seconds=60)
    files = {"a.txt": b"text", "b.png": PNG}

    async def opened(attachment: Attachment) -> AsyncIterator[bytes]:
        yield files[attachment.name]

    attachments = [Attachment(name=name) for name in files]
    picture = await reader.read_image(source_of(attachments, opened))
    assert picture is not None
    assert picture.content_type == "image/png"
    assert await reader.read_image(source_of(attachments[:1], opened)) is None
    small = AttachmentReader(max_bytes=10, parse_seconds=60)
    with pytest.raises(MediaTooLarge):
        await small.read_image(source_of(attachments, opened))
    files["b.png"] = PNG[:20]
    with pytest.raises(UsageError, match="damaged"):
        await reader.read_image(source_of(attachments, opened))


async def test_pictures_are_reduced_to_what_a_model_takes() -> None:
    """Large pictures become smaller ones; together they stay within a bound, and a note names each of the rest."""
    large = noise(2100, 900)
    assert len(large) > 5_000_000
    small = noise(560, 560)
    assert 900_000 < len(small) < 1_000_000
    reading = await read_attachments({"large.png": large, **{f"{n}.png": small for n in range(10)}}, has_vision=True)
    pictures = [base64.b64decode(url.partition(",")[2]) for url in reading.image_urls]
    with Image.open(io.BytesIO(pictures[0])) as picture:
        assert (picture.format, picture.width) == ("JPEG", 2048)
    assert pictures[1:] == [small] * len(pictures[1:])
    assert len(pictures[0]) <= 1_000_000
    assert sum(map(len, pictures)) <= 8_000_000
    assert len(pictures) + len(reading.notes) == 11
    assert "8 MB together" in reading.notes[0]


async def test_a_picture_that_can_not_be_parsed_leaves_a_note() -> None:
    """A damaged picture and one of too many pixels are named with the reason; the others are sent."""
    files = {"broken.png": PNG[:20], "huge.png": huge_png(20_000), "good.png": PNG}
    reading = await read_attachments(files, has_vision=True)
    assert len(reading.image_urls) == 1
    assert "broken.png was not looked at: the picture is damaged" in reading.notes[0]
    assert "huge.png was not read: it takes too much memory" in reading.notes[1]


async def test_a_file_that_takes_too_long_leaves_a_note() -> None:
    """The sentence names the file and the seconds, and says what to do."""
    reading = await read_attachments({"report.pdf": slow_pdf(), "notes.txt": b"hello"}, seconds=1)
    assert reading.notes == (
        "report.pdf was not read: I could not finish within 1 second. Attach a smaller file, or its text.",
    )
    assert "hello" in reading.text


@given(st.text(max_size=400), st.integers(0, 60))
def test_a_shortened_text_fits(text: str, tokens: int) -> None:
    """A shortened text is a beginning of the text, within the limit but for the mark."""
    cut = truncate_to_tokens(text, tokens)
    assert text.startswith(cut.removesuffix(" […]"))
    assert estimate_tokens(cut.removesuffix(" […]")) <= tokens or cut == text


@given(st.text(alphabet="`a\n ", max_size=60))
def test_nothing_closes_a_fence_early(text: str) -> None:
    """The fence is longer than any run of backticks in the text."""
    block = code_block(text, language="")
    fence = block.partition("\n")[0]
    assert fence not in block.removeprefix(fence).removesuffix(fence)
