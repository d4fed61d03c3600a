"""Links that sign a person in once: made by whoever has the service's key, also in another process."""

import base64
import binascii
import hmac
import json
import secrets
import time
from collections.abc import Callable
from hashlib import sha256
from urllib.parse import quote

from pydantic import SecretStr

from bot.i18n import operator_locale
from bot.security.keys import signing_key
from bot.security.value_signer import derive_key
from bot.settings.core import Settings
from bot.sign_in.address import PageAddress
from bot.sign_in.visitor import Visitor
from bot.values import valueclass

#: Seconds for which a link works.
LIFETIME = 600
#: JSON of the answer, with status 404, to the command line that names no request.
UNKNOWN = {"error": "unknown"}
#: Path of the pages, below which is everything that is theirs.
ROOT = "/cockpit"
#: Path to which an identity provider sends the browser back.
CALLBACK = f"{ROOT}/oidc/callback"


@valueclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """The content of a link. `nonce` names it, so that it can be used up."""

    visitor: Visitor
    nonce: str
    expires: float  #: seconds since 1970


class LinkSigner:
    """Signs the tokens in the links and verifies them."""

    def __init__(
        self, secret: SecretStr, *, purpose: bytes = b"cockpit link", now: Callable[[], float] = time.time
    ) -> None:
        """`purpose`: what the tokens are for; one for another purpose is none."""
        self._key = derive_key(secret, purpose)
        self._now = now

    def sign(self, visitor: Visitor) -> str:
        """Return a token that signs this person in, once and soon."""
        fields = {"visitor": visitor.to_json(), "nonce": secrets.token_urlsafe(16), "expires": self._now() + LIFETIME}
        payload = _encode(json.dumps(fields).encode())
        return f"{payload}.{self._signature(payload)}"

    def verify(self, token: str) -> SignIn | None:
        """Return what a token says; None: it is not ours, or its time is over. It may have been used before."""
        payload, _, signature = token.partition(".")
        if not hmac.compare_digest(self._signature(payload).encode(), signature.encode()):
            return None
        try:
            fields = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
            found = SignIn(
                visitor=Visitor.from_json(fields["visitor"]), nonce=fields["nonce"], expires=fields["expires"]
            )
        except (binascii.Error, ValueError, KeyError, TypeError):  # signed by another version
            return None
        return found if found.expires > self._now() else None

    def _signature(self, payload: str) -> str:
        return _encode(hmac.digest(self._key, payload.encode(), sha256))


def caller_signer(secret: SecretStr, method: str, target: str, body: bytes) -> LinkSigner:
    """Return what signs and verifies the command line's call of the running service: this call alone.

    A program that listens on the service's port in its place gets a token that does nothing else. `target`: path and
    query.
    """
    call = f"{method} {target}\n".encode() + body
    return LinkSigner(secret, purpose=b"cockpit caller " + sha256(call).digest())


def operator_link(settings: Settings, port: int | None = None) -> str:
    """Return a link that signs the operator in; "" where there are no pages. Raises `SettingsError`.

    `port`: that the server got, where any was asked for.
    """
    address = PageAddress.from_settings(settings)
    if address.problem:
        return ""
    visitor = Visitor(is_operator=True, locale=operator_locale())
    return link(address.base_url(port), LinkSigner(signing_key(settings)).sign(visitor))


def link(base_url: str, token: str) -> str:
    """Return the address of the page that signs in with a token."""
    return f"{base_url.rstrip('/')}{ROOT}/enter?token={quote(token)}"


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
