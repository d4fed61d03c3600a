"""The authority of content credentials: its certificate, and a signer of its own for each file.

It is a module of its own, as cryptography takes 9 MB of memory: it is imported when the first file is signed or read.
"""

import hashlib
from datetime import UTC, datetime
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pydantic import SecretStr

_CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of the curve's group
_FROM, _UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2076, 1, 1, tzinfo=UTC)


class ContentAuthority:
    """Follows from the service's key."""

    def __init__(self, key: SecretStr) -> None:
        self._key = key

    @cached_property
    def certificate(self) -> str:
        """The certificate, as PEM."""
        return _pem(self._certificate).decode()

    @cached_property
    def _private_key(self) -> ec.EllipticCurvePrivateKey:
        digest = hashlib.sha512(f"channelmuse content authority\0{self._key.get_secret_value()}".encode()).digest()
        return ec.derive_private_key(int.from_bytes(digest) % (_ORDER - 1) + 1, _CURVE)

    @cached_property
    def _certificate(self) -> x509.Certificate:
        public = self._private_key.public_key()
        return (
            _certificate("channelmuse authority", public)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .sign(self._private_key, hashes.SHA256())
        )

    def make_signer(self) -> dict[str, str]:
        """Return a new key for one file, and its chain of certificates."""
        key = ec.generate_private_key(_CURVE)
        signer = (
            _certificate("channelmuse", key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._private_key.public_key()), critical=False
            )
            .sign(self._private_key, hashes.SHA256())
        )
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        private = key.private_bytes(encoding, form, serialization.NoEncryption())
        return {"key": private.decode(), "chain": (_pem(signer) + _pem(self._certificate)).decode()}


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
