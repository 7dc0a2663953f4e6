"""A third voice: an embedding model of the user's, an ONNX file; pictures are as alike as the cosine of their vectors.

No model is shipped, and without one nothing here is imported. Which model said something is on record in every
finding, by name and digest, since another file would say something else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ipguard.errors import NotConfigured, WrongUse
from ipguard.matching.finding import Finding, PicturePlace, Quad, Reason
from ipguard.matching.images.decode import Picture, Undecodable, decode
from ipguard.matching.images.index import Reference

VERSION = "1"
AT_THRESHOLD, AT_ONE = 0.5, 0.9
"""Strength of a cosine that just reaches the threshold, and of 1: alone it flags, and it never says where."""
Vectors = NDArray[np.float32]
"""n × dimensions, unit length."""


@dataclass(frozen=True, slots=True)
class Model:
    """Which model, and what it wants to be shown."""

    file: Path
    size: int
    """Edge of the square it is given, pixels; pictures are squeezed to it."""
    mean: tuple[float, float, float]
    """Taken from R, G and B of 0..1 …"""
    deviation: tuple[float, float, float]
    """… before this divides them."""
    threshold: float
    """Cosine from which two pictures are called alike; measure it on pictures of your own."""


class Embedder:
    """The model, loaded: one thread, processor only."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._session = _load(model.file)
        self._input = self._session.get_inputs()[0].name

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of the model file."""
        return hashlib.sha256(self.model.file.read_bytes()).hexdigest()

    @property
    def version(self) -> str:
        """Model and everything that is done to a picture before it is shown one."""
        said = (
            VERSION,
            self.digest,
            self.model.size,
            self.model.mean,
            self.model.deviation,
            self.model.threshold,
        )
        return f"embedding {self.model.file.stem} {hashlib.sha256(repr(said).encode()).hexdigest()[:16]}"

    def embed(self, picture: Picture) -> Vectors:
        """One row.

        Raises:
            WrongUse: the model does not take 1 × 3 × size × size, or does not answer with numbers.
        """
        small = cv2.resize(picture.pixels, (self.model.size,) * 2, interpolation=cv2.INTER_AREA)
        scaled = (small.astype(np.float32) / 255 - self.model.mean) / self.model.deviation
        fed = np.ascontiguousarray(scaled.transpose(2, 0, 1)[None], np.float32)
        from onnxruntime.capi import onnxruntime_pybind11_state as raised

        try:
            answer = np.asarray(self._session.run(None, {self._input: fed})[0], np.float32).reshape(1, -1)
        except (raised.InvalidArgument, raised.Fail, raised.RuntimeException, ValueError) as error:
            raise WrongUse(
                f"The model {self.model.file.name} does not take pictures as 1 × 3 × {self.model.size} × "
                f"{self.model.size}: {error}",
                hint="Correct `size` in [matching.embeddings], or export the model with that input.",
            ) from error
        length = float(np.linalg.norm(answer))
        if not np.isfinite(length):
            raise WrongUse(
                f"The model {self.model.file.name} answered with something that is no number.",
                hint="Check `mean` and `deviation` in [matching.embeddings].",
            )
        return answer / max(length, 1e-9)


class ReferenceVectors:
    """Vectors of the references, kept beside the index in a file named by the model: another model, another file."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        shown = (embedder.digest, embedder.model.size, embedder.model.mean, embedder.model.deviation)
        name = hashlib.sha256(repr(shown).encode()).hexdigest()[:32]
        self._file, self._embedder = folder / f"embeddings-{name}.npz", embedder
        self.digests: tuple[str, ...] = ()
        self.vectors: Vectors = np.zeros((0, 0), np.float32)
        if self._file.exists():
            with np.load(self._file, allow_pickle=False) as kept:
                self.digests = tuple(str(one) for one in kept["digests"])
                self.vectors = np.asarray(kept["vectors"], np.float32)

    def bring_up_to_date(self, digests: Sequence[str], bytes_of: Callable[[str], bytes]) -> int:
        """Embed references that are not there yet, forget those that are gone; returns how many were embedded."""
        known = dict(zip(self.digests, self.vectors, strict=True))
        rows: dict[str, Vectors] = {}
        fresh = 0
        for digest in dict.fromkeys(digests):
            if digest in known:
                rows[digest] = known[digest]
                continue
            picture = decode(bytes_of(digest))
            if not isinstance(picture, Undecodable):
                rows[digest] = self._embedder.embed(picture)[0]
                fresh += 1
        if fresh or len(rows) != len(self.digests):
            self.digests = tuple(rows)
            self.vectors = np.stack(list(rows.values())) if rows else np.zeros((0, 0), np.float32)
            self._write()
        return fresh

    def _write(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        half = self._file.with_suffix(".half.npz")
        np.savez(half, digests=np.array(self.digests, dtype="U64"), vectors=self.vectors)
        half.replace(self._file)


class EmbeddingVoice:
    """Says which references a picture is alike to; a `PictureVoice`."""

    def __init__(
        self, embedder: Embedder, vectors: ReferenceVectors, references: Iterable[Reference]
    ) -> None:
        self._embedder = embedder
        at = {digest: n for n, digest in enumerate(vectors.digests)}
        self._references = [one for one in references if one.sha256 in at]
        self._vectors = vectors.vectors[[at[one.sha256] for one in self._references]]

    @property
    def version(self) -> str:
        """The embedder's."""
        return self._embedder.version

    def see(self, picture: Picture) -> list[Finding]:
        """References at or above the threshold."""
        if not self._references:
            return []
        cosines = (self._vectors @ self._embedder.embed(picture)[0]).astype(float)
        threshold = self._embedder.model.threshold
        return [
            self._finding(picture, reference, cosine)
            for reference, cosine in zip(self._references, cosines.tolist(), strict=True)
            if cosine >= threshold
        ]

    def _finding(self, picture: Picture, reference: Reference, cosine: float) -> Finding:
        threshold = self._embedder.model.threshold
        above = min(1.0, (cosine - threshold) / max(1.0 - threshold, 1e-9))
        values: dict[str, str | int | float] = {
            "reference": reference.name,
            "cosine": round(cosine, 4),
            "threshold": threshold,
            "model": self._embedder.model.file.stem,
            "digest": self._embedder.digest,
        }
        where = PicturePlace(
            "",
            reference.sha256,
            "embedding",
            _whole(picture.width, picture.height),
            _whole(reference.width, reference.height),
        )
        strength = round(AT_THRESHOLD + (AT_ONE - AT_THRESHOLD) * above, 4)
        return Finding(
            "picture", self.version, reference.work, strength, Reason("picture.alike", values), where
        )


def _whole(width: float, height: float) -> Quad:
    return (0.0, 0.0), (width, 0.0), (width, height), (0.0, height)


def _load(file: Path) -> Any:  # noqa: ANN401 — onnxruntime is untyped, and may not be there
    try:
        from onnxruntime.capi import onnxruntime_pybind11_state as raised
        from onnxruntime.capi.onnxruntime_inference_collection import InferenceSession
    except ImportError as error:
        raise NotConfigured(
            "An embedding model is configured, but what runs it is not installed.",
            hint="pip install 'ipguard[embeddings]', or remove [matching.embeddings].",
        ) from error
    if not file.is_file():
        raise NotConfigured(f"There is no model {file}", hint="Correct `model` in [matching.embeddings].")
    options = raised.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    broken = (
        raised.InvalidProtobuf,
        raised.InvalidGraph,
        raised.Fail,
        raised.NotImplemented,
        raised.NoSuchFile,
    )
    try:
        return InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except broken as error:
        raise NotConfigured(
            f"{file} is no ONNX model that can be run: {error}", hint="Export it once more, as ONNX."
        ) from error
