"""Works in the database: a whole watchlist goes in at once or not at all, and comes out as values."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from sqlalchemy import delete, update
from sqlmodel import Session, SQLModel, col, select

from ipguard.database.statements import insert_into
from ipguard.errors import WrongUse
from ipguard.matching.finding import Reason
from ipguard.rights.tables import (
    EditionRow,
    NameRow,
    OfficialDomainRow,
    OfficialPriceRow,
    OfficialSellerRow,
    PictureRow,
    RightRow,
    WorkRow,
)
from ipguard.rights.work import Name, NameKind, OfficialPrice, Right, RightKind, Watchlist, Work

MAX_PICTURE_BYTES = 20_000_000

TRIED = frozenset(
    f"reference.{what}"
    for what in ("self_test", "look_alike", "weak_edits", "weak_parts", "weak_layouts", "weak_goods")
)
"""What a self-test says of a picture; everything else is said by looking at it alone."""

Part = NameRow | RightRow | PictureRow | OfficialSellerRow | OfficialPriceRow | OfficialDomainRow
PARTS: tuple[type[Part], ...] = (
    NameRow,
    RightRow,
    PictureRow,
    OfficialSellerRow,
    OfficialPriceRow,
    OfficialDomainRow,
)
"""Tables that say something about one work."""


@dataclass(frozen=True, slots=True)
class PictureLook:
    """What looking at a reference picture told."""

    width: int
    height: int
    media_type: str
    warnings: tuple[Reason, ...] = ()
    """Why it may be hard to find copies of: too small, too flat."""
    unreadable: str = ""
    """Why it cannot be used at all, in words; empty when it can."""


@dataclass(frozen=True, slots=True)
class ReferencePicture:
    """A reference picture with its bytes, ready to be kept."""

    work: str
    sha256: str
    file_name: str
    look: PictureLook


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import changed."""

    added: tuple[str, ...]
    replaced: tuple[str, ...]
    names: int
    pictures: tuple[ReferencePicture, ...]


Look = Callable[[bytes], PictureLook]
Keep = Callable[[bytes], str]
"""Keeps bytes by content and gives back their SHA-256."""


def read_pictures(watchlist: Watchlist, look: Look, keep: Keep) -> tuple[ReferencePicture, ...]:
    """Look at every reference picture of a watchlist, then keep them all.

    Raises:
        WrongUse: a picture cannot be used; every such picture is named and nothing is kept.
    """
    problems: list[str] = []
    good: list[tuple[ReferencePicture, bytes]] = []
    for work in watchlist.works:
        for path in work.pictures:
            data, why = _bytes_of(path)
            seen = look(data) if not why else PictureLook(0, 0, "", unreadable=why)
            if seen.unreadable:
                problems.append(
                    f"{watchlist.source.name}, {work.id}, pictures: {path.name}: {seen.unreadable}"
                )
                continue
            digest = hashlib.sha256(data).hexdigest()
            good.append((ReferencePicture(work.id, digest, path.name, seen), data))
    if problems:
        lines = "\n".join(f"  • {line}" for line in problems)
        raise WrongUse(
            f"Some pictures cannot be used; nothing was imported:\n{lines}",
            hint="Save them again as PNG or JPEG, or take them out of the list.",
        )
    for _, data in good:
        keep(data)
    return tuple(picture for picture, _ in good)


def import_watchlist(
    session: Session,
    watchlist: Watchlist,
    pictures: Sequence[ReferencePicture],
    *,
    now: datetime,
    changing: bool = False,
) -> Imported:
    """Put every work of a watchlist into the database, replacing what an older version of it said.

    With `changing`, a work that is paused stays so, and pictures that it had keep what was said about them.
    """
    edition = next_edition(session)
    known = set(session.exec(select(WorkRow.id)).all())
    for work in watchlist.works:
        _put_work(session, work, [p for p in pictures if p.work == work.id], edition, now, changing)
    ids = [work.id for work in watchlist.works]
    return Imported(
        added=tuple(i for i in ids if i not in known),
        replaced=tuple(i for i in ids if i in known),
        names=sum(len(work.names) for work in watchlist.works),
        pictures=tuple(pictures),
    )


