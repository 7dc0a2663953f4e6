"""What was seen in pictures, kept by content: looked at once, and compared later with what the watchlist gains.

A look holds up to an edition of the watchlist. A picture is behind when a reference came after that, or when another
version of the matcher looked; whoever brings it up to date, and in whatever order, no picture is missed and no
reference is compared twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, insert, or_, select, tuple_
from sqlmodel import Session, col

from ipguard.database.statements import insert_into, portions
from ipguard.listings.tables import (
    ListingPictureRow,
    ListingRow,
    PictureFindingRow,
    PictureFingerprintRow,
    PictureLookRow,
)
from ipguard.matching.finding import Reason
from ipguard.matching.seen import Pair, Print

CHUNK = 500
"""Values a statement."""

Kept = Mapping[Pair, Mapping[str, object]]
"""(work, SHA-256 of the reference) → the finding as JSON."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a look must hold for."""

    version: str
    """Of the picture matcher."""
    edition: int
    """The last of the watchlist that brought a reference picture."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one picture content shows."""

    sha256: str
    version: str
    edition: int
    skipped: Reason | None = None
    """Why it could not be looked at."""
    findings: Kept = field(default_factory=dict)
    fingerprint: Print | None = None
    """Only where it was made anew: reading gives None."""
    text: str = ""
    """What could be read in it."""

    def holds_for(self, need: Need) -> bool:
        """Whether nothing has to be compared again."""
        return self.version == need.version and self.edition >= need.edition


def looks_of(session: Session, contents: Iterable[str]) -> dict[str, Look]:
    """What is known of these contents; those nobody looked at are left out."""
    found: dict[str, Look] = {}
    for chunk in portions(dict.fromkeys(contents), CHUNK):
        findings = _findings(session, chunk)
        for row in session.scalars(select(PictureLookRow).where(col(PictureLookRow.sha256).in_(chunk))):
            reason = Reason(str(row.skipped["code"]), _values(row.skipped)) if row.skipped else None
            known = findings.get(row.sha256, {})
            found[row.sha256] = Look(row.sha256, row.version, row.edition, reason, known, text=row.text)
    return found


def fingerprints_of(session: Session, contents: Iterable[str], version: str) -> dict[str, bytes]:
    """Kept fingerprints of this version."""
    found: dict[str, bytes] = {}
    for chunk in portions(contents, CHUNK):
        rows = session.execute(
            select(col(PictureFingerprintRow.sha256), col(PictureFingerprintRow.data)).where(
                col(PictureFingerprintRow.sha256).in_(chunk), col(PictureFingerprintRow.version) == version
            )
        )
        found.update((sha256, data) for sha256, data in rows)
    return found


def keep_looks(session: Session, looks: Sequence[Look], now: datetime) -> list[str]:
    """Write what was seen; returns the contents in which something else is seen than before.

    A look that holds for less than the one that is kept changes nothing: whoever looked was behind.
    """
    if not looks:
        return []
    rows = [
        {
            "sha256": look.sha256,
            "version": look.version,
            "edition": look.edition,
            "skipped": {"code": look.skipped.code, "values": dict(look.skipped.values)}
            if look.skipped
            else None,
            "text": look.text,
            "looked_at": now,
        }
        for look in looks
    ]
    insertion = insert_into(session, PictureLookRow).values(rows)
    said = insertion.excluded
    further = or_(col(PictureLookRow.version) != said.version, col(PictureLookRow.edition) <= said.edition)
    written = set(
        session.execute(
            insertion.on_conflict_do_update(
                index_elements=["sha256"],
                set_={name: said[name] for name in rows[0] if name != "sha256"},
                where=further,
            ).returning(col(PictureLookRow.sha256))
        ).scalars()
    )
    _keep_fingerprints(session, [look for look in looks if look.sha256 in written], now)
    return _keep_findings(session, [look for look in looks if look.sha256 in written])


def forget_findings(session: Session, standing: Collection[Pair]) -> list[str]:
    """Drop findings of references that are not watched for any more; returns the contents that had one."""
    named = session.execute(
        select(col(PictureFindingRow.work_id), col(PictureFindingRow.reference)).distinct()
    )
    gone = [(work, reference) for work, reference in named if (work, reference) not in standing]
    contents: set[str] = set()
    for chunk in portions(gone, CHUNK):
        pair = tuple_(col(PictureFindingRow.work_id), col(PictureFindingRow.reference))
        contents.update(
            session.execute(
                delete(PictureFindingRow).where(pair.in_(chunk)).returning(col(PictureFindingRow.sha256))
            ).scalars()
        )
    return sorted(contents)


