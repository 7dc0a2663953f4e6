"""`ipguard match calibrate`: what a score is worth on one's own references and distractors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipguard.cli.match_images import pictures_in, read_picture, read_references
from ipguard.cli.options import JsonOption
from ipguard.cli.output import emit, people, progress, safe, say
from ipguard.errors import WrongUse

if TYPE_CHECKING:
    from ipguard.matching.images.calibration import Calibration, Rate
    from ipguard.matching.images.index import ReferenceIndex

DRAWN = 300
"""Distractors that are drawn where none are given."""


def match_calibrate(
    references: Annotated[Path, typer.Option(help="Folder of reference pictures; a sub-folder is one work.")],
    distractors: Annotated[
        Path | None, typer.Option(help="Folder of pictures that show none of the references.")
    ] = None,
    copies: Annotated[int, typer.Option(min=1, help="Altered copies of each reference.")] = 20,
    most: Annotated[
        int, typer.Option(min=1, help="References that are altered at most; spread evenly.")
    ] = 50,
    draw: Annotated[Path | None, typer.Option(help="Write the curve here, as an SVG.")] = None,
    language: Annotated[str, typer.Option(help="Language of the curve: en or zh.")] = "en",
    as_json: JsonOption = False,
) -> None:
    """Measure again what scores are worth: on altered copies of your references, and on pictures that show none.

    Prints the false-flag rate of each threshold with its 95 % interval, what is found of each family of alterations,
    and the lowest threshold that keeps to one false flag in 1,000. The procedure is in docs/calibration.md.
    """
    from ipguard.matching.images.calibration import calibrate
    from ipguard.matching.images.calibration_drawing import advice, curve_svg
    from ipguard.matching.reasons import LANGUAGES

    if language not in LANGUAGES:
        raise WrongUse(f"{language} is not spoken here", hint=f"Try one of: {', '.join(LANGUAGES)}.")
    index, known = read_references(references)
    true, crossed = _scores_of_copies(index, known, copies, most)
    false = _scores_of_distractors(index, distractors, language)
    measured = calibrate(true, false)
    sentences = advice(measured, language)
    if as_json:
        for row in _rows(measured, crossed, sentences):
            emit(row)
    else:
        _tell(measured, crossed, sentences)
    if draw is not None:
        draw.write_text(curve_svg(measured, language), "utf-8")
        say(f"The curve is in {safe(draw)}")


def _scores_of_copies(
    index: ReferenceIndex, known: dict[str, Path], copies: int, most: int
) -> tuple[list[tuple[str, float]], Rate]:
    """(family, score) of each altered copy, and how many were taken for another work."""
    from ipguard.matching.images.calibration import Rate
    from ipguard.matching.images.decode import Picture, decode
    from ipguard.matching.images.trials import try_copies
    from ipguard.matching.score import THRESHOLD

    chosen = index.references[:: max(1, -(-len(index.references) // most))]
    scores: list[tuple[str, float]] = []
    crossed = 0
    with progress("Trying altered copies") as advance:
        for one in chosen:
            picture = decode(read_picture(known[one.name]))
            if not isinstance(picture, Picture):
                continue
            for trial in try_copies(
                index, one.work, picture.pixels, copies=copies, seed=[int(one.sha256[:8], 16)]
            ):
                scores.append((trial.altered.family, trial.score))
                crossed += trial.other >= THRESHOLD
                advance(len(scores), copies * len(chosen))
    return scores, Rate(crossed, len(scores))


def _scores_of_distractors(index: ReferenceIndex, folder: Path | None, language: str) -> list[float]:
    """The highest score that each distractor reaches; those that cannot be read are told and left out."""
    from ipguard.matching.finding import Reason
    from ipguard.matching.images.trials import drawn_distractors, highest_score
    from ipguard.matching.reasons import render

    if folder is None:
        say(f"[yellow]note[/] {safe(render(Reason('calibration.drawn', {'distractors': DRAWN}), language))}")
        with progress("Looking at drawn distractors") as advance:
            scores = []
            for done, data in enumerate(drawn_distractors(DRAWN), 1):
                scores.append(highest_score(index, data) or 0.0)
                advance(done, DRAWN)
        return scores
    paths = list(pictures_in(folder))
    if not paths:
        raise WrongUse(
            f"There is no picture in {folder}", hint="Put photos there that show none of your works."
        )
    scores = []
    with progress("Looking at distractors") as advance:
        for done, path in enumerate(paths, 1):
            score = highest_score(index, read_picture(path))
            if score is None:
                say(f"[yellow]note[/] {safe(path)} is left out: it cannot be read")
            else:
                scores.append(score)
                if score > 0:
                    say(f"[dim]{safe(path)} scores {score:.2f}[/]")
            advance(done, len(paths))
    return scores


def _rows(measured: Calibration, crossed: Rate, sentences: tuple[str, ...]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = [
        {"kind": "threshold", "score": s.score, "found": _rate(s.found), "false_flags": _rate(s.false_flags)}
        for s in measured.thresholds
    ]
    rows += [{"kind": "family", "family": name, "found": _rate(r)} for name, r in measured.families.items()]
    rows.append({"kind": "taken_for_another_work", "at": "the threshold of an alert", **_rate(crossed)})
    score = measured.chosen.score if measured.chosen else None
    rows.append(
        {"kind": "chosen", "score": score, "goal": measured.goal, "proven": measured.proven, "why": sentences}
    )
    return rows


def _rate(rate: Rate) -> dict[str, object]:
    low, high = rate.interval
    return {
        "hits": rate.hits,
        "of": rate.of,
        "share": round(rate.share, 5),
        "low": round(low, 5),
        "high": round(high, 5),
    }


def _tell(measured: Calibration, crossed: Rate, sentences: tuple[str, ...]) -> None:
    from rich.table import Table

    from ipguard.matching.images.calibration_drawing import shown_thresholds

    table = Table("From", "Copies found", "", "False flags", "95 % interval", box=None, header_style="bold")
    for step in shown_thresholds(measured):
        low, high = step.false_flags.interval
        table.add_row(
            f"{step.score:.2f}{' ←' if step == measured.chosen else ''}",
            f"{step.found.share:.1%}",
            "█" * round(24 * step.found.share),
            f"{step.false_flags.hits} of {step.false_flags.of}",
            f"{1000 * low:.2g} to {1000 * high:.2g} in 1,000",
        )
    families = Table("Family", "Found", "95 % interval", box=None, header_style="bold")
    for name, rate in measured.families.items():
        low, high = rate.interval
        families.add_row(name, f"{rate.hits} of {rate.of}", f"{low:.0%} to {high:.0%}")
    console = people()
    console.print(table)
    console.print(families)
    console.print(f"{crossed.hits} of {crossed.of} copies were (also) taken for another work.")
    for sentence in sentences:
        console.print(safe(sentence))
