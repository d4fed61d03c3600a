"""Content credentials (C2PA): generated files say that a model made them, and this service can tell which are its own.

A file names neither prompt nor person: its record is encrypted, and leads to the event that made it for as long as
that is kept. Each file has a signer of its own: the child process that handles the file never has the service's key.
Needs the extra `provenance`.
"""

import asyncio
import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pydantic import SecretStr

from bot.isolation.process import Limits, ParsingFailed, run_isolated
from bot.security.token_cipher import TokenCipher

log = structlog.get_logger(__name__)

State = Literal["none", "foreign", "broken", "own", "damaged", "unreadable"]

#: The types that can carry credentials.
CARRIERS = frozenset(
    {
        *("image/png", "image/jpeg", "image/webp", "image/gif", "video/mp4", "video/quicktime"),
        *("audio/mpeg", "audio/wav", "audio/mp4", "audio/flac"),
    }
)
_CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of the curve's group
_FROM, _UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2076, 1, 1, tzinfo=UTC)
_SECONDS = 30.0
_MEMORY, _MOST_BYTES, _MOST_RECORD = 2 << 30, 1 << 30, 10_000


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a file says of its making."""

    state: State  #: "own": this service made exactly this file; "broken": it made one that was changed afterwards
    event: str = ""  #: id of the event that made it
    at: datetime | None = None


class ContentCredentials:
    """Writes credentials into files and reads them. `key`: the service's, from which its authority follows."""

    def __init__(self, key: SecretStr) -> None:
        self._key = key
        self._cipher = TokenCipher([key], purpose="content credentials")

    @property
    def is_available(self) -> bool:
        """Whether the library is installed."""
        return find_spec("c2pa") is not None

    async def sign(self, path: Path, content_type: str, event: str) -> None:
        """Put credentials into a file, in place; one that can't carry them stays as it is."""
        if content_type not in CARRIERS:
            return
        target = path.with_name(f"{path.stem}.signed.part")
        record = json.dumps({"event": event, "at": datetime.now(UTC).isoformat(timespec="seconds")})
        task = json.dumps({"record": self._cipher.encrypt(record), **self._make_signer()}).encode()
        limits = Limits(seconds=_SECONDS, memory=_MEMORY, file_size=_MOST_BYTES)
        options = {"source": str(path), "target": str(target), "content_type": content_type}
        try:
            await run_isolated("bot.isolation.credentials:sign", task, limits, options)
            await asyncio.to_thread(target.replace, path)
        except ParsingFailed as exc:
            log.info("no content credentials", type=content_type, reason=exc.reason)
        finally:
            with suppress(OSError):
                await asyncio.shield(asyncio.to_thread(target.unlink, missing_ok=True))

    async def read(self, data: bytes | bytearray, content_type: str) -> Credentials:
        """Return what a file says of its making; nothing in it is believed that this service has not signed."""
        if content_type not in CARRIERS:
            return Credentials("unreadable")
        limits = Limits(seconds=_SECONDS, memory=_MEMORY, output=_MOST_RECORD)
        options = {"content_type": content_type, "authority": _pem(self._authority).decode()}
        try:
            state, record = await run_isolated("bot.isolation.credentials:read", data, limits, options)
        except ParsingFailed as exc:
            log.info("content credentials not read", type=content_type, reason=exc.reason)
            return Credentials("damaged")
        if state not in {"own", "broken"}:
            return Credentials("none" if state == "none" else "foreign")
        plain = self._cipher.decrypt(record.decode("ascii", "replace"))
        if plain is None:
            return Credentials("foreign")
        told = json.loads(plain)
        return Credentials("own" if state == "own" else "broken", told["event"], datetime.fromisoformat(told["at"]))

    @cached_property
    def _authority_key(self) -> ec.EllipticCurvePrivateKey:
        digest = hashlib.sha512(f"channelmuse content authority\0{self._key.get_secret_value()}".encode()).digest()
        return ec.derive_private_key(int.from_bytes(digest) % (_ORDER - 1) + 1, _CURVE)

    @cached_property
    def _authority(self) -> x509.Certificate:
        public = self._authority_key.public_key()
        return (
            _certificate("channelmuse authority", public)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .sign(self._authority_key, hashes.SHA256())
        )

    def _make_signer(self) -> dict[str, str]:
        """Return a new key for one file, and its chain of certificates."""
        key = ec.generate_private_key(_CURVE)
        signer = (
            _certificate("channelmuse", key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._authority_key.public_key()), critical=False
            )
            .sign(self._authority_key, hashes.SHA256())
        )
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        private = key.private_bytes(encoding, form, serialization.NoEncryption())
        return {"key": private.decode(), "chain": (_pem(signer) + _pem(self._authority)).decode()}


def _certificate(name: str, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name("channelmuse authority"))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)
        .not_valid_after(_UNTIL)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _name(name: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "channelmuse"), x509.NameAttribute(NameOID.COMMON_NAME, name)]
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
