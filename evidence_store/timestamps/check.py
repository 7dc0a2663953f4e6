"""Is a time stamp good (FORMAT 8.3, RFC 3161 §2.4.2)? Pure: bytes in, an answer or our own error out.

Two implementations have to agree on signature, certificate and chain: rfc3161-client, and our own `second`. Where
rfc3161-client is not installed (verify.pyz), the second judges alone, and the stamp says so. Each VerifierBuilder is
made afresh with lists of its own, because builders of that library share the lists they were given.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from asn1crypto import cms, core, tsp
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from evidence_store.errors import Malformed, TimestampError
from evidence_store.timestamps.der import with_sorted_certificates
from evidence_store.timestamps.second import verify_token

try:
    import rfc3161_client
except ImportError:  # a stranger with verify.pyz has Python and `cryptography`, no more
    rfc3161_client = None  # type: ignore[assignment]

MAX_BYTES = 1_000_000
NO_LEGAL_VALUE = "NO LEGAL VALUE"

UNREADABLE = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    OverflowError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What the libraries raise for bytes that are not what they should be."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a good token says."""

    at: datetime
    """genTime, UTC; fractions of a second kept where the authority gives them."""
    signer: str
    """Common name of the signing certificate."""
    serial: int
    policy: str
    """OID of the authority's policy."""
    certificate_serial: int = 0
    """Serial number of the signing certificate."""
    checked_by: tuple[str, ...] = ()
    """Implementations that judged it."""

    @property
    def has_legal_value(self) -> bool:
        """False for the local authority of tests and the demo (FORMAT 8.4)."""
        return NO_LEGAL_VALUE not in self.signer


def check_stamp(digest: bytes, query: bytes, response: bytes, roots: bytes) -> Stamp:
    """The stamp in `response`, if it is good for `digest` and answers `query`.

    Args:
        digest: SHA-256 of what was stamped, 32 bytes.
        query: DER TimeStampReq as sent.
        response: DER TimeStampResp as received.
        roots: PEM certificates that the chain may lead to.

    Raises:
        TimestampError: it is not good; the message says why.
    """
    if len(query) > MAX_BYTES or len(response) > MAX_BYTES:
        raise TimestampError("a query or response larger than a megabyte")
    asked = _read_query(query)
    info, _, _ = _read_response(response)
    _same_imprint("query", asked["message_imprint"], digest, "sha256")
    if info["nonce"].native != asked["nonce"].native:
        raise TimestampError("the response answers another query: the nonces differ")
    return _judge(response, digest, "sha256", roots)


def check_token(token: bytes, digest: bytes, hash_name: str, roots: bytes) -> Stamp:
    """The same for a bare token (DER ContentInfo), as an evidence record holds it; there is no query to compare.

    Raises:
        TimestampError: it is not good; the message says why.
    """
    if len(token) > MAX_BYTES:
        raise TimestampError("a token larger than a megabyte")
    try:
        status = tsp.PKIStatusInfo({"status": "granted"}).dump()
        body = status + token
        response = core.Sequence(contents=body).dump()
    except UNREADABLE as error:
        raise TimestampError(f"not a time-stamp token: {error}") from error
    return _judge(response, digest, hash_name, roots)


def _judge(response: bytes, digest: bytes, hash_name: str, roots: bytes) -> Stamp:
    info, certificates, signed = _read_response(response)
    _same_imprint("response", info["message_imprint"], digest, hash_name)
    signer, known = _signing_certificate(certificates), _load_roots(roots)
    try:
        verify_token(signed, info, signer, known)
    except UNREADABLE as error:
        raise TimestampError(f"the token does not verify: {error}") from error
    if rfc3161_client is not None:
        _verify_signature(digest, response, known)
    return Stamp(
        at=info["gen_time"].native.astimezone(UTC),
        signer=_common_name(signer),
        serial=info["serial_number"].native,
        policy=info["policy"].native,
        certificate_serial=signer.serial_number,
        checked_by=("ipguard", *(("rfc3161-client",) if rfc3161_client is not None else ())),
    )


def _read_query(query: bytes) -> tsp.TimeStampReq:
    try:
        asked = tsp.TimeStampReq.load(query, strict=True)
        _ = asked.native
    except UNREADABLE as error:
        raise TimestampError(f"the query is not a TimeStampReq: {error}") from error
    return asked


def _read_response(response: bytes) -> tuple[tsp.TSTInfo, list[x509.Certificate], cms.SignedData]:
    try:
        answer = tsp.TimeStampResp.load(response, strict=True)
        status = answer["status"]["status"].native
        if status not in ("granted", "granted_with_mods"):
            raise TimestampError(f"the authority refused: {status}")
        signed: cms.SignedData = answer["time_stamp_token"]["content"]
        info: tsp.TSTInfo = signed["encap_content_info"]["content"].parsed
        if not isinstance(info, tsp.TSTInfo):
            raise TimestampError("the response stamps something that is no time-stamp token")
        _ = info.native
        certificates = [x509.load_der_x509_certificate(c.chosen.dump()) for c in signed["certificates"]]
    except UNREADABLE as error:
        raise TimestampError(f"the response is not a TimeStampResp: {error}") from error
    return info, certificates, signed


def _same_imprint(which: str, imprint: tsp.MessageImprint, digest: bytes, hash_name: str) -> None:
    if imprint["hash_algorithm"]["algorithm"].native != hash_name:
        raise TimestampError(f"the {which} is not over {hash_name}")
    if imprint["hashed_message"].native != digest:
        raise TimestampError(f"the {which} is over something else")


def _signing_certificate(certificates: list[x509.Certificate]) -> x509.Certificate:
    """The one certificate that may stamp: key usage timeStamping, critical, alone (RFC 3161 §2.3)."""
    found = []
    for certificate in certificates:
        try:
            usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        except (x509.ExtensionNotFound, *UNREADABLE):
            continue
        if usage.critical and list(usage.value) == [ExtendedKeyUsageOID.TIME_STAMPING]:
            found.append(certificate)
    if len(found) != 1:
        raise TimestampError(f"{len(found)} certificates in the response may stamp, not one")
    return found[0]


def _load_roots(roots: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(roots)
    except UNREADABLE as error:
        raise TimestampError(f"the roots are not PEM certificates: {error}") from error


def _verify_signature(digest: bytes, response: bytes, roots: list[x509.Certificate]) -> None:
    try:
        answer = rfc3161_client.decode_timestamp_response(with_sorted_certificates(response))
        present = [x509.load_der_x509_certificate(der) for der in answer.signed_data.certificates]
        known = {root.public_bytes(Encoding.DER) for root in roots}
        between = [c for c in present if _is_authority(c) and c.public_bytes(Encoding.DER) not in known]
        verifier = rfc3161_client.VerifierBuilder(roots=list(roots), intermediates=between).build()
        verifier.verify(answer, digest)
    except (rfc3161_client.VerificationError, Malformed, *UNREADABLE) as error:
        raise TimestampError(f"the token does not verify: {error}") from error


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, *UNREADABLE):
        return False


def _common_name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()
