"""Asking several authorities to stamp one checkpoint: each verified on receipt, a failure loses nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from evidence_store.errors import StoreError, TimestampError
from evidence_store.store import EvidenceStore
from evidence_store.timestamps.authority import TimestampAuthority
from evidence_store.timestamps.check import Stamp, check_stamp


@dataclass(frozen=True, slots=True)
class Stamped:
    """How it went with one authority."""

    authority: str
    stamp: Stamp | None
    problem: str = ""
    """Why there is no stamp, in words."""


def stamp_checkpoint(store: EvidenceStore, authorities: Sequence[TimestampAuthority]) -> tuple[Stamped, ...]:
    """Have the newest checkpoint stamped by every authority that has not stamped it yet.

    A stamp is kept only when it verifies. Asking again later takes up what failed.
    """
    checkpoint = store.newest_checkpoint()
    if checkpoint is None:
        raise StoreError("There is no checkpoint to stamp yet")
    digest = hashlib.sha256(checkpoint).digest()
    present = {line.authority: line for line in store.stamps()}
    results = []
    for authority in authorities:
        try:
            if (line := present.get(authority.name)) is not None:
                good = check_stamp(digest, line.query, line.response, line.roots)
            else:
                token = authority.stamp(digest)
                good = check_stamp(digest, token.query, token.response, authority.roots)
                store.add_stamp(
                    authority.name, query=token.query, response=token.response, roots=authority.roots
                )
        except TimestampError as error:
            results.append(Stamped(authority.name, None, str(error)))
        else:
            results.append(Stamped(authority.name, good))
    return tuple(results)
