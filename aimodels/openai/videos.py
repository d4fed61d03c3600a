"""POST /videos: a form in, a job out, whose file is an endpoint of its own."""

import base64
import binascii
import secrets
from collections.abc import Mapping

from pydantic_core import to_json

from aimodels.errors import ConfigurationError
from aimodels.request import Request

VIDEOS_ENDPOINT = "/videos"

_EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


def video_request(fields: Mapping[str, object], image: str | None) -> Request:
    """Build the request; `image` is an https or data URL. Raises `ConfigurationError` for a broken data URL."""
    if image is not None and not image.startswith("data:"):
        # A form has files only: an address is sent as the JSON form of the same request.
        return Request(VIDEOS_ENDPOINT, to_json({**fields, "input_reference": {"image_url": image}}))
    boundary = secrets.token_hex(16)
    parts = [_part(boundary, f'name="{name}"', str(value).encode()) for name, value in fields.items()]
    if image is not None:
        content_type, content = _decode(image)
        name = f'name="input_reference"; filename="image.{_EXTENSIONS.get(content_type, "png")}"'
        parts.append(_part(boundary, name, content, content_type))
    form = b"".join([*parts, f"--{boundary}--\r\n".encode()])
    return Request(VIDEOS_ENDPOINT, form, content_type=f"multipart/form-data; boundary={boundary}")


def _part(boundary: str, disposition: str, content: bytes, content_type: str = "") -> bytes:
    head = f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n"
    if content_type:
        head += f"Content-Type: {content_type}\r\n"
    return f"{head}\r\n".encode() + content + b"\r\n"


def _decode(data_url: str) -> tuple[str, bytes]:
    head, _, encoded = data_url.partition(",")
    content_type, _, encoding = head.removeprefix("data:").partition(";")
    try:
        return content_type, base64.b64decode(encoded if encoding == "base64" else "-", validate=True)
    except binascii.Error as exc:
        raise ConfigurationError("the image is no data URL in base64") from exc
