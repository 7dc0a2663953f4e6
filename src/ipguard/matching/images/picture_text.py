"""Text in pictures: what sellers write on a picture because nobody searches there. Off unless asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol, cast

import numpy as np

from ipguard.errors import NotConfigured
from ipguard.matching.finding import Finding, Quad, TextPlace
from ipguard.matching.images.decode import Picture

FIELD = "picture_text"
"""The field of a listing that the text matcher reads it as."""
ReadText = Callable[[Mapping[str, str]], Sequence[Finding]]

SURE = 0.6
"""Confidence under which a line is left out: a misread word is worse than none."""
MOST_CHARACTERS = 2_000
"""A picture with more is a page of text."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line that was read."""

    text: str
    quad: Quad
    """Around it, from its upper left corner on; pixels of the picture as decoded upright."""
    confidence: float
    """0..1, the reader's own."""


class ReadsPictureText(Protocol):
    """Reads text in pictures."""

    @property
    def version(self) -> str:
        """Changes whenever the same picture might be read otherwise."""
        ...

    def read(self, picture: Picture) -> Sequence[TextLine]:
        """Lines from top to bottom; none where there is no text."""
        ...


def text_of(reader: ReadsPictureText, frames: Sequence[Picture]) -> str:
    """What can be read with confidence in the frames of one picture, one line a line, each line once."""
    lines = dict.fromkeys(
        line.text.strip() for frame in frames for line in reader.read(frame) if line.confidence >= SURE
    )
    return "\n".join(line for line in lines if line)[:MOST_CHARACTERS]


def names_in(read_text: ReadText, text: str, sha256: str) -> list[Finding]:
    """What a text matcher finds in the text of a picture; the places say which picture.

    Args:
        read_text: finds names in fields, as `TextMatcher.match_listing` does.
        text: as `text_of` gives it.
        sha256: of the picture's bytes, hex.
    """
    return [
        replace(finding, place=replace(finding.place, picture=sha256))
        for finding in (read_text({FIELD: text}) if text else ())
        if isinstance(finding.place, TextPlace)
    ]


class RapidOcr:
    """RapidOCR with the PP-OCR models that its package brings (Apache-2.0): Latin, Chinese and Japanese; offline."""

    @property
    def version(self) -> str:
        """The package's, which brings the models."""
        from importlib.metadata import version

        return f"rapidocr {version('rapidocr')}"

    def read(self, picture: Picture) -> list[TextLine]:
        """Lines as RapidOCR orders them."""
        found = self._engine(np.ascontiguousarray(picture.pixels[:, :, ::-1]))  # it wants BGR
        if found.boxes is None:
            return []
        return [
            TextLine(str(text), _quad(box * picture.scale), float(confidence))
            for text, box, confidence in zip(found.txts, found.boxes, found.scores, strict=True)
        ]

    @cached_property
    def _engine(self) -> Any:  # noqa: ANN401 — rapidocr is untyped, and may not be there
        try:
            from rapidocr import RapidOCR
        except ImportError as error:
            raise NotConfigured(
                "Reading text in pictures was asked for, but what reads it is not installed.",
                hint="pip install 'ipguard[ocr]', or leave `ocr` out of [matching].",
            ) from error
        threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
        return RapidOCR(params={"Global.log_level": "critical", **threads})


def _quad(box: np.ndarray) -> Quad:
    return cast("Quad", tuple((round(float(x), 1), round(float(y), 1)) for x, y in box))
