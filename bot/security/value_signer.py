"""Signatures of the values that people send back: of buttons and of forms."""

import base64
import hmac
import json
from dataclasses import field
from functools import cached_property
from hashlib import sha256

from pydantic import SecretStr

from bot.values import valueclass

_BYTES = 8  # of HMAC-SHA256 kept, as ids of buttons are short; a guess is one request to the platform


def derive_key(secret: SecretStr, purpose: bytes = b"button-or-form") -> bytes:
    """Return the key for a purpose, by default these signatures; each is another than the secret, which signs links."""
    return hmac.digest(secret.get_secret_value().encode(), purpose, sha256)


@valueclass(frozen=True)
class HmacSigner:
    """See `bot.ports.ValueSigner`."""

    key: bytes = field(repr=False)
    place: tuple[str, ...]
    person: str = ""

    def sign(self, value: str) -> str:
        """See `ValueSigner.sign`."""
        return self._signature(value, self._prefix)

    def verify(self, value: str, signature: str) -> bool:
        """See `ValueSigner.verify`."""
        given = signature.encode("utf-8", "replace")
        allowed = (self._signature(value, prefix).encode() for prefix in {self._prefix, self._prefix_of("")})
        return any(hmac.compare_digest(given, one) for one in allowed)

    @cached_property
    def _prefix(self) -> bytes:
        return self._prefix_of(self.person)

    def _prefix_of(self, person: str) -> bytes:
        return json.dumps([self.place, person]).encode()

    def _signature(self, value: str, prefix: bytes) -> str:
        # The prefix is a whole JSON list, so that no value can be read as a part of another place.
        message = prefix + value.encode("utf-8", "surrogatepass")
        return base64.urlsafe_b64encode(hmac.digest(self.key, message, sha256)[:_BYTES]).rstrip(b"=").decode()
