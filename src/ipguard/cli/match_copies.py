"""`ipguard match copies`: texts that copy owned ones, whole, in part or translated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipguard.cli.options import JsonOption
from ipguard.cli.output import emit, progress, safe, say, show
from ipguard.errors import WrongUse

if TYPE_CHECKING:
    from ipguard.matching.copies.index import CopyIndex, OwnedText
    from ipguard.matching.copies.matcher import Copied
    from ipguard.matching.copies.translations import Cast
    from ipguard.matching.finding import Finding

SUFFIXES = {".txt", ".md", ".text", ".html", ".htm"}
MAX_BYTES = 80_000_000
MAX_CAST_BYTES = 5_000_000


def match_copies(
    paths: Annotated[list[Path], typer.Argument(help="Texts (.txt, .md, .html), or folders of them.")],
    owned: Annotated[Path, typer.Option(help="Folder of owned texts; a sub-folder is one work.")],
    draw: Annotated[
        Path | None, typer.Option(help="Write the shared passages side by side here, as HTML pages.")
    ] = None,
    names: Annotated[
        Path | None,
        typer.Option(
            help="TOML of [[name]] spellings = [...]: also look for translations, by the order of names."
        ),
    ] = None,
    index: Annotated[
        Path | None,
        typer.Option(help="Keep the fingerprints in this file (.npz); only new texts are read in."),
    ] = None,
    language: Annotated[str, typer.Option("--lang", help="Language of the pages: en or zh.")] = "en",
    as_json: JsonOption = False,
) -> None:
    """Find owned texts in other texts, whole or in part; exit code 0 whatever is found."""
    from ipguard.matching.copies.matcher import CopyMatcher
    from ipguard.matching.copies.translations import TranslationMatcher

    cast = _cast(names) if names else ()
    with progress("Reading owned texts") as advance:
        texts = list(_owned(owned, advance))
    if not texts:
        raise WrongUse(
            f"There is no text in {owned}", hint=f"Put texts there ({', '.join(sorted(SUFFIXES))})."
        )
    known = _index(index, texts)
    matcher, translations = CopyMatcher(known), TranslationMatcher(cast, texts) if cast else None
    wanted = [file for path in paths for file in (_files(path) if path.is_dir() else [path])]
    with progress("Comparing texts") as advance:
        for done, path in enumerate(wanted, 1):
            text = _read(path)
            findings = matcher.match_text(text, str(path))
            findings += translations.match_text(text, str(path)) if translations else []
            copied = (
                [one for one in matcher.copied(text) if one.verdict != "none"] if draw or not as_json else []
            )
            if as_json:
                emit(_row(path, findings))
            else:
                _tell(path, findings, copied, text)
            if draw is not None:
                _draw(draw, path, copied, text, language)
            advance(done, len(wanted))


def _row(path: Path, findings: Sequence[Finding]) -> dict[str, object]:
    from ipguard.alerts.findings import place_json
    from ipguard.matching.finding import CopyPlace
    from ipguard.matching.reasons import render
    from ipguard.matching.score import verdicts

    best = verdicts(findings)
    said = [one.place.verdict for one in findings if isinstance(one.place, CopyPlace)]
    return {
        "path": str(path),
        "match": bool(best and best[0].match),
        "score": best[0].score if best else 0.0,
        "verdict": "report" if "report" in said else "review" if said else "none",
        "findings": [
            {
                "work": one.work,
                "strength": one.strength,
                "weak": one.weak,
                **(place_json(one.place) or {}),
                "why": render(one.reason),
            }
            for one in findings
        ],
    }


def _tell(path: Path, findings: Sequence[Finding], copied: Sequence[Copied], text: str) -> None:
    from ipguard.matching.copies.exhibit import in_lines
    from ipguard.matching.finding import CopyPlace
    from ipguard.matching.reasons import render

    if not findings:
        show(f"{safe(path)}: nothing found")
    for one in findings:
        said = one.place.verdict if isinstance(one.place, CopyPlace) else ""
        show(f"{safe(path)}: [bold]{said}[/] {one.strength:.2f} {safe(render(one.reason))}")
    for each in copied:
        for line in in_lines(each, text):
            show(f"  {safe(line)}")


def _draw(folder: Path, path: Path, copied: Sequence[Copied], text: str, language: str) -> None:
    from ipguard.matching.copies.exhibit import side_by_side

    folder.mkdir(parents=True, exist_ok=True)
    for number, one in enumerate(copied, 1):
        page = side_by_side(one, text, name=path.name, language=language)
        (folder / f"{path.stem}-{number}.html").write_text(page, "utf-8", "backslashreplace")


def _index(file: Path | None, texts: Sequence[OwnedText]) -> CopyIndex:
    from ipguard.matching.copies.index import Unreadable, build_index, from_bytes, to_bytes

    if file is None:
        return build_index(texts)
    known = build_index(())
    if file.exists():
        try:
            known = from_bytes(file.read_bytes())
        except Unreadable as error:
            say(f"[yellow]note[/] {safe(file)} is made again, because {safe(error)}")
    wanted = {(text.work, text.name, text.digest) for text in texts}
    gone = [text.name for text in known.texts if (text.work, text.name, text.digest) not in wanted]
    grown = known.without(gone).with_texts(texts)
    file.write_bytes(to_bytes(grown))
    return grown


def _cast(file: Path) -> list[Cast]:
    import tomllib

    from ipguard.matching.copies.translations import Cast

    try:
        rows = tomllib.loads(_bytes(file, MAX_CAST_BYTES).decode("utf-8-sig")).get("name")
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WrongUse(f"{file} is not valid TOML: {error}", hint="Save it as UTF-8 text.") from error
    cast = [
        Cast(f"{number}", tuple(row["spellings"]))
        for number, row in enumerate(rows if isinstance(rows, list) else [])
        if isinstance(row, dict)
        and isinstance(row.get("spellings"), list)
        and all(isinstance(one, str) and one.strip() for one in row["spellings"])
    ]
    if not cast or len(cast) != len(rows or []):
        raise WrongUse(
            f"{file} has no names, or an entry without them", hint='[[name]]\nspellings = ["Mira", "米拉"]'
        )
    return cast


def _owned(folder: Path, advance: object) -> Iterator[OwnedText]:
    from ipguard.matching.copies.index import OwnedText

    found = _files(folder)
    for done, path in enumerate(found, 1):
        inside = path.relative_to(folder)
        work = inside.parts[0] if len(inside.parts) > 1 else path.stem
        yield OwnedText(work, inside.as_posix(), _read(path))
        if callable(advance):
            advance(done, len(found))


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise WrongUse(f"{folder} is no folder", hint="Check the path.")
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix.lower() in SUFFIXES)


def _read(path: Path) -> str:
    from crawlers.extract.charset import decode_page
    from ipguard.matching.pages.reading import page_of_html

    body = _bytes(path, MAX_BYTES)
    if path.suffix.lower() in (".html", ".htm"):
        return page_of_html(body, url="", content_type="text/html").text
    return decode_page(body, "text/plain")


def _bytes(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            body = file.read(most + 1)
    except OSError as error:
        raise WrongUse(f"Cannot read {path}: {error.strerror}", hint="Check the path.") from error
    if len(body) > most:
        raise WrongUse(f"{path} is larger than {most:,} bytes", hint="Split it into several files.")
    return body
