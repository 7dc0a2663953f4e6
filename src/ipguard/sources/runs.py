"""Runs of a source and their steps: what was asked, what became of it, and how it ended, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import delete, select
from sqlmodel import Session, col

from crawlers.errors import BadSource
from crawlers.frontier import Change, Frontier, replayed
from ipguard.matching.finding import Reason, ReasonValue
from ipguard.matching.reasons import render
from ipguard.sources.tables import RunFrontierRow, RunRow, StepRow

GOES_ON = ("running", "waiting")
TROUBLES = ("blocked", "changed", "error")
"""Outcomes of a run that mean that the source has to be looked at."""

MAX_NOTE = 500
"""Characters; notes may quote a page."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that was asked, and what became of it."""

    kind: str
    """page, canary, picture, registration or names."""
    url: str
    outcome: str
    """ok, empty, blocked, changed, error, skipped."""
    note: str = ""
    status: int | None = None
    listings: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """What a run came to, from its steps."""

    pages: int
    read: int
    listings: int
    pictures: int
    outcome: str
    """ok, empty, blocked, changed, error."""
    why: str
    """Note of the first step that decided it; empty for ok."""
    last: str
    """Note of the last page: on a source that only grows, how far it was read."""
    whole: bool
    """Every page asked for was read."""


def begin_run(session: Session, source_id: str, now: datetime) -> RunRow:
    """The run of this source that has not ended, else a new one."""
    run = session.scalars(
        select(RunRow)
        .where(col(RunRow.source_id) == source_id, col(RunRow.state).in_(GOES_ON))
        .order_by(col(RunRow.id).desc())
        .limit(1)
    ).first()
    if run is None:
        run = RunRow(source_id=source_id, state="running", started_at=now)
    run.state = "running"
    session.add(run)
    session.flush()
    return run


def write_step(session: Session, run: RunRow, asked: Asked, now: datetime) -> int:
    """Add a step to the report of a run; returns its position."""
    run.steps += 1
    step = StepRow(
        run_id=cast(int, run.id),
        position=run.steps,
        at=now,
        kind=asked.kind,
        url=fit_note(asked.url, 2000),
        status=asked.status,
        outcome=asked.outcome,
        note=fit_note(asked.note, MAX_NOTE),
        listings=asked.listings,
    )
    session.add_all([run, step])
    session.flush()
    return run.steps


def end_run(
    session: Session, run_id: int, state: str, reasons: Sequence[Reason], now: datetime, *, outcome: str = ""
) -> RunRow:
    """Write how a run ended; waiting keeps its frontier, since it goes on."""
    run = session.get(RunRow, run_id)
    if run is None:
        raise ValueError("a run that was never begun cannot end")
    run.state, run.note = state, " ".join(render(one) for one in reasons)
    run.reasons = [{"code": one.code, "values": dict(one.values)} for one in reasons]
    if state not in GOES_ON:
        run.ended_at, run.outcome = now, outcome
        _forget_frontier(session, run_id)
    session.add(run)
    session.flush()
    return run


def reasons_of(run: RunRow) -> tuple[Reason, ...]:
    """How a run went, to be rendered in the reader's language; none for one that goes on or is of an older version."""
    return tuple(
        Reason(str(one["code"]), cast("Mapping[str, ReasonValue]", one["values"])) for one in run.reasons
    )


def told(run: RunRow, language: str) -> str:
    """How a run went, in a language; as it was written down where that was all."""
    return " ".join(render(one, language) for one in reasons_of(run)) or run.note


def keep_change(session: Session, run: RunRow, position: int, change: Change) -> None:
    """Write down what the step at `position` did to the frontier."""
    session.add(RunFrontierRow(run_id=cast(int, run.id), position=position, change=change.to_json()))


def end_crawl(session: Session, run: RunRow, stopped: str) -> None:
    """No page of this run is asked any more; `stopped` says why, where more was to be asked."""
    run.crawled, run.stopped = True, stopped
    session.add(run)
    _forget_frontier(session, cast(int, run.id))


