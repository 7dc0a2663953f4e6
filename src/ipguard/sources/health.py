"""The health of sources: each run judged against those before it, alarms that open and close by themselves, and the
questions that screens and commands ask about all that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import select
from sqlmodel import Session, col

from crawlers.coverage import Coverage
from ipguard.errors import WrongUse
from ipguard.matching.finding import Reason, ReasonValue
from ipguard.matching.reasons import render
from ipguard.sources.baseline import (
    YIELD_KEY,
    Drop,
    Sample,
    field_key,
    judged_fields,
    judged_yield,
    shares,
)
from ipguard.sources.runs import GOES_ON, reasons_of
from ipguard.sources.store import get_source
from ipguard.sources.tables import RunRow, SourceAlarmRow, SourceRow, StepRow

PAST = timedelta(days=7)
FEWEST_PAST, MOST_PAST = 5, 30
"""Runs that are the measure: those of the last 7 days, but not fewer than 5 and not more than 30."""
SEEN = ("ok", "empty")
"""Outcomes of runs whose counts mean something."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that is or was wrong with a source."""

    id: int
    source: str
    reason: Reason
    """Rendered in the reader's language by `words`."""
    since: datetime
    until: datetime | None
    """None while it is open."""
    opened_by: int | None
    """Run in which it was first seen."""
    closed_by: int | None
    """Run in which it was well again."""
    accepted_by: str = ""
    """Who said that what the source shows now is right."""
    last_seen_in: int | None = None
    """The last run in which it was seen."""

    def stood_in(self, run_id: int) -> bool:
        """Whether it was seen in this run, or stood through it."""
        return (self.opened_by or 0) <= run_id <= (self.last_seen_in or 0)

    def words(self, language: str = "en") -> str:
        """The sentence."""
        return render(self.reason, language).strip()


