"""Having the newest checkpoint cosigned by every witness, before it is stamped; a failure loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from evidence_store.errors import StoreError, WitnessError
from evidence_store.store import EvidenceStore


class Witness(Protocol):
    """Sees checkpoints and says so. Must raise WitnessError, and nothing else, when it does not."""

    @property
    def name(self) -> str:
        """Short name: a-z, 0-9 and dashes."""
        ...

    def cosign(self, checkpoint: bytes, seen: int, prove: Callable[[int], Sequence[bytes]]) -> bytes:
        """A verified signature line over a checkpoint that continues the one of size `seen`."""
        ...


@dataclass(frozen=True, slots=True)
class Witnessed:
    """How it went with one witness."""

    witness: str
    problem: str = ""
    """Why it did not cosign, in words; empty when it did."""


def witness_checkpoint(store: EvidenceStore, witnesses: Sequence[Witness]) -> tuple[Witnessed, ...]:
    """Have the newest checkpoint cosigned by every witness that has not done so yet.

    A checkpoint that was stamped already stands as it is: its witnesses come with the next one.
    """
    present = store.cosigned()
    results = []
    for witness in witnesses:
        try:
            if present.get(witness.name, 0) < store.checkpoint_size and not store.stamps():
                checkpoint = store.checkpoint_at(store.checkpoint_size)
                line = witness.cosign(checkpoint, present.get(witness.name, 0), store.consistency)
                store.add_cosignature(witness.name, line)
        except (WitnessError, StoreError) as error:
            results.append(Witnessed(witness.name, str(error)))
        else:
            results.append(Witnessed(witness.name))
    return tuple(results)
