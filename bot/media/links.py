"""Signed links that stop working: who has one may fetch that one file for a while."""

import base64
import binascii
import hmac
import time
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from pydantic import SecretStr

_MAC = 16  # bytes of HMAC-SHA256 kept: 128 bits


def sign(secret: SecretStr, path: str, name: str, expires: float) -> str:
    """The token for a file: its path in the folder, the time (Unix seconds) it works until, and their signature."""
    payload = f"{int(expires):x}/{path}".encode()
    return base64.urlsafe_b64encode(_mac(secret, payload, name) + payload).rstrip(b"=").decode()


def verify(secret: SecretStr, token: str, name: str, folder: Path) -> Path | None:
    """The file that a token and a name stand for; None when forged, expired, gone or outside the folder."""
    try:
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    mac, payload = raw[:_MAC], raw[_MAC:]
    if not hmac.compare_digest(mac, _mac(secret, payload, name)):
        return None
    expires, _, relative = payload.decode().partition("/")
    if int(expires, 16) < time.time():
        return None
    root = folder.resolve()
    path = (root / relative).resolve()
    return path if path.is_relative_to(root) and path.is_file() else None


def address(public_url: str, token: str, name: str) -> str:
    """Where our web server shows the file."""
    return f"{public_url.rstrip('/')}/media/{token}/{quote(name)}"


def _mac(secret: SecretStr, payload: bytes, name: str) -> bytes:
    message = payload + b"\0" + name.encode("utf-8", "surrogatepass")
    return hmac.digest(secret.get_secret_value().encode(), b"media-link\0" + message, sha256)[:_MAC]
