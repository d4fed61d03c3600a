"""Encryption of secrets in the database, such as the tokens of workspaces that installed the service."""

import base64
import hashlib
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr


class TokenCipher:
    """Encrypts with the first key and decrypts with all, so that a new key can be put in front of the old ones.

    A text encrypted for one purpose can't be decrypted for another.
    """

    def __init__(self, keys: Sequence[SecretStr], *, purpose: str = "vault") -> None:
        """`keys`: unguessable texts, at least one."""
        fernets = [Fernet(_derive_key(key.get_secret_value(), purpose)) for key in keys]
        self._newest = fernets[0]
        self._all = MultiFernet(fernets)

    def encrypt(self, text: str) -> str:
        """Encrypt and sign a text with the first key."""
        return self._newest.encrypt(text.encode()).decode("ascii")

    def decrypt(self, token: str) -> str | None:
        """Decrypt a token; None: it was encrypted with none of the keys."""
        try:
            return self._all.decrypt(token.encode()).decode()
        except InvalidToken:
            return None

    def is_current(self, token: str) -> bool:
        """Return whether a token was encrypted with the first key."""
        try:
            self._newest.decrypt(token.encode())
        except InvalidToken:
            return False
        return True


def _derive_key(key: str, purpose: str) -> bytes:
    """Derive Fernet's 32 bytes from a text, which must be random: the derivation does not slow down guessing."""
    return base64.urlsafe_b64encode(hashlib.sha256(f"channelmuse {purpose}\0{key}".encode()).digest())
