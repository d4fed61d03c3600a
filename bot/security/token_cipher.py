"""Seals what must not lie readable in the database: tokens of workspaces that installed the service."""

import base64
import hashlib
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr


class TokenCipher:
    """The first key seals; all of them unseal, so that a new key can be put in front of the old ones."""

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        """`keys`: any texts nobody can guess, at least one."""
        fernets = [Fernet(_derived(key.get_secret_value())) for key in keys]
        self._newest = fernets[0]
        self._all = MultiFernet(fernets)

    def seal(self, text: str) -> str:
        """The text, encrypted and signed by the first key."""
        return self._newest.encrypt(text.encode()).decode("ascii")

    def unseal(self, sealed: str) -> str | None:
        """What was sealed; None when none of the keys sealed it."""
        try:
            return self._all.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None

    def is_current(self, sealed: str) -> bool:
        """Whether the first key sealed it."""
        try:
            self._newest.decrypt(sealed.encode())
        except InvalidToken:
            return False
        return True


def _derived(key: str) -> bytes:
    """Fernet's 32 bytes from a text of any length; it must be random, as nothing here slows guessing down."""
    return base64.urlsafe_b64encode(hashlib.sha256(b"channelmuse vault\0" + key.encode()).digest())
