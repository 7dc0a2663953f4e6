"""`ipguard match images`: reference pictures in other pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipguard.cli.options import JsonOption
from ipguard.cli.output import emit, progress, safe, say, show
from ipguard.errors import WrongUse

if TYPE_CHECKING:
    from ipguard.matching.images.matcher import PictureVerdict

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".avif"}


def match_images(
    paths: Annotated[list[Path], typer.Argument(help="Pictures, or folders of them.")],
    references: Annotated[Path, typer.Option(help="Folder of reference pictures; a sub-folder is one work.")],
    draw: Annotated[
        Path | None, typer.Option(help="Write an explanation picture for each match here.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Find reference pictures in other pictures, whole or in part; exit code 0 whatever is found."""
    from ipguard.matching.images.index import build_index
    from ipguard.matching.images.matcher import match_picture
    from ipguard.matching.reasons import render

    known = {path.relative_to(references).as_posix(): path for path in _pictures(references)}
    if not known:
        raise WrongUse(f"There is no picture in {references}", hint="Put reference pictures there.")
    with progress("Reading references") as advance:
        index, unread = build_index(_rows(known, advance))
    for name, why in unread:
        say(f"[yellow]note[/] {safe(name)} is left out: {safe(render(why.reason))}")
    wanted = [picture for path in paths for picture in (_pictures(path) if path.is_dir() else [path])]
    with progress("Looking at pictures") as advance:
        for done, path in enumerate(wanted, 1):
            data = _read(path)
            verdict = match_picture(index, data, hashlib.sha256(data).hexdigest())
            row = _row(path, verdict)
            if as_json:
                emit(row)
            else:
                _tell(path, verdict)
            if draw is not None:
                _draw(draw, path, data, verdict, {r.sha256: known[r.name] for r in index.references})
            advance(done, len(wanted))


def _row(path: Path, verdict: PictureVerdict) -> dict[str, object]:
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
            "inliers": one.place.inliers,
            "mirrored": one.place.mirrored,
            "share": one.place.share,
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


def _draw(folder: Path, path: Path, data: bytes, verdict: PictureVerdict, known: dict[str, Path]) -> None:
    from ipguard.matching.finding import PicturePlace
    from ipguard.matching.images.draw import side_by_side

    folder.mkdir(parents=True, exist_ok=True)
    for n, one in enumerate(verdict.findings, 1):
        if isinstance(one.place, PicturePlace):
            drawn = side_by_side(data, known[one.place.reference].read_bytes(), one.place)
            (folder / f"{path.stem}-{n}.png").write_bytes(drawn)


def _rows(known: dict[str, Path], advance: object) -> Iterator[tuple[str, str, str, bytes]]:
    for done, (name, path) in enumerate(sorted(known.items()), 1):
        data = _read(path)
        work = name.split("/")[0] if "/" in name else path.stem
        yield work, hashlib.sha256(data).hexdigest(), name, data
        if callable(advance):
            advance(done, len(known))


def _pictures(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise WrongUse(f"{folder} is no folder", hint="Check the path.")
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix.lower() in SUFFIXES)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WrongUse(f"Cannot read {path}: {error.strerror}", hint="Check the path.") from error
