"""Small files of every kind, generated for tests."""

import base64
import io
import struct
import wave
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from bot.conversation.attachments import AttachmentContents, AttachmentReader, AttachmentSource, OpenAttachment
from bot.models import Attachment

#: The smallest files that are recognised as such.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
WAV = b"RIFF\x2c\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00@\x1f\x00\x00@\x1f\x00\x00\x01\x00\x08\x00data"
WAV += b"\x08\x00\x00\x00" + bytes([128] * 8)
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(600)


def image(form: str, **options: object) -> bytes:
    """Encode a teal image of 123 by 45 pixels in a format of Pillow."""
    file = io.BytesIO()
    Image.new("RGB", (123, 45), "teal").save(file, form, **options)
    return file.getvalue()


def sound(container: str, codec: str, rate: int = 48000, seconds: float = 2) -> bytes:
    """Encode a stereo tone in a container and with a codec of FFmpeg."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "stereo"
        count = int(rate * seconds)
        tone = (np.sin(np.arange(count) / 20) * 9000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.stack([tone, tone], 1).reshape(1, -1), format="s16", layout="stereo")
        frame.rate = rate
        frame.pts = 0
        frame.time_base = Fraction(1, rate)
        resampler = av.AudioResampler(format=stream.format, layout="stereo", rate=rate, frame_size=stream.frame_size)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    return file.getvalue()


#: With more, libvpx takes twenty times as much processor time for pictures as small as these.
_ONE_THREAD = {"threads": "1"}


def film(container: str = "mp4", codec: str = "libx264", seconds: float = 2, noise: bool = False) -> bytes:
    """Encode a video of 320 by 180 pixels; `noise`: of random pixels, which compress badly."""
    file = io.BytesIO()
    random = np.random.default_rng(1)
    with av.open(file, "w", format=container) as out:
        stream = out.add_stream(codec, rate=24, width=320, height=180, pix_fmt="yuv420p")
        assert isinstance(stream, av.VideoStream)
        stream.options = {"crf": "18", **_ONE_THREAD}
        for number in range(int(24 * seconds)):
            shape = (180, 320, 3)
            pixels = random.integers(0, 255, shape, np.uint8) if noise else np.full(shape, number * 3 % 255, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        out.mux(stream.encode(None))
    return file.getvalue()


def clip(
    path: Path,
    *,
    codec: str = "libx264",
    size: tuple[int, int] = (160, 90),
    rate: int = 24,
    seconds: float = 1,
    grey: int = 128,
    sound_codec: str = "",
    amplitude: float = 0.5,
) -> Path:
    """Write pictures of one grey, with a tone if `sound_codec` is given; an MP4 begins with its index."""
    options = {"movflags": "faststart"} if path.suffix == ".mp4" else {}
    with av.open(str(path), "w", options=options) as out:
        video = out.add_stream(codec, rate=rate, width=size[0], height=size[1], pix_fmt="yuv420p", options=_ONE_THREAD)
        audio = out.add_stream(sound_codec, rate=48000, layout="stereo") if sound_codec else None
        assert isinstance(video, av.VideoStream)
        pixels = np.full((size[1], size[0], 3), grey, np.uint8)
        for number in range(round(rate * seconds)):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if isinstance(audio, av.AudioStream):
            tone = (np.sin(np.arange(round(48000 * seconds)) / 16) * amplitude).astype(np.float32)
            wave_frame = av.AudioFrame.from_ndarray(np.stack([tone, tone]), format="fltp", layout="stereo")
            wave_frame.sample_rate, wave_frame.pts = 48000, 0
            resampler = av.AudioResampler(audio.format, "stereo", 48000, frame_size=audio.frame_size)
            for piece in [*resampler.resample(wave_frame), *resampler.resample(None)]:
                out.mux(audio.encode(piece))
            out.mux(audio.encode(None))
    return path


def wav(seconds: float = 1.5) -> bytes:
    """Encode stereo silence."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(bytes(int(8000 * seconds) * 4))
    return file.getvalue()


def pdf(*pages: str, password: str = "") -> bytes:
    """Make a PDF with one line of text per page; "": a page without text."""
    writer = PdfWriter()
    for text in pages:
        page = writer.add_blank_page(300, 300)
        if text:
            font = DictionaryObject(
                {
                    NameObject("/Type"): NameObject("/Font"),
                    NameObject("/Subtype"): NameObject("/Type1"),
                    NameObject("/BaseFont"): NameObject("/Helvetica"),
                }
            )
            fonts = DictionaryObject({NameObject("/F1"): font})
            page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
            content = DecodedStreamObject()
            content.set_data(f"BT /F1 12 Tf 20 200 Td ({text}) Tj ET".encode())
            page[NameObject("/Contents")] = writer._add_object(content)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def slow_pdf(pages: int = 200, operators: int = 400_000) -> bytes:
    """Make a small PDF that takes seconds a page: all pages share one long stream that shows blanks."""
    content = zlib.compress(b"BT /F1 12 Tf " + b"( ) Tj " * operators + b"ET", 9)
    kids = " ".join(f"{5 + number} 0 R" for number in range(pages))
    page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 3 0 R /Resources << /Font << /F1 4 0 R >> >> >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {pages} /Kids [{kids}] >>".encode(),
        f"<< /Filter /FlateDecode /Length {len(content)} >>\nstream\n".encode() + content + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        *(page.encode() for _ in range(pages)),
    ]
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def huge_png(side: int = 13_300) -> bytes:
    """Make a small PNG of many pixels (177 million by default), black and white."""
    row = bytes(1 + (side + 7) // 8)
    packer = zlib.compressobj(1)
    pixels = b"".join([*(packer.compress(row * 100) for _ in range(side // 100)), packer.flush()])

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def noise(width: int, height: int, form: str = "PNG") -> bytes:
    """Encode random pixels, which compress badly."""
    pixels = np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form, quality=95)
    return file.getvalue()


async def read_attachments(
    files: Mapping[str, bytes],
    *,
    has_vision: bool = False,
    sized: bool = True,
    seconds: float = 60,
    tokens: int = 8000,
    max_bytes: int = 20_000_000,
) -> AttachmentContents:
    async def opened(attachment: Attachment) -> AsyncIterator[bytes]:
        data = files[attachment.name]
        for start in range(0, len(data), 1000):
            yield data[start : start + 1000]

    attachments = [Attachment(name=n, size=len(d) if sized else None) for n, d in files.items()]
    reader = AttachmentReader(max_bytes=max_bytes, parse_seconds=seconds)
    async with reader.read(source_of(attachments, opened), max_tokens=tokens, has_vision=has_vision) as contents:
        return contents


def source_of(attachments: Sequence[Attachment], opened: OpenAttachment) -> AttachmentSource:
    return AttachmentSource(attachments=attachments, open_attachment=opened, person="ada", locale="en")
