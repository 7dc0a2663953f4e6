"""Setting a document with typst: the same template, data and pictures give the same bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

from evidence_store.bundles.papers.fonts import PdfUnavailable, font_paths
from evidence_store.errors import EvidenceError

Standard = Literal["a-2b", "a-3a", "ua-1"]
"""PDF standards that papers are set to, as typst names them."""


def need_typst() -> None:
    """Raise PdfUnavailable where a program that sets documents is missing."""
    try:
        import fontTools  # noqa: F401 — asked for here, so that a missing one is said in time
        import typst  # noqa: F401
    except ImportError as error:
        raise PdfUnavailable(
            "The PDF report needs typst, which is not installed", hint="pip install typst fonttools"
        ) from error


def set_pdf(
    place: Path, template: bytes, data: Mapping[str, object], *, at: datetime, standards: Sequence[Standard]
) -> bytes:
    """A document. Every text comes from `data` and is set as text, never read as markup.

    Args:
        place: a private folder with the pictures that `data` names; data and template are written into it.
        template: typst source; it reads `data.json`.
        data: what it prints.
        at: the document's date, UTC.
        standards: PDF standards to keep, as typst names them.

    Raises:
        EvidenceError: typst refuses.
    """
    import typst

    (place / "data.json").write_text(json.dumps(data, ensure_ascii=False), "utf-8")
    (place / "report.typ").write_bytes(template)
    try:
        compiler = typst.Compiler(str(place / "report.typ"), root=str(place), font_paths=font_paths())
        pdf = compiler.compile(
            format="pdf", pdf_standards=list(standards), timestamp=at.replace(microsecond=0)
        )
    except typst.TypstError as error:
        raise EvidenceError(f"The report cannot be set: {error.message}") from error
    if not isinstance(pdf, bytes):
        raise EvidenceError("The report cannot be set: typst gave no document")
    return pdf
