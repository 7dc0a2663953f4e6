"""Keeping evidence over years, and letting go of it: stamps, legal hold, retention, erasure.

What the evidence store promises is its own; here stands what the workspace adds: which authorities and witnesses are
asked, and that an exhibit of an open case is not erased.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from evidence_store import retention
from evidence_store.canonical import moment
from evidence_store.errors import EvidenceError, StoreLocked
from evidence_store.renewing import due_stamps, renew
from evidence_store.store import EvidenceStore, Memory
from evidence_store.timestamps.renewal import HASHES, first_record
from evidence_store.timestamps.stamping import Stamped, stamp_checkpoint
from evidence_store.witnessing import witness_checkpoint
from ipguard.cases.store import open_cases_of
from ipguard.database.engine import reading
from ipguard.errors import IpguardError, WrongUse
from ipguard.evidence import Clock, authorities, open_store, witnesses
from ipguard.settings import Workspace

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """An exhibit that nothing keeps any longer."""

    exhibit_id: str
    kept_at: str
    url: str


def stamp_now(workspace: Workspace, now: Clock, memory: Memory | None = None) -> tuple[Stamped, ...]:
    """Sign what is new, and have it stamped by every authority that has not done so yet."""
    with open_store(workspace, now, memory) as store:
        store.checkpoint()
        for one in witness_checkpoint(store, witnesses(workspace)):
            if one.problem:
                logger.warning("not cosigned by %s: %s", one.witness, one.problem)
        return stamp_checkpoint(store, authorities(workspace, now))


def stamp_quietly(workspace: Workspace, now: Clock, memory: Memory | None = None) -> tuple[str, ...]:
    """The same after a run: what fails is logged, and taken up by the next one. The evidence itself is kept already.

    Returns what somebody should look at, in words; that another process has the store is not among it.
    """
    try:
        problems = [one for one in stamp_now(workspace, now, memory) if one.problem]
    except StoreLocked as error:
        logger.warning("no time stamp: %s", error)
        return ()
    except (EvidenceError, IpguardError) as error:
        logger.warning("no time stamp: %s", error)
        return (f"No time stamp: {error}",)
    for one in problems:
        logger.warning("no time stamp by %s: %s", one.authority, one.problem)
    return tuple(f"No time stamp by {one.authority}: {one.problem}" for one in problems)


def renew_due(
    workspace: Workspace,
    *,
    days: int,
    hash_name: str,
    authority: str,
    now: Clock,
    progress: Callable[[int, int], None],
) -> int:
    """Have stamps that end within `days` taken over by a new one of an authority; returns how many.

    Raises:
        WrongUse: there is no such authority, or no such hash.
    """
    if hash_name not in HASHES:
        raise WrongUse(f"“{hash_name}” is no hash to renew with.", hint="sha256 or sha512")
    known = {one.name: one for one in authorities(workspace, now)}
    name = authority or next(iter(known), "")
    if name not in known:
        raise WrongUse(f"There is no authority “{name}”.", hint=f"Configured: {', '.join(known) or 'none'}.")
    with open_store(workspace, now) as store:
        at = now()
        due = due_stamps(store, before=at + timedelta(days=days), hash_name=hash_name, progress=progress)
        return renew(store, due, known[name], hash_name=hash_name, at=at) if due else 0


def write_records(workspace: Workspace, folder: Path, now: Clock) -> list[Path]:
    """Write every evidence record, with the roots it leads to, to be handed out beside old bundles."""
    written = []
    folder.mkdir(parents=True, exist_ok=True)
    with open_store(workspace, now) as store:
        for size in store.checkpoint_sizes():
            for line in store.stamps(size):
                known = store.renewal(size, line.authority)
                record, roots = known or (first_record(line.response), line.roots)
                path = folder / f"checkpoint-{size}.{line.authority}.er"
                path.write_bytes(record)
                path.with_suffix(".roots.pem").write_bytes(roots)
                written.append(path)
    return written


def place_hold(store: EvidenceStore, exhibits: Sequence[str], *, matter: str, who: str, why: str) -> None:
    """Hold exhibits for a matter: from now on nobody erases them.

    Raises:
        WrongUse: the matter has no name.
    """
    if not matter.strip():
        raise WrongUse("A legal hold needs the matter it is for.", hint='For example: --matter "2026-Civ-41"')
    about = {"matter": matter.strip()}
    store.custody_of_all(exhibits, kind=retention.HELD, who=who, why=why, about={**about})


def release_hold(store: EvidenceStore, exhibits: Sequence[str], *, matter: str, who: str, why: str) -> None:
    """Let go of a hold.

    Raises:
        WrongUse: an exhibit is not held for this matter.
    """
    for exhibit in exhibits:
        held = retention.matters_holding([event.fields for event in store.custody_of(exhibit)])
        if matter.strip() not in held:
            raise WrongUse(
                f"Exhibit {exhibit} is not held for “{matter}”.",
                hint=f"It is held for: {', '.join(held) or 'nothing'}.",
            )
    about = {"matter": matter.strip()}
    store.custody_of_all(exhibits, kind=retention.RELEASED, who=who, why=why, about={**about})


def retain(store: EvidenceStore, exhibits: Sequence[str], *, until: datetime, who: str, why: str) -> None:
    """Keep exhibits at least until a moment; the last word counts."""
    about = {"until": moment(until)}
    store.custody_of_all(exhibits, kind=retention.RETENTION, who=who, why=why, about={**about})


def due_for_erasure(
    workspace: Workspace,
    database: Engine,
    store: EvidenceStore,
    *,
    at: datetime,
    progress: Callable[[int, int], None],
) -> list[Due]:
    """Exhibits that are older than `retain_days` and that neither hold, retention nor an open case keeps."""
    oldest = at - timedelta(days=workspace.settings.evidence.retain_days)
    found = []
    for kept in store.exhibits():
        progress(kept.position + 1, store.size)
        time = kept.fields["time"]
        kept_at = str(time["kept_at"]) if isinstance(time, dict) else ""
        if kept_at > moment(oldest) or store.why_kept(kept.exhibit_id):
            continue
        found.append(Due(kept.exhibit_id, kept_at, str(kept.fields["requested_url"])))
    with reading(database) as session:
        return [one for one in found if not open_cases_of(session, one.exhibit_id)]


def erase_exhibits(
    workspace: Workspace,
    database: Engine,
    exhibits: Sequence[str],
    *,
    who: str,
    why: str,
    legal_basis: str,
    now: Clock,
    progress: Callable[[int, int], None],
) -> int:
    """Make exhibits unreadable for ever; returns the position of the last entry that says so.

    Raises:
        WrongUse: no reason was given, or one belongs to an open case.
        StoreError: one is under legal hold or must still be kept; then none is erased.
    """
    if not why.strip() or not legal_basis.strip() or not exhibits:
        raise WrongUse("Erasing needs exhibits, a reason and a legal basis.", hint="--why … --legal-basis …")
    with reading(database) as session:
        for exhibit in exhibits:
            if cases := open_cases_of(session, exhibit):
                raise WrongUse(
                    f"Exhibit {exhibit} belongs to open case {cases[0]}.",
                    hint=f"When it is over: ipguard case close {cases[0]}",
                )
    with open_store(workspace, now) as store:
        return store.erase(exhibits, who=who, why=why, legal_basis=legal_basis, progress=progress)
