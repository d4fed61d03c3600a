"""Small files of every kind, generated for tests."""

import base64
import io
import wave
from fractions import Fraction

import av
import numpy as np
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

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


def film(container: str = "mp4", codec: str = "libx264", seconds: float = 2, noise: bool = False) -> bytes:
    """Encode a video of 320 by 180 pixels; `noise`: of random pixels, which compress badly."""
    file = io.BytesIO()
    random = np.random.default_rng(1)
    with av.open(file, "w", format=container) as out:
        stream = out.add_stream(codec, rate=24, width=320, height=180, pix_fmt="yuv420p")
        assert isinstance(stream, av.VideoStream)
        stream.options = {"crf": "18"}
        for number in range(int(24 * seconds)):
            shape = (180, 320, 3)
            pixels = random.integers(0, 255, shape, np.uint8) if noise else np.full(shape, number * 3 % 255, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        out.mux(stream.encode(None))
    return file.getvalue()


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
