"""The parsers of the child processes, on damaged documents and pictures."""

import io
import tempfile
import warnings
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.isolation import media_tags
from bot.isolation.child import Unparsable
from bot.isolation.pdf import extract_text
from bot.isolation.picture import shrink
from tests.support.media_files import film, pdf, sound

REASONS = {"encrypted", "damaged", "scanned", "slow"}
KINDS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")
#: Where something is changed, in parts of the length; and what is put there.
DAMAGE = st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=6)), max_size=4)
LEFT = st.floats(0.2, 1)


def damaged(data: bytes, changes: list[tuple[float, bytes]], left: float) -> bytes:
    """Return the data with some bytes replaced and its end cut off."""
    made = bytearray(data)
    for place, piece in changes:
        at = int(place * len(made))
        made[at : at + len(piece)] = piece
    return bytes(made[: int(left * len(made)) or 1])


@cache
def document() -> bytes:
    return pdf("hello", "", "(world)")


@cache
def picture(kind: str) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((40, 30), 90).convert("P" if kind == "GIF" else "RGB").save(out, kind)
    return out.getvalue()


@given(DAMAGE, LEFT)
@example([(0.5, b"/Length -1")], 1.0)
@example([(0.9, b"trailer << /Root 1 0 R >>")], 1.0)
@settings(max_examples=60)
def test_any_document_is_text_or_a_reason(changes: list[tuple[float, bytes]], left: float) -> None:
    """Whatever a PDF has inside: its text, or one of the reasons that people are told."""
    try:
        word, text = extract_text(damaged(document(), changes, left), pages=5, chars=100, seconds=60)
    except Unparsable as exc:
        assert str(exc) in REASONS  # noqa: PT017 - both outcomes are right
    else:
        assert word in {"cut", "whole"}
        assert len(text.decode()) <= 100


@given(st.sampled_from(KINDS), DAMAGE, LEFT)
@settings(max_examples=60)
def test_any_picture_is_a_small_jpeg_or_an_error(kind: str, changes: list[tuple[float, bytes]], left: float) -> None:
    """What can be opened comes out within the limits; everything else is an exception, which ends in "damaged"."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about damaged metadata
        try:
            content_type, data = shrink(damaged(picture(kind), changes, left), side=20, limit=10_000)
        except Exception:  # noqa: BLE001 - the child process takes any
            return
    with Image.open(io.BytesIO(data)) as found:
        assert (content_type, found.format) == ("image/jpeg", "JPEG")
        assert max(found.size) <= 20
        assert len(data) <= 10_000


@pytest.mark.parametrize("kind", KINDS)
def test_whole_pictures_are_read(kind: str) -> None:
    """Every kind that is damaged above can be read when it is not."""
    assert shrink(picture(kind), side=20, limit=10_000)[0] == "image/jpeg"


@cache
def tagged(container: str) -> bytes:
    data = sound("ogg", "libopus", seconds=0.1) if container == "ogg" else film("webm", "libvpx", seconds=0.1)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "source"), Path(folder, "target")
        source.write_bytes(data)
        media_tags.write(b"a record", source=str(source), target=str(target), container=container)
        return target.read_bytes()


@given(st.sampled_from(("matroska", "ogg")), DAMAGE, LEFT | st.just(1))
@settings(max_examples=60)
def test_any_change_beside_a_record_is_noticed(container: str, changes: list[tuple[float, bytes]], left: float) -> None:
    """A file is the one that was made only if no byte has changed."""
    whole = tagged(container)
    changed = damaged(whole, changes, left)
    try:
        found = media_tags.read(changed, container=container)
    except Unparsable as exc:
        assert str(exc) in REASONS | {"no room"}  # noqa: PT017 - both outcomes are right
    else:
        assert (found == media_tags.read(whole, container=container)) == (changed == whole)
