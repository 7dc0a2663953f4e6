"""Reads that only the console's screens need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import func, select
from sqlmodel import Session, col

from ipguard.errors import WrongUse
from ipguard.matching.finding import Reason, ReasonValue
from ipguard.rights.tables import NameRow, PictureRow, WorkRow
from ipguard.sources.runs import told
from ipguard.sources.tables import RunRow, SourceRow, StepRow

STEPS_SHOWN = 500


@dataclass(frozen=True, slots=True)
class WorkCard:
    """A work with what it is watched by."""

    work: WorkRow
    names: tuple[NameRow, ...]
    pictures: tuple[PictureRow, ...]

    def notes(self, picture: PictureRow) -> tuple[Reason, ...]:
        """What was said about a picture when it was added."""
        return tuple(
            Reason(str(note["code"]), cast("Mapping[str, ReasonValue]", note["values"]))
            for note in picture.warnings
        )


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A source and its last run."""

    source: SourceRow
    run: RunRow | None

    def words(self, language: str) -> str:
        """How that run went, in the reader's language."""
        return told(self.run, language) if self.run is not None else ""


def works(session: Session) -> list[WorkCard]:
    """Every work, by title."""
    names: dict[str, list[NameRow]] = {}
    for name in session.scalars(select(NameRow).order_by(col(NameRow.id))):
        names.setdefault(name.work_id, []).append(name)
    pictures: dict[str, list[PictureRow]] = {}
    for picture in session.scalars(select(PictureRow).order_by(col(PictureRow.id))):
        pictures.setdefault(picture.work_id, []).append(picture)
    rows = session.scalars(select(WorkRow).order_by(col(WorkRow.title)))
    return [WorkCard(w, tuple(names.get(w.id, ())), tuple(pictures.get(w.id, ()))) for w in rows]


def sources(session: Session) -> list[SourceLine]:
    """Every source with its newest run."""
    newest = select(func.max(col(RunRow.id))).group_by(col(RunRow.source_id))
    runs = {run.source_id: run for run in session.scalars(select(RunRow).where(col(RunRow.id).in_(newest)))}
    rows = session.scalars(select(SourceRow).order_by(col(SourceRow.id)))
    return [SourceLine(row, runs.get(row.id)) for row in rows]


def run_report(session: Session, run_id: int, after: int = 0) -> tuple[RunRow, Sequence[StepRow]]:
    """A run and its steps after a position, STEPS_SHOWN at most.

    Raises:
        WrongUse: there is no such run.
    """
    run = session.get(RunRow, run_id)
    if run is None:
        raise WrongUse(f"There is no run {run_id}.")
    steps = session.scalars(
        select(StepRow)
        .where(col(StepRow.run_id) == run_id, col(StepRow.position) > after)
        .order_by(col(StepRow.position))
        .limit(STEPS_SHOWN)
    )
    return run, list(steps)


def reference_of(session: Session, work_id: str) -> str | None:
    """Digest of the first reference picture of a work."""
    return session.scalars(
        select(col(PictureRow.sha256))
        .where(col(PictureRow.work_id) == work_id)
        .order_by(col(PictureRow.id))
        .limit(1)
    ).first()
