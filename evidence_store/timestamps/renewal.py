"""Evidence records (RFC 4998): a stamp outlives its certificate and its hash, because a newer one takes it over.

One new stamp takes over any number of records: their hashes become the leaves of a tree (§4.1, §4.2), and each record
keeps its own path. The data object of a record is the note of one checkpoint.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from asn1crypto import cms, core
from cryptography import x509

from evidence_store.errors import Malformed, TimestampError
from evidence_store.timestamps.check import UNREADABLE, Stamp, check_token
from evidence_store.timestamps.der import (
    CONTEXT_0,
    INTEGER,
    OCTETS,
    SEQUENCE,
    inside,
    members,
    tlv,
    with_sorted_certificates,
)

Ask = Callable[[bytes], bytes]
"""Has an authority stamp a digest (32 bytes: SHA-256, 64: SHA-512); gives back the DER response."""
CONTEXT_2 = 0xA2
HASHES = {"sha256": "2.16.840.1.101.3.4.2.1", "sha512": "2.16.840.1.101.3.4.2.3"}
"""Hash → its OID (RFC 5754 §2)."""
MAX_RENEWALS = 200
MAX_RECORD_BYTES = 10_000_000


@dataclass(frozen=True, slots=True)
class Archived:
    """An ArchiveTimeStamp (§4.1): its token and the hash tree that leads to it, byte for byte."""

    token: bytes
    """DER ContentInfo."""
    path: tuple[tuple[bytes, ...], ...] = ()
    """The reduced hash tree: lists of hashes, from the leaf up; empty where the stamp is over the leaf itself."""

    @property
    def hash_name(self) -> str:
        """Hash of the token's imprint.

        Raises:
            Malformed: it does not read, or is over a hash that records do not use.
        """
        try:
            info = cms.ContentInfo.load(self.token)["content"]["encap_content_info"]["content"].parsed
            name: str = info["message_imprint"]["hash_algorithm"]["algorithm"].native
        except UNREADABLE as error:
            raise Malformed(f"an archive time-stamp that does not read: {error}") from error
        if name not in HASHES:
            raise Malformed(f"an archive time-stamp over {name}")
        return name

    def encode(self) -> bytes:
        """DER; the lists of the tree are sorted, as verifiers expect (§4.3)."""
        lists = b"".join(
            tlv(SEQUENCE, b"".join(tlv(OCTETS, member) for member in sorted(part))) for part in self.path
        )
        tree = tlv(CONTEXT_2, lists) if lists else b""
        return tlv(SEQUENCE, tlv(CONTEXT_0, _oid(self.hash_name)) + tree + self.token)


Chain = list[Archived]


@dataclass(frozen=True, slots=True)
class Renewed:
    """What a good record says: every stamp in it, oldest first; the first is the one that counts as the date."""

    stamps: tuple[Stamp, ...]
    hashes: tuple[str, ...]
    """Hash of each chain, oldest first."""
    good_until: datetime
    """End of the newest stamp's certificate: renew before that."""


def first_record(response: bytes) -> bytes:
    """The record that a stamp begins: one chain with one archive time-stamp, the token of `response`.

    Raises:
        TimestampError: the response holds no token.
    """
    return _encode([[_archived(response, ())]])


def renew_stamps(records: Sequence[bytes], ask: Ask) -> list[bytes]:
    """Have the newest stamp of each record stamped anew, under the same hash (§5.2): one new stamp for all.

    Raises:
        TimestampError: the authority gives no stamp. Malformed: one is no record.
    """
    chains = [_chains(record) for record in records]
    if len({one[-1][-1].hash_name for one in chains}) != 1:
        raise Malformed("records under different hashes cannot be renewed together")
    name = chains[0][-1][-1].hash_name
    leaves = [_digest(name, one[-1][-1].token) for one in chains]
    root, paths = _tree(name, leaves)
    response = ask(root)
    return [
        _encode([*one[:-1], [*one[-1], _archived(response, path)]])
        for one, path in zip(chains, paths, strict=True)
    ]


