"""From listings that were read to alerts that have their evidence: judge, keep, then write.

The order is the promise: what raised an alert is in the evidence store before the alert is in the
database. A crash between the two leaves an exhibit too many, and never an alert without one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, cast

from sqlalchemy import Engine

from evidence_store.exhibit import Capture, Receipt, WireExchange
from ipguard.alerts.raising import Change, Raised, changes, write_alerts
from ipguard.capture import Pictures, Recorder, Subject
from ipguard.database.engine import reading, transaction
from ipguard.jobs.claims import Claim, renew
from ipguard.listings.pictures import shown_by
from ipguard.listings.said import as_listing
from ipguard.listings.store import note_judged, to_judge
from ipguard.listings.tables import ListingPictureRow, ListingRow
from ipguard.matching.finding import Finding, PicturePlace
from ipguard.matching.judge import PictureSeen, Watch, judge
from ipguard.matching.score import Verdict
from ipguard.sources.tables import SourceRow
from ipguard.spool import Spool

BATCH = 50
"""Listings judged at once: one evidence commit and one transaction for all their alerts."""
REMEMBERED = 5_000
"""Pictures whose verdict is remembered; a shop shows one size chart on every listing."""


class Vault(Protocol):
    """Keeps exhibits."""

    def keep(self, captures: Sequence[Capture]) -> Sequence[Receipt]:
        """Keep captures so that they survive a crash; one receipt each, in order."""
        ...


class Eyes:
    """Looks at each picture content once and remembers what it shows."""

    def __init__(self, watch: Watch, pictures: Pictures) -> None:
        self._watch, self._pictures = watch, pictures
        self._seen: OrderedDict[str, PictureSeen] = OrderedDict()

    def look(self, sha256: str) -> PictureSeen:
        """What a kept picture shows."""
        known = self._seen.get(sha256)
        if known is None:
            known = self._watch.pictures.match(self._pictures.get(sha256))
            self._seen[sha256] = known
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        return known


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything flagging needs."""

    database: Engine
    watch: Watch
    eyes: Eyes
    recorder: Recorder
    vault: Vault
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class _Judged:
    listing: ListingRow
    verdicts: list[Verdict]
    changes: list[Change]

    @property
    def to_record(self) -> list[Verdict]:
        """Verdicts that rest on something no exhibit of this listing holds."""
        return [change.verdict for change in self.changes if change.verdict.match and change.unseen]


def flag(
    desk: Desk, claim: Claim, source: SourceRow, run_id: int, spool: Spool, *, seen_whole: bool = False
) -> list[Raised]:
    """Judge every listing of this run that still has to be judged; returns the alerts it wrote.

    With `seen_whole`, those whose pictures are still being fetched are left for later.

    Raises:
        LeaseLost: another process runs this source by now.
        Interrupted: database or disk take nothing more; what was written before is kept.
    """
    raised: list[Raised] = []
    while True:
        with reading(desk.database) as session:
            rows = to_judge(session, run_id, desk.watch.version, BATCH, seen_whole=seen_whole)
            shown = shown_by(session, [cast(int, row.id) for row in rows])
        if not rows:
            return raised
        raised += _flag_batch(desk, claim, source, [(row, shown[cast(int, row.id)]) for row in rows], spool)


def _flag_batch(
    desk: Desk,
    claim: Claim,
    source: SourceRow,
    batch: Sequence[tuple[ListingRow, list[ListingPictureRow]]],
    spool: Spool,
) -> list[Raised]:
    verdicts = [_verdicts(desk, source, row, pictures) for row, pictures in batch]
    with reading(desk.database) as session:
        judged = [
            _Judged(row, found, changes(session, cast(int, row.id), found))
            for (row, _), found in zip(batch, verdicts, strict=True)
        ]
    exhibits = _keep_evidence(desk, [one for one in judged if one.to_record], spool)
    moment = desk.now()
    with transaction(desk.database) as session:
        renew(session, claim, moment)
        raised = [
            alert
            for one in judged
            for alert in write_alerts(
                session, one.listing, one.verdicts, exhibits.get(cast(int, one.listing.id), {}), moment
            )
        ]
        note_judged(session, [one.listing for one in judged], desk.watch.version)
    return raised


def _verdicts(
    desk: Desk, source: SourceRow, row: ListingRow, pictures: Iterable[ListingPictureRow]
) -> list[Verdict]:
    contents = dict.fromkeys(picture.sha256 for picture in pictures if picture.sha256)
    seen = [finding for sha256 in contents for finding in desk.eyes.look(sha256).findings]
    return judge(desk.watch, as_listing(row), seen, source.base_url)


def _keep_evidence(desk: Desk, judged: Sequence[_Judged], spool: Spool) -> dict[int, dict[str, str]]:
    """One exhibit a listing; listing id → work → exhibit id."""
    captures = [_capture(desk, one, spool) for one in judged]
    if not captures:
        return {}
    receipts = desk.vault.keep(captures)
    return {
        cast(int, one.listing.id): {verdict.work: receipt.exhibit_id for verdict in one.to_record}
        for one, receipt in zip(judged, receipts, strict=True)
    }


def _capture(desk: Desk, judged: _Judged, spool: Spool) -> Capture:
    listing = judged.listing
    exchanges: list[WireExchange] = list(spool.get(step_name(listing.last_step or 0)))
    failures = [] if exchanges else ["The exchange that named this listing was not at hand any more."]
    for sha256 in dict.fromkeys(_pictures_in(judged.to_record)):
        said = spool.get(picture_name(sha256))
        exchanges.extend(said)
        if not said:
            failures.append(
                f"Picture {sha256} was fetched in an earlier run; its bytes are an artefact here."
            )
    works = ", ".join(verdict.work for verdict in judged.to_record)
    subject = Subject(
        listing,
        judged.to_record,
        tuple(exchanges),
        {"run": listing.last_run_id, "step": listing.last_step},
        tuple(failures),
    )
    return desk.recorder.capture(subject, f"A listing that seems to copy: {works}. Kept as it was received.")


def _pictures_in(verdicts: Iterable[Verdict]) -> Iterable[str]:
    findings: Iterable[Finding] = (finding for verdict in verdicts for finding in verdict.findings)
    return (finding.place.picture for finding in findings if isinstance(finding.place, PicturePlace))


def step_name(position: int) -> str:
    """Name of a page's exchange in the spool."""
    return f"step-{position}"


def picture_name(sha256: str) -> str:
    """Name of a picture's exchange in the spool."""
    return f"picture-{sha256}"
