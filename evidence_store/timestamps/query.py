"""Time-stamp queries (RFC 3161 §2.4.1)."""

from __future__ import annotations

import secrets

from asn1crypto import tsp

SHA256_BYTES = 32


def make_query(digest: bytes) -> bytes:
    """DER query for a SHA-256 digest, with a 63-bit nonce and asking for the certificate.

    The nonce stays below 2^63, so that its DER is minimal in every reader's integer.
    """
    if len(digest) != SHA256_BYTES:
        raise ValueError("a SHA-256 digest has 32 bytes")
    query = tsp.TimeStampReq(
        {
            "version": "v1",
            "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": digest},
            "nonce": secrets.randbits(62) | 1 << 62,
            "cert_req": True,
        }
    )
    encoded: bytes = query.dump()
    return encoded