def frontier_of(session: Session, run: RunRow) -> Frontier | None:
    """The frontier from which a run goes on; None for one that begins, or whose rows cannot be read any more."""
    rows = session.scalars(
        select(col(RunFrontierRow.change))
        .where(col(RunFrontierRow.run_id) == run.id)
        .order_by(col(RunFrontierRow.position))
    ).all()
    try:
        return replayed(Change.from_json(row) for row in rows) if rows else None
    except BadSource:
        _forget_frontier(session, cast(int, run.id))
        return None


def _forget_frontier(session: Session, run_id: int) -> None:
    session.execute(delete(RunFrontierRow).where(col(RunFrontierRow.run_id) == run_id))


def tally(session: Session, run: RunRow) -> Tally:
    """Add up the steps of a run.

    Blocked and changed decide a run wherever they happen. An error decides it only when nothing was read:
    one page out of fifty that cannot be had is a step skipped, not a run that failed.
    """
    pages = list(
        session.scalars(
            select(StepRow)
            .where(col(StepRow.run_id) == run.id, col(StepRow.kind) == "page")
            .order_by(col(StepRow.position))
        )
    )
    deciding = next((step for step in pages if step.outcome in ("blocked", "changed")), None)
    if deciding is None and run.read == 0:
        deciding = next((step for step in pages if step.outcome in ("error", "skipped")), None)
    if deciding is not None:
        outcome, why = ("error" if deciding.outcome == "skipped" else deciding.outcome), deciding.note
    elif run.read == 0:
        outcome, why = "empty", next((step.note for step in pages if step.note), "")
    else:
        outcome, why = "ok", ""
    whole = all(step.outcome in ("ok", "empty") for step in pages)
    last = pages[-1].note if pages else ""
    return Tally(len(pages), run.read, run.listings, run.pictures, outcome, why, last, whole)


def skipped_steps(session: Session, run_id: int) -> list[StepRow]:
    """Steps that yielded nothing, with their reasons, in order."""
    return list(
        session.scalars(
            select(StepRow)
            .where(col(StepRow.run_id) == run_id, col(StepRow.outcome).not_in(("ok", "empty")))
            .order_by(col(StepRow.position))
        )
    )


def listings_before(session: Session, source_id: str, run_id: int) -> int:
    """How many listings the last finished run before this one read; 0 for the first."""
    return (
        session.scalars(
            select(col(RunRow.listings))
            .where(
                col(RunRow.source_id) == source_id, col(RunRow.id) < run_id, col(RunRow.state) == "finished"
            )
            .order_by(col(RunRow.id).desc())
            .limit(1)
        ).first()
        or 0
    )


def run_reason(tally: Tally, *, before: int, gone: int, grows: bool = False) -> Reason:
    """How a run went; `grows`: the source shows only what is new."""
    why = {"why": tally.why or "-"}
    counts: dict[str, ReasonValue] = {
        "read": tally.read,
        "pages": tally.pages,
        "listings": tally.listings,
        "last": tally.last,
    }
    match tally.outcome:
        case "ok" if tally.read > tally.listings or grows:
            return Reason("run.sifted", counts)
        case "empty" if grows:
            return Reason("run.nothing_new", {"last": tally.last})
        case "ok" if gone:
            return Reason("run.read_and_gone", {**counts, "gone": gone})
        case "ok":
            return Reason("run.read", counts)
        case "empty" if before:
            return Reason("run.empty_now", {**why, "before": before})
        case "empty":
            return Reason("run.empty", why)
        case "blocked" | "changed":
            return Reason(f"run.{tally.outcome}", why)
        case _:
            return Reason("run.error", why)


def fit_note(text: str, longest: int) -> str:
    """Text from outside, cut and without what no database stores."""
    return text[:longest].replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
