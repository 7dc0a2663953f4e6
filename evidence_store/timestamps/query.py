"""Time-stamp queries (RFC 3161 §2.4.1)."""

from __future__ import annotations

import secrets

from asn1crypto import tsp

HASH_BY_BYTES = {32: "sha256", 64: "sha512"}


def make_query(digest: bytes) -> bytes:
    """DER query for a SHA-256 or SHA-512 digest, with a 63-bit nonce and asking for the certificate.

    The nonce stays below 2^63, so that its DER is minimal in every reader's integer.

    Raises:
        ValueError: the digest has another length.
    """
    if len(digest) not in HASH_BY_BYTES:
        raise ValueError("a SHA-256 digest has 32 bytes, one of SHA-512 has 64")
    imprint = {"hash_algorithm": {"algorithm": HASH_BY_BYTES[len(digest)]}, "hashed_message": digest}
    query = tsp.TimeStampReq(
        {
            "version": "v1",
            "message_imprint": imprint,
            "nonce": secrets.randbits(62) | 1 << 62,
            "cert_req": True,
        }
    )
    encoded: bytes = query.dump()
    return encoded
