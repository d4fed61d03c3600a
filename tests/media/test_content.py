"""Files are told by their bytes, and their facts read from their headers."""

from pathlib import Path

import pytest

from bot.media.content import EXTENSIONS, resolve_content_type, sniff
from bot.media.probe import MediaInfo, probe
from tests.support.media_files import film, image, sound, wav

PICTURES = [
    ("image/png", image("PNG")),
    ("image/gif", image("GIF")),
    ("image/jpeg", image("JPEG", progressive=True)),
    ("image/webp", image("WEBP")),
    ("image/webp", image("WEBP", lossless=True)),
    ("image/webp", image("WEBP", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0")),
]


@pytest.mark.parametrize(("content_type", "data"), PICTURES)
def test_pictures_are_known_and_measured(content_type: str, data: bytes, tmp_path: Path) -> None:
    """Type, width and height of every kind of picture."""
    path = tmp_path / "file"
    path.write_bytes(data)
    assert sniff(data[:512]) == content_type
    assert probe(path, content_type) == MediaInfo(123, 45)


@pytest.mark.parametrize(
    ("content_type", "make"),
    [
        ("audio/wav", lambda: wav(2)),
        ("audio/mpeg", lambda: sound("mp3", "libmp3lame")),
        ("audio/ogg", lambda: sound("ogg", "libopus")),
        ("audio/flac", lambda: sound("flac", "flac")),
        ("audio/mp4", lambda: sound("ipod", "aac")),
    ],
)
def test_sounds_are_known_and_timed(content_type: str, make: object, tmp_path: Path) -> None:
    """Type and duration of every kind of sound, to a tenth."""
    data = make()  # type: ignore[operator]
    path = tmp_path / "file"
    path.write_bytes(data)
    assert sniff(data[:512]) == content_type
    assert probe(path, content_type).duration == pytest.approx(2, abs=0.1)


def test_an_mp3_without_a_frame_count_is_estimated(tmp_path: Path) -> None:
    """Constant bitrate, no header: duration from the size; an ID3 tag before it does not disturb."""
    frame = b"\xff\xfb\x90\x00" + bytes(413)  # 128 kbit/s, 44.1 kHz
    path = tmp_path / "file"
    path.write_bytes(b"ID3\x04\0\0\0\0\x02\0" + bytes(256) + frame * 100)
    assert sniff(frame) == "audio/mpeg"
    assert probe(path, "audio/mpeg").duration == pytest.approx(100 * 1152 / 44100, rel=0.01)


@pytest.mark.parametrize(("content_type", "container"), [("video/mp4", "mp4"), ("video/quicktime", "mov")])
def test_films_are_known_measured_and_timed(content_type: str, container: str, tmp_path: Path) -> None:
    """Type, size and duration of an ISO film."""
    data = film(container)
    path = tmp_path / "file"
    path.write_bytes(data)
    facts = probe(path, content_type)
    assert sniff(data[:512]) == content_type
    assert (facts.width, facts.height) == (320, 180)
    assert facts.duration == pytest.approx(2, abs=0.1)


def test_webm_is_known() -> None:
    """A WebM film is told from other Matroska files."""
    assert sniff(film("webm", "libvpx")[:512]) == "video/webm"
    assert sniff(film("matroska", "libx264")[:512]) == ""


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"\xff\xfe<html>", b"<svg xmlns=", b"%PDF-1.7", b"PK\x03\x04", b"RIFF1234AVI "]
)
def test_everything_else_is_unknown(data: bytes) -> None:
    """No guess is made."""
    assert sniff(data) == ""


@pytest.mark.parametrize("content_type", EXTENSIONS)
@pytest.mark.parametrize("size", [0, 1, 9, 30, 700])
def test_a_damaged_header_is_no_error(content_type: str, size: int, tmp_path: Path) -> None:
    """Cut-off and meaningless files give no facts, and never an exception."""
    path = tmp_path / "file"
    for filler in (b"\x00", b"\xff", b"moovmvhdtkhdOggS\x01vorbisOpusHeadfmt data"):
        path.write_bytes((filler * size)[:size])
        probe(path, content_type)


def test_every_cut_of_a_real_film_is_survived(tmp_path: Path) -> None:
    """A film that ends anywhere in its headers does not disturb."""
    data = film(seconds=0.2)
    path = tmp_path / "file"
    for end in range(0, len(data), 37):
        path.write_bytes(data[:end])
        probe(path, "video/mp4")


def test_a_container_of_sound_counts_as_sound() -> None:
    """MP4 and WebM may hold only sound; a picture never does."""
    assert resolve_content_type("video/mp4", "audio") == "audio/mp4"
    assert resolve_content_type("video/webm", "audio") == "audio/webm"
    assert resolve_content_type("image/gif", "video") == "image/gif"
    assert resolve_content_type("image/png", "audio") == ""
    assert resolve_content_type("", "chat") == ""