def renew_hash(
    records: Sequence[bytes], data: Sequence[bytes], ask: Ask, *, hash_name: str = "sha512"
) -> list[bytes]:
    """Go over to a stronger hash (§5.3): the data objects and everything before are stamped anew, in a new chain.

    `data[i]` is the data object of `records[i]`.

    Raises:
        TimestampError: the authority gives no stamp. Malformed: one is no record, or the hash is not known.
    """
    if hash_name not in HASHES:
        raise Malformed(f"{hash_name} is not a hash that records are renewed with")
    chains = [_chains(record) for record in records]
    leaves = [_hash_renewal(hash_name, one, of) for one, of in zip(chains, data, strict=True)]
    root, paths = _tree(hash_name, leaves)
    response = ask(root)
    return [_encode([*one, [_archived(response, path)]]) for one, path in zip(chains, paths, strict=True)]


def check_record(record: bytes, data: bytes, roots: bytes, at: datetime | None = None) -> Renewed:
    """What a record says of `data`, if every link of it holds (§5.3, §6).

    Args:
        record: DER EvidenceRecord.
        data: the data object.
        roots: PEM of the roots that each stamp may lead to.
        at: the moment at which the newest stamp's certificate must still be valid; not judged if not given.

    Raises:
        TimestampError: a link does not hold; the message says which.
        Malformed: it is no record.
    """
    chains = _chains(record)
    stamps: list[Stamp] = []
    ends: list[datetime] = []
    for number, chain in enumerate(chains):
        name = chain[0].hash_name
        for position, archived in enumerate(chain):
            if position:
                leaf = _digest(name, chain[position - 1].token)
            elif number:
                leaf = _hash_renewal(name, chains[:number], data)
            else:
                leaf = _digest(name, data)
            if archived.hash_name != name:
                raise TimestampError("a chain of stamps changes its hash half way")
            stamp = check_token(archived.token, _climb(name, archived, leaf), name, roots)
            if stamps and not stamps[-1].at <= stamp.at <= ends[-1]:
                raise TimestampError(
                    "a stamp was renewed before it was made, or after its certificate had ended"
                )
            stamps.append(stamp)
            ends.append(_end(archived.token, stamp))
    if at is not None and at > ends[-1]:
        raise TimestampError("the newest stamp was not renewed before its certificate ended")
    return Renewed(tuple(stamps), tuple(chain[0].hash_name for chain in chains), ends[-1])


def _hash_renewal(name: str, chains: Sequence[Chain], data: bytes) -> bytes:
    """H(H(data) ‖ H(every chain before)) (§5.3)."""
    return _digest(name, _digest(name, data) + _digest(name, _sequence(chains)))


def _tree(name: str, leaves: Sequence[bytes]) -> tuple[bytes, list[tuple[tuple[bytes, ...], ...]]]:
    """Root over the leaves, and each leaf's reduced hash tree (§4.2): lists of hashes, the leaf in the first."""
    if len(leaves) == 1:
        return leaves[0], [()]
    row: list[tuple[bytes, list[int]]] = [(leaf, [n]) for n, leaf in enumerate(leaves)]
    paths: list[list[tuple[bytes, ...]]] = [[] for _ in leaves]
    while len(row) > 1:
        above: list[tuple[bytes, list[int]]] = []
        for start in range(0, len(row), 2):
            pair = row[start : start + 2]
            if len(pair) == 1:
                above.append(pair[0])
                continue
            for (own, below), (other, _) in (pair, pair[::-1]):
                for n in below:
                    paths[n].append((own, other) if not paths[n] else (other,))
            joined = _digest(name, b"".join(sorted(hashed for hashed, _ in pair)))
            above.append((joined, pair[0][1] + pair[1][1]))
        row = above
    return row[0][0], [tuple(path) for path in paths]


