"""C2SP tlog-checkpoints (FORMAT 6): origin, size, root of a log; and the inclusion proofs that end in one."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from evidence_store.errors import Malformed

PROOF_HEADER = "c2sp.org/tlog-proof@v1"
MAX_PATH = 64
"""An audit path is as long as the tree is high; 2^64 entries are not to be expected."""
MAX_PROOF_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log at one size."""

    origin: str
    size: int
    root: bytes
    """32 bytes."""

    def text(self) -> str:
        """The note's text (C2SP tlog-checkpoint)."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class Proof:
    """That an entry stands at `index` of the log under `checkpoint` (FORMAT 7)."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    """The signed note as published."""

    def encode(self) -> bytes:
        """The proof as text."""
        hashes = "".join(f"{base64.b64encode(step).decode()}\n" for step in self.path)
        return f"{PROOF_HEADER}\nindex {self.index}\n{hashes}\n".encode() + self.checkpoint


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint in a note's text.

    Raises:
        Malformed: more or fewer lines (FORMAT 6.3: no extensions), or another encoding of a value.
    """
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0]:
        raise Malformed("a checkpoint has three lines: origin, size, root")
    found = Checkpoint(lines[0], _number(lines[1]), _hash(lines[2]))
    if found.text() != text:
        raise Malformed("a checkpoint in another than its one form")
    return found


def parse_proof(data: bytes) -> Proof:
    """The proof in a tlog-proof text.

    Raises:
        Malformed: it has another form.
    """
    if len(data) > MAX_PROOF_BYTES:
        raise Malformed("a proof larger than 100 kB")
    head, gap, note = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise Malformed("a proof that is not ASCII") from error
    if not gap or len(lines) < 2 or lines[0] != PROOF_HEADER or not lines[1].startswith("index "):
        raise Malformed("a proof has a header, an index, hashes, an empty line and a checkpoint")
    if len(lines) - 2 > MAX_PATH:
        raise Malformed("a proof with more steps than a tree is high")
    proof = Proof(_number(lines[1].removeprefix("index ")), _hashes(lines[2:]), note)
    if proof.encode() != data:
        raise Malformed("a proof in another than its one form")
    return proof


def _hashes(lines: Sequence[str]) -> tuple[bytes, ...]:
    return tuple(_hash(line) for line in lines)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 19 or str(int(text)) != text:
        raise Malformed(f"not a number in its one form: {text[:30]!r}")
    return int(text)


def _hash(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("a hash that is not base64") from error
    if len(raw) != 32 or base64.b64encode(raw).decode() != text:
        raise Malformed("a hash that is not 32 bytes in base64")
    return raw
