"""Throw-away certificates for servers on loopback: good, expired, self-signed."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER


@dataclass(frozen=True)
class Served:
    """What a server shows, and what its friends trust."""

    server: ssl.SSLContext
    trust: ssl.SSLContext
    chain: tuple[bytes, ...]
    """DER, leaf first, as sent."""


def made_for(folder: Path, *names: str, expired: bool = False, self_signed: bool = False) -> Served:
    """A server's certificate for `names` under an authority of its own, which it sends along."""
    now = datetime.now(UTC)
    top_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    top_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Throw-away authority")])
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    top = (
        x509.CertificateBuilder(top_name, top_name, top_key.public_key(), 1)
        .not_valid_before(now - timedelta(days=30)).not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(top_key.public_key()), critical=False)
        .sign(top_key, hashes.SHA256())
    )  # fmt: skip
    own_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    signer = key if self_signed else top_key
    leaf = (
        x509.CertificateBuilder(own_name if self_signed else top_name, own_name, key.public_key(), 2)
        .not_valid_before(now - timedelta(days=3))
        .not_valid_after(now + (timedelta(days=-1) if expired else timedelta(days=3)))
        .add_extension(x509.SubjectAlternativeName([_name(one) for one in names]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )  # fmt: skip
    sent = [leaf] if self_signed else [leaf, top]
    secret = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    bundle = folder / f"{names[0].replace('*', 'any')}.pem"
    bundle.write_bytes(secret + b"".join(one.public_bytes(PEM) for one in sent))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(bundle)
    server.set_alpn_protocols(["http/1.1"])
    trust = ssl.create_default_context(cadata=top.public_bytes(PEM).decode())
    return Served(server, trust, tuple(one.public_bytes(DER) for one in sent))


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)
