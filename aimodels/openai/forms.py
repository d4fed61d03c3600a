"""Forms with files: how OpenAI-compatible servers take pictures and sound."""

import base64
import binascii
import secrets
from collections.abc import Mapping
from typing import BinaryIO

from aimodels.errors import ConfigurationError
from aimodels.request import Request
from aimodels.transport import FileBody

_EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


def form_request(endpoint: str, fields: Mapping[str, object], pictures: Mapping[str, str]) -> Request:
    """Build a request; `pictures`: data URLs by the name of their field.

    Raises `ConfigurationError` for a broken data URL.
    """
    boundary = secrets.token_hex(16)
    parts = [_part(boundary, f'name="{name}"', str(value).encode()) for name, value in fields.items()]
    for name, url in pictures.items():
        content_type, content = _decode(url)
        file = "image" if name == "input_reference" else name
        disposition = f'name="{name}"; filename="{file}.{_EXTENSIONS.get(content_type, "png")}"'
        parts.append(_part(boundary, disposition, content, content_type))
    form = b"".join([*parts, f"--{boundary}--\r\n".encode()])
    return Request(endpoint, form, content_type=f"multipart/form-data; boundary={boundary}")


def file_request(
    endpoint: str, fields: Mapping[str, object], file: BinaryIO, *, name: str, content_type: str
) -> Request:
    """Build a request with one file, which is read while it is sent; `name`: in ASCII, and without quotes."""
    boundary = secrets.token_hex(16)
    parts = [_part(boundary, f'name="{field}"', str(value).encode()) for field, value in fields.items()]
    head = _head(boundary, f'name="file"; filename="{name}"', content_type)
    body = FileBody(b"".join([*parts, head]), file, f"\r\n--{boundary}--\r\n".encode())
    return Request(endpoint, body, content_type=f"multipart/form-data; boundary={boundary}")


def _part(boundary: str, disposition: str, content: bytes, content_type: str = "") -> bytes:
    return _head(boundary, disposition, content_type) + content + b"\r\n"


def _head(boundary: str, disposition: str, content_type: str) -> bytes:
    head = f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n"
    if content_type:
        head += f"Content-Type: {content_type}\r\n"
    return f"{head}\r\n".encode()


def _decode(data_url: str) -> tuple[str, bytes]:
    head, _, encoded = data_url.partition(",")
    content_type, _, encoding = head.removeprefix("data:").partition(";")
    try:
        return content_type, base64.b64decode(encoded if encoding == "base64" else "-", validate=True)
    except binascii.Error as exc:
        raise ConfigurationError("the image is no data URL in base64") from exc
