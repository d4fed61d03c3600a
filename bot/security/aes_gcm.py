"""AES-GCM. The library takes 9 MB of memory: it is imported with the first key, and not where nothing is encrypted."""


class InvalidTag(Exception):
    """Something was encrypted with another key, or has been changed since."""


class AESGCM:
    """Encrypts and authenticates."""

    def __init__(self, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers import aead

        self._cipher = aead.AESGCM(key)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """Encrypt; a nonce is for one message."""
        return self._cipher.encrypt(nonce, data, associated_data)

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """Decrypt. Raises `InvalidTag`, and `ValueError` for what is too short."""
        from cryptography import exceptions

        try:
            return self._cipher.decrypt(nonce, data, associated_data)
        except exceptions.InvalidTag as exc:
            raise InvalidTag from exc