def next_edition(session: Session) -> int:
    """Begin a change of the watchlist: a number higher than that of every change before it.

    The row stays locked until the transaction ends, so changes come one after the other, in order of their numbers.
    """
    statement = insert_into(session, EditionRow).values(id=1, edition=1)
    raised = statement.on_conflict_do_update(
        index_elements=["id"], set_={"edition": col(EditionRow.edition) + 1}
    )
    return int(session.execute(raised.returning(col(EditionRow.edition))).scalar_one())


def edition_now(session: Session) -> int:
    """Number of the last change of the watchlist; 0 where there was none."""
    return session.exec(select(EditionRow.edition)).first() or 0


def lock_edition(session: Session) -> None:
    """Let nobody change the watchlist, or begin a hunt for it, until the transaction ends."""
    session.execute(select(EditionRow).with_for_update())


def set_watched(session: Session, work_id: str, watched: bool, *, now: datetime) -> WorkRow:
    """Pause a work, or watch it again; what was listed meanwhile has then to be searched for its pictures.

    Raises:
        WrongUse: there is no such work.
    """
    edition, row = next_edition(session), session.get(WorkRow, work_id)
    if row is None:
        raise WrongUse(f"There is no work {work_id}.")
    if watched and not row.active:
        pictures = update(PictureRow).where(col(PictureRow.work_id) == work_id)
        session.execute(pictures.values(edition=edition))
    row.active, row.updated_at = watched, now
    session.add(row)
    return row


def note_trials(session: Session, work_id: str, said: Mapping[str, Sequence[Reason]]) -> None:
    """Write down what the self-test said about pictures, by their SHA-256; an older test's words go."""
    for row in session.exec(select(PictureRow).where(PictureRow.work_id == work_id)):
        if row.sha256 in said:
            first = [note for note in row.warnings if str(note["code"]) not in TRIED]
            row.warnings = [*first, *_notes(said[row.sha256])]
            session.add(row)


def load_works(session: Session) -> tuple[Work, ...]:
    """Every active work with its names, rights, sellers and prices; pictures are asked for by themselves."""
    return _values(
        session, session.exec(select(WorkRow).where(col(WorkRow.active)).order_by(WorkRow.id)).all()
    )


def load_work(session: Session, work_id: str) -> Work:
    """One work, active or not, as `load_works` gives it.

    Raises:
        WrongUse: there is no such work.
    """
    row = session.get(WorkRow, work_id)
    if row is None:
        raise WrongUse(f"There is no work {work_id}.")
    return _values(session, [row])[0]


def pictures_of(session: Session, work_id: str) -> tuple[PictureRow, ...]:
    """Reference pictures of one work, active or not, as they were added."""
    statement = select(PictureRow).where(PictureRow.work_id == work_id).order_by(col(PictureRow.id))
    return tuple(session.exec(statement).all())


def _values(session: Session, rows: Sequence[WorkRow]) -> tuple[Work, ...]:
    names = _by_work(session.exec(select(NameRow).order_by(col(NameRow.id))).all())
    rights = _by_work(session.exec(select(RightRow).order_by(col(RightRow.id))).all())
    sellers = _by_work(session.exec(select(OfficialSellerRow).order_by(OfficialSellerRow.seller)).all())
    domains = _by_work(session.exec(select(OfficialDomainRow).order_by(OfficialDomainRow.domain)).all())
    prices = _by_work(session.exec(select(OfficialPriceRow).order_by(col(OfficialPriceRow.id))).all())
    return tuple(
        Work(
            id=row.id,
            title=row.title,
            owner=row.owner,
            names=tuple(_name(n) for n in names.get(row.id, ())),
            rights=tuple(
                Right(RightKind(r.kind), r.territory, r.number, r.valid_to) for r in rights.get(row.id, ())
            ),
            official_sellers=tuple(s.seller for s in sellers.get(row.id, ())),
            official_prices=tuple(
                OfficialPrice(p.product, Decimal(p.amount), p.currency) for p in prices.get(row.id, ())
            ),
            official_domains=tuple(d.domain for d in domains.get(row.id, ())),
        )
        for row in rows
    )


