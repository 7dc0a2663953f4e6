"""Changing the log's key (FORMAT 4.6, 6.4): the old key signs the new one, the new one agrees, the log holds it.

Who trusts a first key and sees such entries in the log can follow to the key of today. Pure.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from evidence_store import canonical
from evidence_store.canonical import Object, moment
from evidence_store.dsse import pre_authentication
from evidence_store.errors import Malformed
from evidence_store.log.note import VerifierKey, parse_vkey, verifier_of

FORMAT = "ipguard-key/1"
PAYLOAD_TYPE = "application/vnd.ipguard.key+json"
FIELDS = {"at", "format", "log", "new", "old", "signatures", "why"}


def rotation(old: Ed25519PrivateKey, new: Ed25519PrivateKey, origin: str, at: datetime, why: str) -> bytes:
    """The payload of a `key` entry: `new` takes over from `old`, signed by both."""
    said: Object = {
        "format": FORMAT,
        "log": origin,
        "at": moment(at),
        "why": why,
        "old": str(verifier_of(origin, old)),
        "new": str(verifier_of(origin, new)),
    }
    message = _message(said)
    signatures: Object = {
        name: base64.b64encode(key.sign(message)).decode() for name, key in (("old", old), ("new", new))
    }
    return canonical.encode({**said, "signatures": signatures})


def check_rotation(payload: bytes, trusted: VerifierKey) -> VerifierKey:
    """The key that takes over from `trusted`.

    Raises:
        Malformed: another form, another log, another old key, or a signature that does not fit.
    """
    fields = canonical.decode(payload)
    signatures = fields.get("signatures")
    if set(fields) != FIELDS or fields["format"] != FORMAT or not isinstance(signatures, dict):
        raise Malformed("a change of key of another form")
    canonical.parse_moment(fields["at"])
    old, new = parse_vkey(str(fields["old"])), parse_vkey(str(fields["new"]))
    if old != trusted:
        raise Malformed("a change of key that takes over from another key")
    if new == old or {old.name, new.name, fields["log"]} != {trusted.name}:
        raise Malformed("a change of key to another log, or to the same key")
    message = _message({name: value for name, value in fields.items() if name != "signatures"})
    for name, key in (("old", old), ("new", new)):
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(_raw(signatures.get(name)), message)
        except (InvalidSignature, ValueError) as error:
            raise Malformed(f"a change of key that the {name} key did not sign") from error
    return new


def follow(trusted: VerifierKey, payloads: Iterable[bytes]) -> VerifierKey:
    """The key of today, following changes (oldest first) from a key that is trusted.

    Changes before the trusted key came into use are passed over: a reader may hold any key of the chain.
    """
    started = False
    for payload in payloads:
        fields = canonical.decode(payload)
        started = started or fields.get("old") == str(trusted)
        if started:
            trusted = check_rotation(payload, trusted)
    return trusted


def _message(said: Object) -> bytes:
    return pre_authentication(canonical.encode(said), PAYLOAD_TYPE)


def _raw(text: object) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except binascii.Error as error:
        raise Malformed("a signature that is not base64") from error
