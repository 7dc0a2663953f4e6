"""An RFC 3161 authority in this process, for tests, the demo and trying things out.

It has no legal value, and its certificates say so. Its responses are real DER TimeStampResp that
`openssl ts -verify` accepts.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from evidence_store.disk import make_folder, writing
from evidence_store.errors import TimestampError
from evidence_store.timestamps.authority import Token
from evidence_store.timestamps.check import NO_LEGAL_VALUE
from evidence_store.timestamps.query import make_query

POLICY = "1.3.6.1.4.1.99999.1"
"""A policy OID that nobody else uses; what it promises is nothing."""
YEARS = timedelta(days=3650)


class LocalAuthority:
    """Stamps with a key of its own, kept in a folder."""

    def __init__(self, folder: Path, *, now: Callable[[], datetime], name: str = "local") -> None:
        self._folder, self._name, self._now = folder, name, now
        if not (folder / "key.pem").exists():
            _make(folder, now())
        try:
            key = load_pem_private_key((folder / "key.pem").read_bytes(), None)
            self._certificate = x509.load_pem_x509_certificate((folder / "tsa.pem").read_bytes())
            self._roots = (folder / "root.pem").read_bytes()
        except (OSError, ValueError) as error:
            raise TimestampError(f"The local authority in {folder} cannot be used: {error}") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TimestampError(f"The local authority in {folder} has a key of another kind")
        self._key = key

    @property
    def name(self) -> str:
        """Short name."""
        return self._name

    @property
    def roots(self) -> bytes:
        """PEM of its own root."""
        return self._roots

    def stamp(self, digest: bytes) -> Token:
        """Stamp a SHA-256 digest."""
        query = make_query(digest)
        return Token(query, self.answer(query))

    def answer(self, query: bytes) -> bytes:
        """DER TimeStampResp for a DER TimeStampReq, as an authority would send it."""
        try:
            asked = tsp.TimeStampReq.load(query, strict=True)
            imprint, nonce = asked["message_imprint"], asked["nonce"].native
        except (ValueError, TypeError) as error:
            raise TimestampError(f"not a TimeStampReq: {error}") from error
        info = tsp.TSTInfo(
            {
                "version": "v1",
                "policy": POLICY,
                "message_imprint": imprint,
                "serial_number": secrets.randbits(62) | 1 << 62,
                "gen_time": self._now().astimezone(UTC).replace(microsecond=0),
                "accuracy": {"seconds": 1},
                "ordering": False,
                **({"nonce": nonce} if nonce is not None else {}),
            }
        )
        response = tsp.TimeStampResp(
            {
                "status": {"status": "granted"},
                "time_stamp_token": {"content_type": "signed_data", "content": self._signed(info)},
            }
        )
        encoded: bytes = response.dump()
        return encoded

    def _signed(self, info: tsp.TSTInfo) -> cms.SignedData:
        der = self._certificate.public_bytes(Encoding.DER)
        own = asn1_x509.Certificate.load(der)
        encoded = info.dump()
        attributes = cms.CMSAttributes(
            [
                cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
                cms.CMSAttribute({"type": "message_digest", "values": [hashlib.sha256(encoded).digest()]}),
                cms.CMSAttribute(
                    {
                        "type": "signing_certificate_v2",
                        "values": [{"certs": [{"cert_hash": hashlib.sha256(der).digest()}]}],
                    }
                ),
            ]
        )
        ordered = cms.CMSAttributes.load(attributes.dump())
        signature = self._key.sign(ordered.untag().dump(), ec.ECDSA(hashes.SHA256()))
        sha256 = algos.DigestAlgorithm({"algorithm": "sha256"})
        return cms.SignedData(
            {
                "version": "v3",
                "digest_algorithms": [sha256],
                "encap_content_info": {
                    "content_type": "tst_info",
                    "content": core.ParsableOctetString(encoded),
                },
                "certificates": [own],
                "signer_infos": [
                    {
                        "version": "v1",
                        "sid": {
                            "issuer_and_serial_number": {
                                "issuer": own.issuer,
                                "serial_number": own.serial_number,
                            }
                        },
                        "digest_algorithm": sha256,
                        "signed_attrs": ordered,
                        "signature_algorithm": {"algorithm": "sha256_ecdsa"},
                        "signature": signature,
                    }
                ],
            }
        )


def _make(folder: Path, now: datetime) -> None:
    """A throw-away root and a stamping certificate under it; the root's key is not kept."""
    if not folder.exists():
        make_folder(folder, 0o700)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = _named(f"ipguard LOCAL ROOT - {NO_LEGAL_VALUE}")
    root = (
        _certificate(root_name, root_name, root_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    own = (
        _certificate(_named(f"ipguard LOCAL AUTHORITY - {NO_LEGAL_VALUE}"), root_name, key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(authority, critical=False)
        .sign(root_key, hashes.SHA256())
    )
    _write(folder / "root.pem", root.public_bytes(Encoding.PEM), 0o644)
    _write(folder / "tsa.pem", own.public_bytes(Encoding.PEM), 0o644)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write(folder / "key.pem", secret, 0o600)  # last: without it the authority is made anew


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + YEARS)
    )


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        content_commitment=not sign_certificates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _write(path: Path, data: bytes, mode: int) -> None:
    with writing(path, mode=mode) as out:
        out.write(data)
