"""Content types, and properties read from headers."""

import struct
from pathlib import Path

import pytest

from bot.media.content import EXTENSIONS, resolve_content_type, sniff
from bot.media.probe import MediaInfo, probe
from tests.support.hostile.work import count_calls
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
def test_images_are_detected_and_measured(content_type: str, data: bytes, tmp_path: Path) -> None:
    """Type, width and height are found for every kind of image."""
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
def test_audio_is_detected_and_timed(content_type: str, make: object, tmp_path: Path) -> None:
    """Type and duration, to a tenth of a second, are found for every kind of audio."""
    data = make()  # type: ignore[operator]
    path = tmp_path / "file"
    path.write_bytes(data)
    assert sniff(data[:512]) == content_type
    assert probe(path, content_type).duration == pytest.approx(2, abs=0.1)


def test_an_mp3_without_a_frame_count_is_estimated(tmp_path: Path) -> None:
    """At a constant bitrate the size gives the duration; an ID3 tag is skipped."""
    frame = b"\xff\xfb\x90\x00" + bytes(413)  # 128 kbit/s, 44.1 kHz
    path = tmp_path / "file"
    path.write_bytes(b"ID3\x04\0\0\0\0\x02\0" + bytes(256) + frame * 100)
    assert sniff(frame) == "audio/mpeg"
    assert probe(path, "audio/mpeg").duration == pytest.approx(100 * 1152 / 44100, rel=0.01)


@pytest.mark.parametrize(("content_type", "container"), [("video/mp4", "mp4"), ("video/quicktime", "mov")])
def test_videos_are_detected_measured_and_timed(content_type: str, container: str, tmp_path: Path) -> None:
    """Type, size and duration are found for ISO video files."""
    data = film(container)
    path = tmp_path / "file"
    path.write_bytes(data)
    facts = probe(path, content_type)
    assert sniff(data[:512]) == content_type
    assert (facts.width, facts.height) == (320, 180)
    assert facts.duration == pytest.approx(2, abs=0.1)


def test_webm_is_detected() -> None:
    """WebM is distinguished from other Matroska files."""
    assert sniff(film("webm", "libvpx", seconds=0.1)[:512]) == "video/webm"
    assert sniff(film("matroska", "libx264", seconds=0.1)[:512]) == ""


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"\xff\xfe<html>", b"<svg xmlns=", b"%PDF-1.7", b"PK\x03\x04", b"RIFF1234AVI "]
)
def test_everything_else_is_unknown(data: bytes) -> None:
    """Other content has no type."""
    assert sniff(data) == ""


@pytest.mark.parametrize("content_type", EXTENSIONS)
@pytest.mark.parametrize("size", [0, 1, 9, 30, 700])
def test_a_damaged_header_is_no_error(content_type: str, size: int, tmp_path: Path) -> None:
    """Truncated and meaningless files yield no properties and no exception."""
    path = tmp_path / "file"
    for filler in (b"\x00", b"\xff", b"moovmvhdtkhdOggS\x01vorbisOpusHeadfmt data"):
        path.write_bytes((filler * size)[:size])
        probe(path, content_type)


def test_a_video_cut_anywhere_is_no_error(tmp_path: Path) -> None:
    """A video that ends anywhere in its headers yields no exception."""
    data = film(seconds=0.2)
    path = tmp_path / "file"
    for end in range(0, len(data), 37):
        path.write_bytes(data[:end])
        probe(path, "video/mp4")


def test_a_container_may_hold_audio_only() -> None:
    """MP4 and WebM are accepted as audio; images are not."""
    assert resolve_content_type("video/mp4", "audio") == "audio/mp4"
    assert resolve_content_type("video/webm", "audio") == "audio/webm"
    assert resolve_content_type("image/gif", "video") == "image/gif"
    assert resolve_content_type("image/png", "audio") == ""
    assert resolve_content_type("", "chat") == ""


def test_the_work_on_a_header_is_bounded(tmp_path: Path) -> None:
    """Padding and boxes without end are given up after about a thousand steps."""

    def box(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I4s", 8 + len(content), name) + content

    path = tmp_path / "file"
    for content_type, data in (
        ("image/jpeg", b"\xff\xd8" + b"\xff" * 200_000),
        ("video/mp4", box(b"moov", box(b"trak", box(b"free", b"") * 500) * 200)),
    ):
        path.write_bytes(data)
        assert count_calls(lambda content_type=content_type: probe(path, content_type)) < 20_000  # type: ignore[misc]
