"""`ipguard match images`: reference pictures in other pictures."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipguard.cli.options import JsonOption
from ipguard.cli.output import Advance, emit, progress, safe, say, show
from ipguard.errors import WrongUse

if TYPE_CHECKING:
    from ipguard.matching.finding import Finding
    from ipguard.matching.images.decode import Picture
    from ipguard.matching.images.index import ReferenceIndex
    from ipguard.matching.images.matcher import PictureVerdict
    from ipguard.matching.images.picture_text import TextLine

SUFFIXES = frozenset((
    ".jpg", ".jpeg", ".jfif", ".png", ".webp", ".gif", ".bmp", ".avif",
    ".heic", ".heif", ".svg", ".tif", ".tiff", ".ico", ".jxl", ".jp2",
))  # fmt: skip
"""What counts as a picture in a folder; a file that is named on the command line is looked at whatever its name."""


def match_images(
    paths: Annotated[list[Path], typer.Argument(help="Pictures, or folders of them.")],
    references: Annotated[Path, typer.Option(help="Folder of reference pictures; a sub-folder is one work.")],
    draw: Annotated[
        Path | None,
        typer.Option(help="Write explanation pictures for each match here: region, points, lay-over."),
    ] = None,
    ocr: Annotated[
        bool, typer.Option("--ocr", help="Also print the text in pictures (extra `ocr`).")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Find reference pictures in other pictures, whole or in part; exit code 0 whatever is found."""
    from ipguard.matching.images.matcher import match_picture
    from ipguard.matching.images.picture_text import RapidOcr
    from ipguard.matching.reasons import render

    reader = RapidOcr() if ocr else None
    for path in paths:
        if not path.exists():
            raise WrongUse(f"There is no {path}", hint="Check the path.")
    index, known = read_references(references)
    by_content = {reference.sha256: known[reference.name] for reference in index.references}
    total = sum(1 for _ in _wanted(paths))
    with progress("Looking at pictures") as advance:
        for done, path in enumerate(_wanted(paths), 1):
            data = read_picture(path)
            verdict = (
                match_picture(index, data, hashlib.sha256(data).hexdigest()) if data else _no_access(path)
            )
            frames = _frames(data)
            lines = [line for frame in frames for line in reader.read(frame)] if reader else []
            notes = [render(note) for frame in frames for note in frame.notes]
            if as_json:
                read = {"text": [_line_row(line) for line in lines]} if reader else {}
                emit(_row(path, verdict) | ({"notes": notes} if notes else {}) | read)
            else:
                _tell(path, verdict)
                for note in notes:
                    show(f"{safe(path)}: [yellow]note[/] {safe(note)}")
                for line in lines:
                    show(f"{safe(path)}: text: {safe(line.text)} [dim]({line.confidence:.2f})[/]")
            if draw is not None:
                _draw(draw, path, data, verdict, by_content)
            advance(done, total)


def _row(path: Path, verdict: PictureVerdict) -> dict[str, object]:
    """One line of `--json`."""
    from ipguard.matching.finding import PicturePlace
    from ipguard.matching.reasons import render
    from ipguard.matching.score import verdicts

    best = verdicts(verdict.findings)
    findings = [
        {
            "reference": str(one.reason.values["reference"]),
            "work": one.work,
            "method": one.place.method,
            "score": one.strength,
            "region": [list(corner) for corner in one.place.region],
            "reference_region": [list(corner) for corner in one.place.reference_region],
            "inliers": one.place.inliers,
            "mirrored": one.place.mirrored,
            "share": one.place.share,
            "frame": one.place.frame,
            "why": render(one.reason),
        }
        for one in verdict.findings
        if isinstance(one.place, PicturePlace)
    ]
    row: dict[str, object] = {
        "path": str(path),
        "match": bool(best and best[0].match),
        "score": best[0].score if best else 0.0,
        "findings": findings,
    }
    return row | ({"skipped": render(verdict.skipped)} if verdict.skipped else {})


