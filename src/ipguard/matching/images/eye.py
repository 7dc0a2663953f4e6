"""Looking at pictures, and comparing those seen before, in another process that keeps the index open.

One for a process, shared by all its jobs. Each call names the index folder, so the one in use may change between two.
What is kept of a picture is the fingerprint of each frame that was looked at, one behind the other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ipguard.matching.finding import Finding
from ipguard.matching.images.decode import Undecodable, decode_frames
from ipguard.matching.images.embedding import Embedder, EmbeddingVoice, Model, ReferenceVectors
from ipguard.matching.images.fingerprint import VERSION, BadFingerprint, Fingerprint, fingerprint_of
from ipguard.matching.images.index import ReferenceIndex
from ipguard.matching.images.isolation import CRASHED, Isolated
from ipguard.matching.images.matcher import match_frames
from ipguard.matching.images.picture_text import RapidOcr, text_of
from ipguard.matching.images.voices import PictureVoice, look_with
from ipguard.matching.seen import Pair, Print, Seen

HEAD = 8
"""Bytes before each frame: its number and the length of its fingerprint, big-endian."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked beside hashes and features."""

    text: bool = False
    """Read text in pictures."""
    model: Model | None = None
    """Compare by the embeddings of this model …"""
    vectors: str = ""
    """… with the vectors of the references that are kept in this folder."""

    @property
    def version(self) -> str:
        """Changes whenever the same picture might be told otherwise; empty where nothing is asked.

        Raises:
            NotConfigured: what runs it is not installed, or the model is none.
        """
        said = [RapidOcr().version] if self.text else []
        return " ".join([*said, Embedder(self.model).version] if self.model else said)


NOTHING_ELSE = Asked()


class Eye:
    """The picture process. Close it when done."""

    def __init__(self, asked: Asked = NOTHING_ELSE) -> None:
        self._isolated, self._asked = Isolated(), asked

    def look(self, folder: Path, data: bytes, sha256: str) -> Seen:
        """Decode once: what a picture shows and its fingerprint; a crash or a stall is a named reason."""
        return self._isolated.run(look, str(folder), data, sha256, self._asked, key=sha256) or Seen(
            skipped=CRASHED
        )

    def compare(
        self, folder: Path, kept: Mapping[str, bytes], only: Collection[Pair] | None = None
    ) -> dict[str, tuple[Finding, ...]]:
        """What pictures show, by their fingerprints, of some references or of all.

        Those whose fingerprint cannot be read, and all after a crash, are left out: look at them.
        """
        if self._asked.model is not None or (self._asked.text and only is None):
            return {}  # a fingerprint tells hashes and features; embeddings, and text not read yet, need the picture
        chosen = None if only is None else tuple(sorted(only))
        return self._isolated.run(compare, str(folder), tuple(kept.items()), chosen) or {}

    def close(self) -> None:
        """End the process."""
        self._isolated.close()


def look(folder: str, data: bytes, sha256: str, asked: Asked = NOTHING_ELSE) -> Seen:
    """Decode a picture; what it shows of the index in `folder`, and what is kept of it."""
    frames = decode_frames(data)
    if isinstance(frames, Undecodable):
        return Seen(skipped=frames.reason)
    prints = [(frame.frame, fingerprint_of(frame)) for frame in frames]
    first = prints[0][1]
    packed = b"".join(_head(number, one.to_bytes()) for number, one in prints)
    made = Print(VERSION, first.width, first.height, first.bits.tobytes(), packed)
    found = match_frames(_index(folder), prints, sha256).findings
    voices = _voices(folder, asked)
    told = {_pair(finding) for finding in found}
    further = tuple(one for one in look_with(voices, frames, sha256) if _pair(one) not in told)
    reader = _reader() if asked.text else None
    return Seen((*found, *further), fingerprint=made, text=text_of(reader, frames) if reader else "")


def compare(
    folder: str, kept: Sequence[tuple[str, bytes]], only: tuple[Pair, ...] | None
) -> dict[str, tuple[Finding, ...]]:
    """What pictures show, by what was kept of them; those that cannot be read are left out."""
    index = _index(folder) if only is None else _part(folder, only)
    found = {}
    for sha256, data in kept:
        try:
            prints = unpacked(data)
        except BadFingerprint:
            continue
        findings = match_frames(index, prints, sha256).findings
        found[sha256] = tuple(f for f in findings if only is None or _pair(f) in only)
    return found


def unpacked(data: bytes) -> list[tuple[int, Fingerprint]]:
    """(frame, fingerprint) of what is kept of one picture.

    Raises:
        BadFingerprint: it is damaged, or of another version.
    """
    prints, at = [], 0
    while at < len(data):
        number, length = (
            int.from_bytes(data[at : at + 4], "big"),
            int.from_bytes(data[at + 4 : at + HEAD], "big"),
        )
        prints.append((number, Fingerprint.from_bytes(data[at + HEAD : at + HEAD + length])))
        at += HEAD + length
    if not prints:
        raise BadFingerprint("nothing was kept")
    return prints


def _head(number: int, data: bytes) -> bytes:
    return number.to_bytes(4, "big") + len(data).to_bytes(4, "big") + data


def _pair(finding: Finding) -> Pair:
    return finding.work, getattr(finding.place, "reference", "")


@lru_cache(maxsize=2)
def _index(folder: str) -> ReferenceIndex:
    return ReferenceIndex.load(Path(folder))


@lru_cache(maxsize=2)
def _voices(folder: str, asked: Asked) -> tuple[PictureVoice, ...]:
    if asked.model is None:
        return ()
    embedder = Embedder(asked.model)
    return (
        EmbeddingVoice(embedder, ReferenceVectors(Path(asked.vectors), embedder), _index(folder).references),
    )


@lru_cache(maxsize=1)
def _reader() -> RapidOcr:
    return RapidOcr()


@lru_cache(maxsize=2)
def _part(folder: str, only: tuple[Pair, ...]) -> ReferenceIndex:
    """The index of some references alone; a new one is searched for without the others getting in its way."""
    index = _index(folder)
    chosen = {sha256 for _, sha256 in only}
    return index.without({one.sha256 for one in index.references} - chosen)