def behind(
    session: Session, need: Need, *, after: str = "", limit: int = CHUNK, run_id: int | None = None
) -> list[str]:
    """Contents shown by listings that are behind, by SHA-256; with `run_id` only of what that run read."""
    wanted = _shown(run_id).where(col(ListingPictureRow.sha256) > after, ~_holds(need))
    return list(session.scalars(wanted.order_by(col(ListingPictureRow.sha256)).limit(limit)))


def count_behind(session: Session, need: Need) -> int:
    """How many contents are behind."""
    return _count(session, ~_holds(need))


def stored_contents(session: Session, *, after: str = "", limit: int = CHUNK) -> list[str]:
    """Every content shown by a listing, by SHA-256."""
    wanted = _shown(None).where(col(ListingPictureRow.sha256) > after)
    return list(session.scalars(wanted.order_by(col(ListingPictureRow.sha256)).limit(limit)))


def count_stored(session: Session, *, after: str = "") -> int:
    """How many contents listings show, after this one."""
    return _count(session, col(ListingPictureRow.sha256) > after)


def listings_showing(session: Session, contents: Iterable[str]) -> list[int]:
    """Ids of the listings that show any of these contents."""
    found: set[int] = set()
    for chunk in portions(contents, CHUNK):
        found.update(
            session.scalars(
                select(col(ListingPictureRow.listing_id)).where(col(ListingPictureRow.sha256).in_(chunk))
            )
        )
    return sorted(found)


def _shown(run_id: int | None) -> Select[str | None]:
    wanted = (
        select(col(ListingPictureRow.sha256)).where(col(ListingPictureRow.sha256).is_not(None)).distinct()
    )
    if run_id is None:
        return wanted
    return wanted.join(ListingRow, col(ListingRow.id) == col(ListingPictureRow.listing_id)).where(
        col(ListingRow.last_run_id) == run_id
    )


def _holds(need: Need) -> ColumnElement[bool]:
    return exists().where(
        and_(
            col(PictureLookRow.sha256) == col(ListingPictureRow.sha256),
            col(PictureLookRow.version) == need.version,
            col(PictureLookRow.edition) >= need.edition,
        )
    )


def _count(session: Session, condition: ColumnElement[bool]) -> int:
    distinct = func.count(func.distinct(col(ListingPictureRow.sha256)))
    return session.scalars(
        select(distinct).where(col(ListingPictureRow.sha256).is_not(None), condition)
    ).one()


def _keep_fingerprints(session: Session, looks: Iterable[Look], now: datetime) -> None:
    rows = [
        {
            "sha256": look.sha256,
            "version": look.fingerprint.version,
            "width": look.fingerprint.width,
            "height": look.fingerprint.height,
            "made_at": now,
            "hashes": look.fingerprint.hashes,
            "data": look.fingerprint.data,
        }
        for look in looks
        if look.fingerprint is not None
    ]
    if not rows:
        return
    insertion = insert_into(session, PictureFingerprintRow).values(rows)
    session.execute(
        insertion.on_conflict_do_update(
            index_elements=["sha256"],
            set_={name: insertion.excluded[name] for name in rows[0] if name != "sha256"},
        )
    )


def _keep_findings(session: Session, looks: Sequence[Look]) -> list[str]:
    before = _findings(session, [look.sha256 for look in looks])
    changed = [look for look in looks if before.get(look.sha256, {}) != dict(look.findings)]
    if not changed:
        return []
    contents = [look.sha256 for look in changed]
    session.execute(delete(PictureFindingRow).where(col(PictureFindingRow.sha256).in_(contents)))
    rows = [
        {"sha256": look.sha256, "work_id": work, "reference": reference, "finding": dict(finding)}
        for look in changed
        for (work, reference), finding in look.findings.items()
    ]
    if rows:
        session.execute(insert(PictureFindingRow), rows)
    return contents


def _findings(session: Session, contents: Collection[str]) -> dict[str, dict[Pair, Mapping[str, object]]]:
    found: dict[str, dict[Pair, Mapping[str, object]]] = {}
    rows = session.execute(
        select(
            col(PictureFindingRow.sha256),
            col(PictureFindingRow.work_id),
            col(PictureFindingRow.reference),
            col(PictureFindingRow.finding),
        ).where(col(PictureFindingRow.sha256).in_(contents))
    )
    for sha256, work, reference, finding in rows:
        found.setdefault(sha256, {})[work, reference] = finding
    return found


def _values(stored: Mapping[str, object]) -> dict[str, str | int | float]:
    values = stored.get("values")
    if not isinstance(values, Mapping):
        return {}
    return {str(name): value for name, value in values.items() if isinstance(value, str | int | float)}
