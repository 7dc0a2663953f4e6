"""DSSE envelopes with Ed25519 (FORMAT 10.3): what is signed says what it is."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from evidence_store import canonical
from evidence_store.canonical import Object
from evidence_store.errors import Malformed
from evidence_store.log.note import VerifierKey

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://ipguard.invalid/bundle/v1"


def pre_authentication(payload: bytes, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """The bytes that are signed: DSSE's PAE of type and payload."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def seal(subject: str, sha256: str, key: VerifierKey, sign: Callable[[bytes], bytes]) -> bytes:
    """An envelope that says: the file `subject` has this digest."""
    statement: Object = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": subject, "digest": {"sha256": sha256}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {"log": key.name},
    }
    payload = canonical.encode(statement)
    signature = base64.b64encode(sign(pre_authentication(payload))).decode()
    return canonical.encode(
        {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"keyid": key.key_id.hex(), "sig": signature}],
        }
    )


def unseal(envelope: bytes, subject: str, key: VerifierKey) -> str:
    """The digest that an envelope of `key` names for `subject`.

    Raises:
        Malformed: another form, another key, a wrong signature, or another subject.
    """
    fields = canonical.decode(envelope)
    signatures = fields.get("signatures")
    if fields.get("payloadType") != PAYLOAD_TYPE or not isinstance(signatures, list) or len(signatures) != 1:
        raise Malformed("an envelope of another kind")
    signature = signatures[0]
    if not isinstance(signature, dict) or signature.get("keyid") != key.key_id.hex():
        raise Malformed("the envelope is not signed by the log's key")
    payload = _base64(fields.get("payload"))
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(
            _base64(signature.get("sig")), pre_authentication(payload)
        )
    except InvalidSignature as error:
        raise Malformed("the envelope's signature does not fit") from error
    statement = canonical.decode(payload)
    if statement.get("_type") != STATEMENT_TYPE or statement.get("predicateType") != PREDICATE_TYPE:
        raise Malformed("the envelope holds a statement of another kind")
    match statement.get("subject"):
        case [{"name": str(name), "digest": {"sha256": str(digest)}}] if name == subject:
            return digest
    raise Malformed(f"the statement is not about {subject}")


def _base64(text: object) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("an envelope that is not base64") from error
