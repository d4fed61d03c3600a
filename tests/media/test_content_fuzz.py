"""Detection of files, on any bytes."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.conversation.charset import decode_text
from bot.media.content import is_mp3_frame, sniff
from bot.media.probe import probe
from tests.support.media_files import PNG

QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
HEADS = [PNG, b"GIF89a", b"\xff\xd8\xff\xe0", b"RIFF\x00\x00\x00\x00WEBPVP8 ", b"RIFF\x00\x00\x00\x00WAVEfmt ", b"fLaC"]
HEADS += [b"OggS", b"ID3\x04", b"\xff\xfb\x90", b"\x00\x00\x00\x18ftypisom", b"\x1aE\xdf\xa3", b"%PDF-1.7"]
DATA = st.builds(bytes.__add__, st.sampled_from([b"", *HEADS]), st.binary(max_size=200))
TYPES = st.sampled_from(
    ["", "text/plain", *(f"image/{kind}" for kind in ("png", "gif", "jpeg", "webp"))]
) | st.sampled_from(["video/mp4", *(f"audio/{kind}" for kind in ("wav", "flac", "ogg", "mpeg"))])


@given(DATA, TYPES)
@QUICK
def test_any_bytes_are_measured_or_not(tmp_path: Path, data: bytes, content_type: str) -> None:
    """Damaged files of each kind have no size or length, and are no error."""
    path = tmp_path / "file"
    path.write_bytes(data)
    assert isinstance(sniff(data), str)
    is_mp3_frame(data)
    info = probe(path, content_type)
    assert info.width is None or info.width >= 0
    assert info.duration is None or info.duration >= 0


@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: text.encode("utf-16")), st.booleans())
@QUICK
def test_any_bytes_are_text_or_not(data: bytes, is_whole: bool) -> None:
    """Each encoding that is tried gives text or nothing."""
    found = decode_text(data, is_whole=is_whole)
    assert found is None or isinstance(found, str)
