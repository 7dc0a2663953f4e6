"""From listings that were read to alerts that have their evidence: judge, keep, then write.

The order is the promise: what raised an alert is in the evidence store before the alert is in the
database. A crash between the two leaves an exhibit too many, and never an alert without one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, cast

from sqlalchemy import Engine

from evidence_store.exhibit import Capture, Receipt, WireExchange
from ipguard.alerts.raising import Change, Raised, changes, write_alerts
from ipguard.alerts.waking import wake
from ipguard.capture import Recorder, Subject
from ipguard.database.engine import reading, transaction
from ipguard.jobs.claims import Claim, renew
from ipguard.listings.lookups import lookups_of
from ipguard.listings.pictures import shown_by
from ipguard.listings.said import as_listing
from ipguard.listings.store import note_judged, to_judge
from ipguard.listings.tables import ListingPictureRow, ListingRow, LookupRow
from ipguard.looking import Eyes
from ipguard.matching.finding import Finding, PicturePlace, TextPlace
from ipguard.matching.images.picture_text import names_in
from ipguard.matching.judge import PictureSeen, Watch, judge
from ipguard.matching.score import Verdict
from ipguard.sources.store import BY_HAND
from ipguard.sources.tables import SourceRow
from ipguard.spool import Spool

BATCH = 50
"""Listings judged at once: one evidence commit and one transaction for all their alerts."""

SpoolOf = Callable[[int], Spool]
"""The waiting exchanges of a run, by its number."""


class Vault(Protocol):
    """Keeps exhibits."""

    def keep(self, captures: Sequence[Capture]) -> Sequence[Receipt]:
        """Keep captures so that they survive a crash; one receipt each, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything flagging needs."""

    database: Engine
    watching: Callable[[], Watch]
    """What is watched for at this moment: the watchlist may change while a run goes on."""
    eyes: Eyes
    recorder: Recorder
    vault: Vault
    now: Callable[[], datetime]

    def look(self, sha256: str) -> PictureSeen:
        """What one kept picture shows."""
        return self.eyes.look(self.watching().pictures, [sha256])[sha256]


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
    desk: Desk,
    claim: Claim,
    source: SourceRow,
    run_id: int | None,
    spool_of: SpoolOf,
    *,
    seen_whole: bool = False,
    progress: Callable[[int], None] = lambda _judged: None,
) -> list[Raised]:
    """Judge every listing of this run that still has to be judged; returns the alerts it wrote.

    Without a run, every listing of the source. With `seen_whole`, those whose pictures are still being fetched are
    left for later.

    Raises:
        LeaseLost: another process runs this source by now.
        Interrupted: database or disk take nothing more; what was written before is kept.
    """
    raised: list[Raised] = []
    while True:
        watch = desk.watching()
        with reading(desk.database) as session:
            rows = to_judge(
                session, run_id, watch.version, BATCH, seen_whole=seen_whole, source_id=claim.source_id
            )
            shown = shown_by(session, [cast(int, row.id) for row in rows])
        if not rows:
            return raised
        batch = [(row, shown[cast(int, row.id)]) for row in rows]
        raised += _flag_batch(desk, watch, claim, source, batch, spool_of)
        progress(len(rows))


def _flag_batch(
    desk: Desk,
    watch: Watch,
    claim: Claim,
    source: SourceRow,
    batch: Sequence[tuple[ListingRow, list[ListingPictureRow]]],
    spool_of: SpoolOf,
) -> list[Raised]:
    seen = desk.eyes.look(watch.pictures, _contents(picture for _, pictures in batch for picture in pictures))
    verdicts = [_verdicts(watch, source, row, pictures, seen) for row, pictures in batch]
    with reading(desk.database) as session:
        judged = [
            _Judged(row, found, changes(session, cast(int, row.id), found))
            for (row, _), found in zip(batch, verdicts, strict=True)
        ]
    exhibits = _keep_evidence(desk, [one for one in judged if one.to_record], spool_of)
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
        note_judged(session, [one.listing for one in judged], watch.version)
        wake(session, now=moment, source_id=claim.source_id)
    return raised


def _verdicts(
    watch: Watch,
    source: SourceRow,
    row: ListingRow,
    pictures: Iterable[ListingPictureRow],
    seen: Mapping[str, PictureSeen],
) -> list[Verdict]:
    findings: list[Finding] = []
    for sha256 in _contents(pictures):
        findings += seen[sha256].findings
        findings += names_in(lambda fields: watch.text.read([fields])[0].findings, seen[sha256].text, sha256)
    return judge(watch, as_listing(row), findings, source.base_url)


def _contents(pictures: Iterable[ListingPictureRow]) -> list[str]:
    return list(dict.fromkeys(picture.sha256 for picture in pictures if picture.sha256))


def _keep_evidence(desk: Desk, judged: Sequence[_Judged], spool_of: SpoolOf) -> dict[int, dict[str, str]]:
    """One exhibit a listing; listing id → work → exhibit id."""
    with reading(desk.database) as session:
        told = lookups_of(session, [cast(int, one.listing.id) for one in judged])
    captures = [
        _capture(desk, one, spool_of(one.listing.last_run_id or 0), told[cast(int, one.listing.id)])
        for one in judged
    ]
    if not captures:
        return {}
    receipts = desk.vault.keep(captures)
    return {
        cast(int, one.listing.id): {verdict.work: receipt.exhibit_id for verdict in one.to_record}
        for one, receipt in zip(judged, receipts, strict=True)
    }


def _capture(desk: Desk, judged: _Judged, spool: Spool, told: Sequence[LookupRow]) -> Capture:
    listing = judged.listing
    exchanges: list[WireExchange] = list(spool.get(step_name(listing.last_step or 0)))
    failures = [] if exchanges else [_why_unheard(listing)]
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
        told,
    )
    return desk.recorder.capture(subject, f"A listing that seems to copy: {works}. Kept as it was received.")


def _why_unheard(listing: ListingRow) -> str:
    if listing.read_by.startswith(f"{BY_HAND}@"):
        return "This listing was brought by hand: no page was fetched, and nobody else said what is told here of it."
    return "The exchange that named this listing was not at hand any more."


def _pictures_in(verdicts: Iterable[Verdict]) -> Iterable[str]:
    places = (finding.place for verdict in verdicts for finding in verdict.findings)
    return (
        place.picture for place in places if isinstance(place, PicturePlace | TextPlace) and place.picture
    )


def step_name(position: int) -> str:
    """Name of a page's exchange in the spool."""
    return f"step-{position}"


def picture_name(sha256: str) -> str:
    """Name of a picture's exchange in the spool."""
    return f"picture-{sha256}"
