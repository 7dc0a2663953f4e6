"""What kept pictures show: remembered by content, compared with what the watchlist gained, or looked at anew.

A picture is decoded once. Its findings and its fingerprint are kept; a reference that comes later is compared with
the fingerprint, and nothing that was found before is found again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session

from ipguard.alerts.findings import finding_json, from_json
from ipguard.capture import Pictures
from ipguard.database.engine import reading, transaction
from ipguard.database.statements import portions
from ipguard.errors import WrongUse
from ipguard.listings.looks import (
    Kept,
    Look,
    Need,
    behind,
    fingerprints_of,
    keep_looks,
    listings_showing,
    looks_of,
)
from ipguard.listings.store import judge_again
from ipguard.matching.finding import Finding, PicturePlace, Reason
from ipguard.matching.judge import PictureSeen, SeesPictures
from ipguard.matching.reasons import render
from ipguard.matching.seen import Pair, Print

PAGE = 16
"""Pictures compared before what was seen is written down."""
MISSING = Reason("unreadable.missing")


class Eyes:
    """Looks at each picture content once and keeps what it shows."""

    def __init__(self, database: Engine, pictures: Pictures, now: Callable[[], datetime]) -> None:
        self._database, self._pictures, self._now = database, pictures, now

    def look(self, sees: SeesPictures, contents: Iterable[str]) -> dict[str, PictureSeen]:
        """What these kept pictures show of the references of `sees`."""
        wanted = list(dict.fromkeys(contents))
        with reading(self._database) as session:
            known = looks_of(session, wanted)
        need = need_of(sees)
        late = [s for s in wanted if s not in known or not known[s].holds_for(need)]
        for portion in portions(late, PAGE):
            fresh = self.up_to_date(sees, portion, known)
            with transaction(self._database) as session:
                write_down(session, fresh, self._now())
            known |= {look.sha256: look for look in fresh}
        return {sha256: _seen(known[sha256], sees) for sha256 in wanted}

    def up_to_date(
        self, sees: SeesPictures, contents: Sequence[str], known: Mapping[str, Look]
    ) -> list[Look]:
        """Looks that hold for all of `sees`, not yet written; from fingerprints where that is enough."""
        with reading(self._database) as session:
            prints = fingerprints_of(session, contents, sees.fingerprints)
        done: dict[str, Look] = {}
        for since, group in _by_edition(sees, contents, known).items():
            newer = {pair for pair, edition in sees.references.items() if edition > since}
            only = newer if since >= 0 else None
            compared = sees.compare({sha256: prints[sha256] for sha256 in group if sha256 in prints}, only)
            for sha256, found in compared.items():
                before = known[sha256] if only is not None else Look(sha256, "", -1)
                done[sha256] = _look(sees, sha256, found, kept=before.findings, text=before.text)
        for sha256 in contents:
            look = known.get(sha256)
            if sha256 not in done:
                hopeless = (
                    look is not None and look.version == sees.version and look.skipped not in (None, MISSING)
                )
                again = look.skipped if look is not None and hopeless else None
                done[sha256] = (
                    _look(sees, sha256, (), skipped=again) if again else self._anew(sees, sha256, look)
                )
        return [done[sha256] for sha256 in contents]

    def once_more(self, sees: SeesPictures, contents: Sequence[str], only: set[Pair]) -> list[Look]:
        """Looks in which these references were compared once more, whatever was found before; not yet written."""
        with reading(self._database) as session:
            known = looks_of(session, contents)
            prints = fingerprints_of(session, contents, sees.fingerprints)
        compared = sees.compare(prints, only)
        done = []
        for sha256 in contents:
            before = known.get(sha256)
            if sha256 in compared and before is not None and before.version == sees.version:
                kept = {pair: finding for pair, finding in before.findings.items() if pair not in only}
                look = _look(sees, sha256, compared[sha256], kept=kept, text=before.text)
                done.append(replace(look, edition=before.edition))
            else:
                done.append(self._anew(sees, sha256, before))
        return done

    def _anew(self, sees: SeesPictures, sha256: str, before: Look | None) -> Look:
        """From the picture; where that is not there any more, what was found in it before stands."""
        try:
            data = self._pictures.get(sha256)
        except WrongUse:
            known = before or Look(sha256, "", -1)
            return _look(sees, sha256, (), kept=known.findings, text=known.text, skipped=MISSING)
        seen = sees.look(data, sha256)
        return _look(
            sees, sha256, seen.findings, skipped=seen.skipped, fingerprint=seen.fingerprint, text=seen.text
        )


def need_of(sees: SeesPictures) -> Need:
    """What a look must hold for, so that nothing has to be compared."""
    return Need(sees.version, max(sees.references.values(), default=0))


def write_down(session: Session, looks: Sequence[Look], now: datetime) -> list[str]:
    """Keep looks, and have the listings judged again that show more, or less, than before; returns those contents."""
    changed = keep_looks(session, looks, now)
    judge_again(session, listings_showing(session, changed))
    return changed


def catch_up(eyes: Eyes, database: Engine, sees: SeesPictures, run_id: int) -> None:
    """Bring the pictures of what a run read up to date, so that its listings are judged by the watchlist of now."""
    after = ""
    while True:
        with reading(database) as session:
            contents = behind(session, need_of(sees), after=after, limit=PAGE, run_id=run_id)
        if not contents:
            return
        eyes.look(sees, contents)
        after = contents[-1]


def _by_edition(
    sees: SeesPictures, contents: Sequence[str], known: Mapping[str, Look]
) -> dict[int, list[str]]:
    """Contents by the edition up to which this matcher compared them; -1 where it never did."""
    groups: dict[int, list[str]] = {}
    for sha256 in contents:
        look = known.get(sha256)
        since = look.edition if look is not None and look.version == sees.version else -1
        groups.setdefault(since, []).append(sha256)
    return groups


def _look(
    sees: SeesPictures,
    sha256: str,
    found: Iterable[Finding],
    *,
    kept: Kept | None = None,
    skipped: Reason | None = None,
    fingerprint: Print | None = None,
    text: str = "",
) -> Look:
    """A look that holds for all of `sees`; of what was kept, that of references which are still there."""
    standing = {pair: finding for pair, finding in (kept or {}).items() if pair in sees.references}
    findings = standing | {_pair(finding): finding_json(finding) for finding in found}
    need = need_of(sees)
    return Look(sha256, need.version, need.edition, skipped, findings, fingerprint, text)


def _seen(look: Look, sees: SeesPictures) -> PictureSeen:
    findings = [from_json(f) for pair, f in look.findings.items() if pair in sees.references]
    findings.sort(key=lambda f: (-f.strength, f.work, str(f.place)))
    return PictureSeen(tuple(findings), render(look.skipped) if look.skipped else "", look.text)


def _pair(finding: Finding) -> Pair:
    if not isinstance(finding.place, PicturePlace):
        raise TypeError("what is seen in a picture has its place there")
    return finding.work, finding.place.reference