def _tell(path: Path, verdict: PictureVerdict) -> None:
    from ipguard.matching.reasons import render

    if verdict.skipped:
        show(f"{safe(path)}: skipped, because: {safe(render(verdict.skipped))}")
    elif not verdict.findings:
        show(f"{safe(path)}: nothing found")
    for one in verdict.findings:
        show(f"{safe(path)}: [bold]{one.strength:.2f}[/] {safe(render(one.reason))}")


def _frames(data: bytes) -> Sequence[Picture]:
    from ipguard.matching.images.decode import Undecodable, decode_frames

    frames = decode_frames(data)
    return () if isinstance(frames, Undecodable) else frames


def _line_row(line: TextLine) -> dict[str, object]:
    region = [list(corner) for corner in line.quad]
    return {"text": line.text, "confidence": round(line.confidence, 4), "region": region}


def _draw(folder: Path, path: Path, data: bytes, verdict: PictureVerdict, known: dict[str, Path]) -> None:
    """`PICTURE--REFERENCE-VIEW.jpg`; the picture with the start of its digest, as two folders may share a name."""
    from ipguard.matching.finding import PicturePlace
    from ipguard.matching.images.draw import explanations

    folder.mkdir(parents=True, exist_ok=True)
    for one in verdict.findings:
        if not isinstance(one.place, PicturePlace):
            continue
        reference = known[one.place.reference]
        name = f"{path.stem}-{one.place.picture[:8]}--{_work_name(one, reference)}"
        for view, drawn in explanations(data, reference.read_bytes(), one.place).items():
            (folder / f"{name}-{view}.jpg").write_bytes(drawn)


def _work_name(finding: Finding, reference: Path) -> str:
    return reference.stem if reference.stem == finding.work else f"{finding.work}-{reference.stem}"


def read_references(references: Path) -> tuple[ReferenceIndex, dict[str, Path]]:
    """The index of a folder of reference pictures and its files by name; what cannot be read is told and left out."""
    from ipguard.matching.images.index import build_index
    from ipguard.matching.reasons import render

    known = {path.relative_to(references).as_posix(): path for path in pictures_in(references)}
    if not known:
        raise WrongUse(f"There is no picture in {references}", hint="Put reference pictures there.")
    with progress("Reading references") as advance:
        index, unread = build_index(picture_rows(known, advance))
    for name, why in unread:
        say(f"[yellow]note[/] {safe(name)} is left out: {safe(render(why.reason))}")
    return index, known


def picture_rows(known: dict[str, Path], advance: Advance) -> Iterator[tuple[str, str, str, bytes]]:
    """(work, SHA-256, name, bytes) of each reference; a sub-folder is one work."""
    for done, (name, path) in enumerate(sorted(known.items()), 1):
        data = read_picture(path)
        work = name.split("/")[0] if "/" in name else path.stem
        yield work, hashlib.sha256(data).hexdigest(), name, data
        advance(done, len(known))


def _wanted(paths: Sequence[Path]) -> Iterator[Path]:
    """One path at a time, so that a folder of a million pictures takes no memory."""
    for path in paths:
        yield from pictures_in(path) if path.is_dir() else (path,)


def pictures_in(folder: Path) -> Iterator[Path]:
    """Pictures in a folder and those below it, in the order of their names; links to folders are not followed."""
    if not folder.is_dir():
        raise WrongUse(f"{folder} is no folder", hint="Check the path.")
    for place, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            if Path(name).suffix.lower() in SUFFIXES:
                yield Path(place) / name


def read_picture(path: Path) -> bytes:
    """The file, or as much of one that is too large as tells that; nothing where it may not be read."""
    from ipguard.matching.images.decode import MAX_BYTES

    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError:
        return b""


def _no_access(path: Path) -> PictureVerdict:
    """Empty, or not for us to read."""
    from ipguard.matching.finding import Reason
    from ipguard.matching.images.matcher import PictureVerdict

    readable = os.access(path, os.R_OK)
    return PictureVerdict(skipped=Reason("unreadable.empty" if readable else "unreadable.no_access"))