def _climb(name: str, archived: Archived, leaf: bytes) -> bytes:
    """The hash that the stamp must be over (§4.3)."""
    found = leaf
    for position, part in enumerate(archived.path):
        if position == 0 and leaf not in part:
            raise TimestampError("a stamp's hash tree does not hold what it should")
        found = _digest(name, b"".join(sorted({*part, found})))
    return found


def _archived(response: bytes, path: tuple[tuple[bytes, ...], ...]) -> Archived:
    try:
        der = with_sorted_certificates(response)
        parts = list(members(der, *inside(der, 0, len(der), SEQUENCE)))
        archived = Archived(der[parts[1][1] : parts[1][2]], path)
        _ = archived.hash_name
    except (Malformed, IndexError) as error:
        raise TimestampError(f"the response holds no time-stamp token: {error}") from error
    return archived


def _encode(chains: Sequence[Chain]) -> bytes:
    """DER EvidenceRecord (§3.1)."""
    names = dict.fromkeys(archived.hash_name for chain in chains for archived in chain)
    algorithms = tlv(SEQUENCE, b"".join(tlv(SEQUENCE, _oid(name)) for name in names))
    return tlv(SEQUENCE, tlv(INTEGER, b"\x01") + algorithms + _sequence(chains))


def _sequence(chains: Sequence[Chain]) -> bytes:
    """DER ArchiveTimeStampSequence (§5.1)."""
    return tlv(SEQUENCE, b"".join(tlv(SEQUENCE, b"".join(one.encode() for one in chain)) for chain in chains))


def _oid(name: str) -> bytes:
    """Contents of an AlgorithmIdentifier without parameters (RFC 5754 §2)."""
    encoded: bytes = core.ObjectIdentifier(HASHES[name]).dump()
    return encoded


def _chains(record: bytes) -> list[Chain]:
    """The chains of a record that `_encode` would write the same way.

    Raises:
        Malformed: it is no record, or one with optional parts that this reader does not judge.
    """
    if len(record) > MAX_RECORD_BYTES:
        raise Malformed("an evidence record larger than ten megabytes")
    parts = list(members(record, *inside(record, 0, len(record), SEQUENCE)))
    if [tag for tag, _, _ in parts] != [INTEGER, SEQUENCE, SEQUENCE]:
        raise Malformed("an evidence record of another form")
    chains = [
        [_read_archived(record, a, b) for _, a, b in members(record, *inside(record, start, end, SEQUENCE))]
        for _, start, end in members(record, *inside(record, *parts[2][1:], SEQUENCE))
    ]
    count = sum(len(chain) for chain in chains)
    if not chains or not all(chains) or count > MAX_RENEWALS:
        raise Malformed("an evidence record without a time stamp, or with too many")
    if _encode(chains) != record:
        raise Malformed("an evidence record in another than its one form")
    return chains


def _read_archived(data: bytes, start: int, end: int) -> Archived:
    path: tuple[tuple[bytes, ...], ...] = ()
    token = b""
    for tag, a, b in members(data, *inside(data, start, end, SEQUENCE)):
        if tag == CONTEXT_2:
            path = tuple(
                tuple(
                    data[slice(*inside(data, x, y, OCTETS))]
                    for _, x, y in members(data, *inside(data, c, d, SEQUENCE))
                )
                for _, c, d in members(data, *inside(data, a, b, CONTEXT_2))
            )
        elif tag == SEQUENCE:
            token = data[a:b]
    return Archived(token, path)


def _end(token: bytes, stamp: Stamp) -> datetime:
    """When the certificate of a stamp's signer ends."""
    certificates = [
        x509.load_der_x509_certificate(c.chosen.dump())
        for c in cms.ContentInfo.load(token)["content"]["certificates"]
    ]
    ends = [c.not_valid_after_utc for c in certificates if c.serial_number == stamp.certificate_serial]
    return min(ends, default=datetime.min.replace(tzinfo=UTC))


def _digest(name: str, data: bytes) -> bytes:
    return hashlib.new(name, data).digest()