def load_pictures(session: Session) -> tuple[PictureRow, ...]:
    """Reference pictures of active works, in a fixed order."""
    statement = (
        select(PictureRow)
        .join(WorkRow, col(WorkRow.id) == col(PictureRow.work_id))
        .where(col(WorkRow.active))
        .order_by(PictureRow.work_id, PictureRow.sha256)
    )
    return tuple(session.exec(statement).all())


def _bytes_of(path: Path) -> tuple[bytes, str]:
    try:
        if path.stat().st_size > MAX_PICTURE_BYTES:
            return b"", f"larger than {MAX_PICTURE_BYTES:,} bytes"
        return path.read_bytes(), ""
    except OSError as error:
        return b"", f"cannot be read ({error.strerror})"


def _put_work(
    session: Session,
    work: Work,
    pictures: Sequence[ReferencePicture],
    edition: int,
    now: datetime,
    changing: bool,
) -> None:
    row = session.get(WorkRow, work.id)
    active = row.active if row is not None and changing else True
    said = _said(session, work.id) if changing else {}
    since = _editions(session, work.id) if row is not None and row.active else {}
    if row is None:
        row = WorkRow(id=work.id, title=work.title, owner=work.owner, created_at=now, updated_at=now)
    row.title, row.owner, row.active, row.updated_at = work.title, work.owner, active, now
    session.add(row)
    session.flush()
    for table in PARTS:
        session.execute(delete(table).where(col(table.work_id) == work.id))
    session.add_all(_parts(work, pictures, since, edition, said))
    session.flush()


def _editions(session: Session, work_id: str) -> dict[tuple[str, str], int]:
    """(content, file name) of each picture of a work → since which edition it has been there under that name."""
    rows = session.exec(select(PictureRow).where(PictureRow.work_id == work_id))
    return {(row.sha256, row.file_name): row.edition for row in rows}


def _said(session: Session, work_id: str) -> dict[str, list[dict[str, object]]]:
    """Content of each picture of a work → what was said about it."""
    rows = session.exec(select(PictureRow).where(PictureRow.work_id == work_id))
    return {row.sha256: list(row.warnings) for row in rows}


def _notes(reasons: Sequence[Reason]) -> list[dict[str, object]]:
    return [{"code": one.code, "values": dict(one.values)} for one in reasons]


def _parts(
    work: Work,
    pictures: Sequence[ReferencePicture],
    since: Mapping[tuple[str, str], int],
    edition: int,
    said: Mapping[str, list[dict[str, object]]],
) -> list[SQLModel]:
    unique = {picture.sha256: picture for picture in pictures}
    return [
        *(
            NameRow(
                work_id=work.id,
                text=n.text,
                language=n.language,
                kind=n.kind,
                needs_context=n.needs_context,
                required=list(n.required),
                any_of=list(n.any_of),
                none_of=list(n.none_of),
            )
            for n in work.names
        ),
        *(
            RightRow(
                work_id=work.id, kind=r.kind, territory=r.territory, number=r.number, valid_to=r.valid_to
            )
            for r in work.rights
        ),
        *(OfficialSellerRow(work_id=work.id, seller=s) for s in dict.fromkeys(work.official_sellers)),
        *(OfficialDomainRow(work_id=work.id, domain=d) for d in dict.fromkeys(work.official_domains)),
        *(
            OfficialPriceRow(work_id=work.id, product=p.product, amount=str(p.amount), currency=p.currency)
            for p in work.official_prices
        ),
        *(
            PictureRow(
                work_id=work.id,
                sha256=p.sha256,
                file_name=p.file_name,
                media_type=p.look.media_type,
                width=p.look.width,
                height=p.look.height,
                warnings=said.get(p.sha256) or _notes(p.look.warnings),
                edition=since.get((p.sha256, p.file_name), edition),
            )
            for p in unique.values()
        ),
    ]


def _name(row: NameRow) -> Name:
    words = tuple(row.required), tuple(row.any_of), tuple(row.none_of)
    return Name(row.text, row.language, NameKind(row.kind), row.needs_context, *words)


R = TypeVar("R", NameRow, RightRow, OfficialSellerRow, OfficialPriceRow, OfficialDomainRow)


def _by_work(rows: Sequence[R]) -> dict[str, list[R]]:
    found: dict[str, list[R]] = {}
    for row in rows:
        found.setdefault(row.work_id, []).append(row)
    return found
