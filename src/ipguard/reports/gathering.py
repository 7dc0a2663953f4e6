"""Everything that the report of a case is made of, read from rows, the picture store and the evidence store.

Reading changes nothing: no entry is written into the log, and nothing is signed or stamped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, select
from sqlmodel import Session, col

from evidence_store.blobs.directory import DirectoryBlobs
from evidence_store.blobs.store import read
from evidence_store.bundles.papers.pictures import printable
from evidence_store.canonical import Object
from evidence_store.errors import EvidenceError, StoreError, TimestampError
from evidence_store.log.checkpoint import parse_checkpoint
from evidence_store.log.note import split
from evidence_store.record import File
from evidence_store.store import CustodyEvent, EvidenceStore, Memory
from evidence_store.timestamps.check import Stamp, check_stamp
from ipguard.alerts.queries import AlertStory
from ipguard.cases.store import CaseStory, exhibit_label, one_case
from ipguard.database.engine import reading
from ipguard.errors import WrongUse
from ipguard.evidence import open_store
from ipguard.matching.finding import Finding, PicturePlace
from ipguard.matching.images.draw import jpeg, region_view
from ipguard.matching.images.layover import open_pair
from ipguard.rights.tables import PictureRow
from ipguard.settings import Workspace


@dataclass(frozen=True, slots=True)
class Shown:
    """What an alert is shown by: the matched region in both pictures, or the two pictures as they are."""

    drawn: bytes = b""
    """JPEG of both beside each other, the matched region outlined."""
    picture: bytes = b""
    """JPEG of the listing's first picture, where nothing can be drawn."""
    reference: bytes = b""
    """JPEG of the work's picture, where nothing can be drawn."""
    picture_sha256: str = ""
    reference_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """An exhibit as the case numbers it."""

    number: str
    id: str
    alert: int | None
    fields: Object = field(default_factory=dict)
    """Its record; empty where it is not to be had."""
    record_sha256: str = ""
    position: int = -1
    """Of its entry in the log."""
    files: tuple[File, ...] = ()
    events: tuple[CustodyEvent, ...] = ()
    gone: str = ""
    """Why it is not to be had: erased, when and by whom."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What stands over the exhibits: the newest checkpoint and who stamped it."""

    origin: str = ""
    size: int = 0
    root: str = ""
    checkpoint_sha256: str = ""
    vkey: str = ""
    stamps: tuple[tuple[str, Stamp], ...] = ()


@dataclass(frozen=True, slots=True)
class Material:
    """A case with everything that its report prints."""

    story: CaseStory
    shown: Mapping[int, Shown]
    """Alert → what it is shown by."""
    exhibits: tuple[Exhibit, ...]
    sealed: Sealed
    organisation: str
    time_zone: str


def gather_case(
    workspace: Workspace,
    database: Engine,
    case_id: int,
    *,
    now: Callable[[], datetime],
    memory: Memory | None = None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Material:
    """Read a case for its report.

    Raises:
        WrongUse: there is no such case. EvidenceError: the evidence store does not open.
    """
    with reading(database) as session:
        story = one_case(session, case_id, now=now())
        references = _references(session, {one.view.work.id for one in story.alerts})
    total = len(story.alerts) + len(story.exhibits)
    shown = {}
    for done, one in enumerate(story.alerts, 1):
        shown[one.view.id] = _shown(workspace.pictures, one, references.get(one.view.work.id, ""))
        progress(done, total)
    with open_store(workspace, now, memory) as store:
        exhibits = []
        for done, row in enumerate(story.exhibits, len(story.alerts) + 1):
            exhibits.append(exhibit_of(store, exhibit_label(row.number), row.exhibit_id, row.alert_id))
            progress(done, total)
        sealed = sealed_by(store)
    evidence = workspace.settings.evidence
    return Material(story, shown, tuple(exhibits), sealed, evidence.organisation, evidence.time_zone)


def exhibit_of(store: EvidenceStore, number: str, exhibit_id: str, alert: int | None) -> Exhibit:
    """One exhibit with its files and custody; one that was erased says so."""
    try:
        kept = store.exhibit(exhibit_id)
    except StoreError as error:
        return Exhibit(number, exhibit_id, alert, gone=str(error))
    events = tuple(store.custody_of(exhibit_id))
    digest = hashlib.sha256(kept.record).hexdigest()
    return Exhibit(number, exhibit_id, alert, kept.fields, digest, kept.position, tuple(kept.files), events)


def sealed_by(store: EvidenceStore) -> Sealed:
    """The newest checkpoint with its good stamps; an empty one where nothing was signed yet."""
    note = store.newest_checkpoint()
    if note is None:
        return Sealed(vkey=str(store.vkey))
    digest = hashlib.sha256(note).digest()
    stamps = []
    for line in store.stamps():
        try:
            stamps.append((line.authority, check_stamp(digest, line.query, line.response, line.roots)))
        except TimestampError:
            continue  # a stamp that does not verify is none
    head = parse_checkpoint(split(note)[0])
    return Sealed(head.origin, head.size, head.root.hex(), digest.hex(), str(store.vkey), tuple(stamps))


def best_place(findings: Sequence[Finding]) -> PicturePlace | None:
    """The strongest finding that knows where in a picture it is."""
    placed = [f for f in findings if isinstance(f.place, PicturePlace)]
    best = max(placed, key=lambda f: f.strength, default=None)
    return best.place if best is not None and isinstance(best.place, PicturePlace) else None


def _references(session: Session, works: Collection[str]) -> dict[str, str]:
    """Work → digest of its first picture."""
    rows = session.execute(
        select(col(PictureRow.work_id), col(PictureRow.sha256))
        .where(col(PictureRow.work_id).in_(works))
        .order_by(col(PictureRow.id).desc())
    )
    return {row[0]: row[1] for row in rows}


def _shown(pictures: Path, one: AlertStory, reference: str) -> Shown:
    blobs = DirectoryBlobs(pictures)
    place = best_place(one.view.findings)
    if place is not None:
        try:
            pair = open_pair(read(blobs, place.picture), read(blobs, place.reference), place)
            drawn = jpeg(region_view(pair))
            return Shown(drawn, picture_sha256=place.picture, reference_sha256=place.reference)
        except (WrongUse, EvidenceError):
            pass  # the pictures as they are then, if they are there
    own = next((picture.sha256 for picture in one.pictures if picture.sha256), "")
    return Shown(
        picture=_picture(blobs, own), reference=_picture(blobs, reference), picture_sha256=own,
        reference_sha256=reference,
    )  # fmt: skip


def _picture(blobs: DirectoryBlobs, digest: str) -> bytes:
    try:
        return _first(read(blobs, digest)) if digest else b""
    except EvidenceError:
        return b""


def _first(data: bytes) -> bytes:
    return next(iter(printable(data).slices), b"")