@dataclass(frozen=True, slots=True)
class RunHealth:
    """One run, as far as health is concerned."""

    run_id: int
    started_at: datetime
    ended_at: datetime | None
    state: str
    outcome: str
    """ok, empty, blocked, changed, error; empty while it goes on."""
    canary: str
    read: int
    listings: int
    shares: Mapping[str, float]
    """Field → share of listings that said it, 0 to 1."""
    reasons: tuple[Reason, ...]
    note: str

    def words(self, language: str = "en") -> str:
        """How it went."""
        return " ".join(render(one, language).strip() for one in self.reasons) or self.note


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How one source is."""

    source: str
    enabled: bool
    state: str
    """well, unwell, unknown (no run has ended), paused."""
    alarms: tuple[Alarm, ...]
    """Those open, oldest first."""
    runs: tuple[RunHealth, ...]
    """Newest first; those that are the measure, and the newest."""
    lowest: Mapping[str, float]
    """Field → the lowest share of the runs that are the measure; what a run is set against."""
    canary: str
    """What is asked as canary; empty for none."""


def judge_run(session: Session, run: RunRow, now: datetime) -> list[Alarm]:
    """Compare a run that has just ended with those before it: open, refresh and close alarms; returns those open.

    Fields and yield are judged only where the source was read; what could not be judged stays as it was.
    """
    source = session.get_one(SourceRow, run.source_id)
    past = [_sample(one) for one in _past(session, source, run)]
    wrong, right = _verdict(session, source, run, past)
    standing = {_key(row): row for row in _open_rows(session, source.id)}
    for key, reason in wrong.items():
        row = standing.get(key)
        if row is None and not reason.values.get("sure", 1):
            continue
        if row is None:
            subject = key.partition(":")[2]
            row = SourceAlarmRow(source_id=source.id, code="", subject=subject, since=now, opened_by=run.id)
            standing[key] = row
        row.code, row.values, row.last_seen_in = reason.code, _stored(reason), run.id
        session.add(row)
    for key in right:
        row = standing.pop(key, None)
        if row is not None:
            row.until, row.closed_by = now, run.id
            session.add(row)
    run.unwell = sorted(standing)
    session.add(run)
    session.flush()
    return [_alarm(row) for row in standing.values()]


def open_alarms(session: Session, source_id: str = "") -> list[Alarm]:
    """Alarms that are open, of one source or of all, oldest first."""
    return [_alarm(row) for row in _open_rows(session, source_id)]


def alarms_of(session: Session, source_id: str, *, limit: int = 50) -> list[Alarm]:
    """Alarms of a source, open and closed, newest first."""
    rows = session.scalars(
        select(SourceAlarmRow)
        .where(col(SourceAlarmRow.source_id) == source_id)
        .order_by(col(SourceAlarmRow.since).desc(), col(SourceAlarmRow.id).desc())
        .limit(limit)
    )
    return [_alarm(row) for row in rows]


def health_of(session: Session, source_id: str) -> SourceHealth:
    """How one source is.

    Raises:
        WrongUse: there is no such source.
    """
    source = get_source(session, source_id)
    runs = list(
        session.scalars(
            select(RunRow)
            .where(col(RunRow.source_id) == source_id)
            .order_by(col(RunRow.id).desc())
            .limit(MOST_PAST)
        )
    )
    alarms = tuple(open_alarms(session, source_id))
    measures = [
        shares(run.coverage)
        for run in runs
        if run.outcome in SEEN and not run.unwell and _counts(source, run)
    ]
    names = dict.fromkeys(name for one in measures for name in one)
    lowest = {name: min(one[name] for one in measures if name in one) for name in names}
    ended = any(run.outcome for run in runs)
    state = "unwell" if alarms else "well" if ended else "unknown"
    return SourceHealth(
        source.id,
        source.enabled,
        state if source.enabled else "paused",
        alarms,
        tuple(_run_health(run) for run in runs),
        lowest,
        source.canary,
    )


def health_of_all(session: Session) -> list[SourceHealth]:
    """How every source is, by name."""
    return [health_of(session, name) for name in session.scalars(select(col(SourceRow.id)).order_by("id"))]


def set_canary(session: Session, source_id: str, canary: str) -> SourceRow:
    """What must yield a listing in every run of a source: an address on its host, or words; empty for none.

    Raises:
        WrongUse: there is no such source. Alarms of another canary are closed with the next run.
    """
    row = get_source(session, source_id)
    row.canary = canary.strip()
    session.add(row)
    return row


def accept(session: Session, source_id: str, *, who: str, now: datetime) -> list[Alarm]:
    """Take what a source shows now as right: its open alarms are closed, and earlier runs are no measure any more.

    Raises:
        WrongUse: there is no such source, or nothing is wrong with it.
    """
    row = get_source(session, source_id)
    standing = _open_rows(session, source_id)
    if not standing:
        raise WrongUse(f"No alarm is open for {source_id}.", hint="Look: ipguard source health")
    for alarm in standing:
        alarm.until, alarm.accepted_by = now, who
        session.add(alarm)
    row.baseline_after = now
    session.add(row)
    return [_alarm(alarm) for alarm in standing]


def _verdict(
    session: Session, source: SourceRow, run: RunRow, past: Sequence[Sample]
) -> tuple[dict[str, Reason], set[str]]:
    """(what is wrong, by key; keys of what is well)."""
    wrong: dict[str, Reason] = {}
    right: set[str] = set()
    for outcome in ("blocked", "changed", "error"):
        key = f"health.{outcome}:"
        if run.outcome != outcome:
            right.add(key)
        elif outcome != "error" or _before(session, run) == "error":
            wrong[key] = Reason(f"health.{outcome}", {"why": _why(session, run, "page", outcome)})
    if run.outcome in SEEN:
        _judge_counts(source, run, past, wrong, right)
    _judge_canary(session, source, run, wrong, right)
    return wrong, right


def _judge_counts(
    source: SourceRow, run: RunRow, past: Sequence[Sample], wrong: dict[str, Reason], right: set[str]
) -> None:
    for name, drop in judged_fields(_coverage(run), past).items():
        if drop is None:
            right.add(field_key(name))
        else:
            wrong[field_key(name)] = _less(name, drop)
    if source.position is not None:
        return  # shows only what is new: how much that is says nothing about it
    fall, measured = judged_yield(run.read, past)
    if fall is not None:
        values: dict[str, ReasonValue] = {
            "read": run.read,
            "before": int(fall.before),
            "runs": fall.of,
            "sure": int(fall.sure),
        }
        wrong[YIELD_KEY] = Reason("health.yield", values)
    elif measured:
        right.add(YIELD_KEY)


def _judge_canary(
    session: Session, source: SourceRow, run: RunRow, wrong: dict[str, Reason], right: set[str]
) -> None:
    key = "health.canary:"
    if not source.canary or run.canary == "ok":
        right.add(key)
    elif run.canary:
        if run.canary == "error" and _before(session, run, canary=True) != "error":
            return
        why = _why(session, run, "canary", run.canary)
        why = "" if run.canary == "empty" and why == "-" else why
        wrong[key] = Reason(f"health.canary_{run.canary}", {"canary": source.canary, "why": why})


def _less(name: str, drop: Drop) -> Reason:
    values: dict[str, ReasonValue] = {
        "field": name,
        "share": round(drop.now * 100),
        "before": round(drop.before * 100),
        "of": drop.of,
        "sure": int(drop.sure),
    }
    return Reason("health.field_gone" if drop.vanished else "health.field_less", values)


def _past(session: Session, source: SourceRow, run: RunRow) -> list[RunRow]:
    """The runs before this one that are its measure, newest first."""
    rows = session.scalars(
        select(RunRow)
        .where(
            col(RunRow.source_id) == source.id,
            col(RunRow.id) < run.id,
            col(RunRow.outcome).in_(SEEN),
            *([col(RunRow.started_at) >= source.baseline_after] if source.baseline_after else []),
        )
        .order_by(col(RunRow.id).desc())
        .limit(MOST_PAST)
    )
    return [
        one
        for number, one in enumerate(rows)
        if number < FEWEST_PAST or one.started_at >= run.started_at - PAST
    ]


def _counts(source: SourceRow, run: RunRow) -> bool:
    return source.baseline_after is None or run.started_at >= source.baseline_after


def _before(session: Session, run: RunRow, *, canary: bool = False) -> str:
    """Outcome of the run before this one, or of its canary."""
    last = session.scalars(
        select(RunRow)
        .where(
            col(RunRow.source_id) == run.source_id,
            col(RunRow.id) < run.id,
            col(RunRow.state).not_in(GOES_ON),
        )
        .order_by(col(RunRow.id).desc())
        .limit(1)
    ).first()
    if last is None:
        return ""
    return last.canary if canary else last.outcome


def _why(session: Session, run: RunRow, kind: str, outcome: str) -> str:
    outcomes = (outcome, "skipped") if outcome == "error" else (outcome,)
    note = session.scalars(
        select(col(StepRow.note))
        .where(col(StepRow.run_id) == run.id, col(StepRow.kind) == kind, col(StepRow.outcome).in_(outcomes))
        .order_by(col(StepRow.position))
        .limit(1)
    ).first()
    return note or "-"


def _open_rows(session: Session, source_id: str = "") -> list[SourceAlarmRow]:
    statement = select(SourceAlarmRow).where(col(SourceAlarmRow.until).is_(None))
    if source_id:
        statement = statement.where(col(SourceAlarmRow.source_id) == source_id)
    return list(session.scalars(statement.order_by(col(SourceAlarmRow.since), col(SourceAlarmRow.id))))


def _key(row: SourceAlarmRow) -> str:
    """What an alarm is about, whatever it says at the moment."""
    family = row.code.removesuffix("_gone").removesuffix("_less")
    if family.startswith("health.canary"):
        family = "health.canary"
    return f"{family}:{row.subject}"


def _stored(reason: Reason) -> dict[str, object]:
    return {name: value for name, value in reason.values.items() if name != "sure"}


def _sample(run: RunRow) -> Sample:
    return Sample(run.read, _coverage(run), tuple(run.unwell))


def _coverage(run: RunRow) -> Coverage:
    return {name: (have, of) for name, (have, of) in run.coverage.items()}


def _alarm(row: SourceAlarmRow) -> Alarm:
    reason = Reason(row.code, cast("Mapping[str, ReasonValue]", row.values))
    return Alarm(
        cast(int, row.id),
        row.source_id,
        reason,
        row.since,
        row.until,
        row.opened_by,
        row.closed_by,
        row.accepted_by,
        row.last_seen_in,
    )


def _run_health(run: RunRow) -> RunHealth:
    return RunHealth(
        cast(int, run.id),
        run.started_at,
        run.ended_at,
        run.state,
        run.outcome,
        run.canary,
        run.read,
        run.listings,
        shares(run.coverage),
        reasons_of(run),
        run.note,
    )


def alarm_lines(alarms: Iterable[Alarm], language: str = "en") -> list[str]:
    """Each alarm as a line: since when, and what."""
    return [f"{one.since:%Y-%m-%d %H:%M} {one.words(language)}" for one in alarms]
