"""Signed links that expire: each gives access to one file."""

import base64
import binascii
import hmac
import time
from hashlib import sha256
from urllib.parse import quote

from pydantic import SecretStr

_MAC = 16  # bytes of HMAC-SHA256 kept: 128 bits


def sign_link(secret: SecretStr, path: str, name: str, expires: float) -> str:
    """Return the token for a file.

    `path`: relative to the spool folder; `name`: the name in the URL; `expires`: Unix seconds.
    """
    payload = f"{int(expires):x}/{path}".encode()
    return base64.urlsafe_b64encode(_mac(secret, payload, name) + payload).rstrip(b"=").decode()


def verify_link(secret: SecretStr, token: str, name: str) -> str | None:
    """Return the path of a token's file, relative to the spool folder; None if the token is forged or expired."""
    try:
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    mac, payload = raw[:_MAC], raw[_MAC:]
    if not hmac.compare_digest(mac, _mac(secret, payload, name)):
        return None
    expires, _, relative = payload.decode().partition("/")
    return relative if int(expires, 16) >= time.time() else None


def media_url(public_url: str, token: str, name: str) -> str:
    """Return the URL of the file on this service's web server."""
    return f"{public_url.rstrip('/')}/media/{token}/{quote(name)}"


def _mac(secret: SecretStr, payload: bytes, name: str) -> bytes:
    message = payload + b"\0" + name.encode("utf-8", "surrogatepass")
    return hmac.digest(secret.get_secret_value().encode(), b"media-link\0" + message, sha256)[:_MAC]
