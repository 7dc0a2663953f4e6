"""A second, independent verification of a time-stamp token (RFC 3161 §2.4.2, RFC 5652 §5.4, RFC 5816 §2.2.1).

Pure Python beside `cryptography`: it judges alone in verify.pyz, and elsewhere has to agree with rfc3161-client.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from evidence_store.errors import TimestampError

HASHES: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
"""What a token may be signed with; SHA-1 is not among them."""
MAX_DEPTH = 6
"""Certificates between a token and its root."""


def verify_token(
    signed: cms.SignedData, info: tsp.TSTInfo, signer: x509.Certificate, roots: Sequence[x509.Certificate]
) -> None:
    """Judge signature, attributes and chain of a token whose structure, imprint and key usage were read already.

    Args:
        signed: the CMS SignedData of the token.
        info: its TSTInfo.
        signer: the one certificate in it that may stamp.
        roots: certificates that the chain may lead to; nothing else is trusted.

    Raises:
        TimestampError: it is not good; the message says why.
    """
    infos = signed["signer_infos"]
    if len(infos) != 1:
        raise TimestampError(f"the token has {len(infos)} signers, not one")
    one: cms.SignerInfo = infos[0]
    _names(one["sid"], signer)
    digest = one["digest_algorithm"]["algorithm"].native
    if digest not in HASHES:
        raise TimestampError(f"the token is signed over {digest}, which is not accepted")
    content = bytes(signed["encap_content_info"]["content"])
    _check_attributes(one["signed_attrs"], digest, content, signer)
    _check_signature(one, digest, signer)
    at: datetime = info["gen_time"].native.astimezone(UTC)
    between = [x509.load_der_x509_certificate(c.chosen.dump()) for c in signed["certificates"]]
    if not _leads_to_root(signer, between, roots, at, 0):
        raise TimestampError("its certificate does not lead to one of the roots at the time of the stamp")


def _names(sid: cms.SignerIdentifier, signer: x509.Certificate) -> None:
    """The signer is named by issuer and serial number, or by key identifier (RFC 5652 §5.3)."""
    own = asn1_x509.Certificate.load(signer.public_bytes(Encoding.DER))
    if sid.name == "issuer_and_serial_number":
        same = sid.chosen["serial_number"].native == own.serial_number and (
            sid.chosen["issuer"].dump() == own.issuer.dump()
        )
    else:
        same = sid.chosen.native == own.key_identifier
    if not same:
        raise TimestampError("the token names another signer than the certificate that may stamp")


def _check_attributes(
    attributes: cms.CMSAttributes, digest: str, content: bytes, signer: x509.Certificate
) -> None:
    """Content type, message digest and the signing certificate's digest stand there once each, and are right."""
    found: dict[str, core.Asn1Value] = {}
    for attribute in attributes:
        name = attribute["type"].native
        if name in found or len(attribute["values"]) != 1:
            raise TimestampError(f"the signed attribute {name} stands there twice")
        found[name] = attribute["values"][0]
    if "content_type" not in found or found["content_type"].native != "tst_info":
        raise TimestampError("the signed attributes are about another kind of content")
    if (
        "message_digest" not in found
        or found["message_digest"].native != hashlib.new(digest, content).digest()
    ):
        raise TimestampError("the signed digest is of another content")
    der = signer.public_bytes(Encoding.DER)
    if "signing_certificate_v2" in found:
        named = found["signing_certificate_v2"]["certs"][0]
        own = hashlib.new(named["hash_algorithm"]["algorithm"].native, der).digest()
    elif "signing_certificate" in found:  # SHA-1 by definition (RFC 2634 §5.4); here it only names
        named = found["signing_certificate"]["certs"][0]
        own = hashlib.sha1(der, usedforsecurity=False).digest()
    else:
        raise TimestampError("the token does not say which certificate signed it")
    if named["cert_hash"].native != own:
        raise TimestampError("the token names another certificate as its signer's")


def _check_signature(one: cms.SignerInfo, digest: str, signer: x509.Certificate) -> None:
    signed = one["signed_attrs"].untag().dump()
    signature, algorithm = one["signature"].native, one["signature_algorithm"]
    key = signer.public_key()
    chosen = HASHES[_hash_of(algorithm, digest)]()
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(chosen))
        elif isinstance(key, rsa.RSAPublicKey) and algorithm["algorithm"].native == "rsassa_pss":
            key.verify(signature, signed, padding.PSS(padding.MGF1(chosen), padding.PSS.AUTO), chosen)
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), chosen)
        else:
            raise TimestampError("the token is signed with a key of a kind that is not accepted")
    except (InvalidSignature, UnsupportedAlgorithm) as error:
        raise TimestampError("the token's signature does not fit") from error


def _hash_of(algorithm: algos.SignedDigestAlgorithm, digest: str) -> str:
    """The hash that the signature algorithm names; plain rsaEncryption names none, then it is the digest's."""
    name: str = algorithm["algorithm"].native
    if name == "rsassa_pss":
        found = algorithm["parameters"]["hash_algorithm"]["algorithm"].native
    else:
        found = name.partition("_")[0] if "_" in name and name != "rsassa_pkcs1v15" else digest
    if found not in HASHES:
        raise TimestampError(f"the token is signed over {found}, which is not accepted")
    return str(found)


def _leads_to_root(
    certificate: x509.Certificate,
    between: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    at: datetime,
    depth: int,
) -> bool:
    if depth > MAX_DEPTH or not _valid(certificate, at):
        return False
    der = certificate.public_bytes(Encoding.DER)
    if any(der == root.public_bytes(Encoding.DER) for root in roots):
        return True
    if any(_issued(root, certificate, depth) and _valid(root, at) for root in roots):
        return True
    return any(
        _issued(issuer, certificate, depth) and _leads_to_root(issuer, between, roots, at, depth + 1)
        for issuer in between
        if issuer.public_bytes(Encoding.DER) != der
    )


def _valid(certificate: x509.Certificate, at: datetime) -> bool:
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def _issued(issuer: x509.Certificate, certificate: x509.Certificate, below: int) -> bool:
    """Whether `issuer` may issue and did issue `certificate`, with `below` authorities under it (RFC 5280 §6.1.4)."""
    try:
        limits = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        if not limits.ca or (limits.path_length is not None and limits.path_length < below):
            return False
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
        if not usage.key_cert_sign:
            return False
    except x509.ExtensionNotFound as missing:
        if missing.oid == x509.BasicConstraints.oid:
            return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
