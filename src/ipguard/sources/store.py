"""Sources in the database: adding, listing, pausing. The schedule's claims are `ipguard.jobs.schedule`'s."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from sqlmodel import Session, col, select

from crawlers.registry import needs_query
from ipguard.errors import WrongUse
from ipguard.sources.tables import RunRow, SourceRow

RENDERED = "rendered"
"""Option of a source, not of its adapter: a browser finishes its pages."""
BY_HAND = "import"
"""Adapter of sources that people fill: `ipguard source import` and `ipguard source paste`."""
SOURCE_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
SHORTEST_INTERVAL = timedelta(minutes=5)
"""Looking more often than this is not polite for any shop."""

INTERVAL = re.compile(r"(\d{1,4})\s*(m|h|d|w)")
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


@dataclass(frozen=True, slots=True)
class NewSource:
    """A source as somebody asks for it."""

    base_url: str
    adapter: str
    id: str = ""
    """Empty: made from the host."""
    query: str = ""
    options: Mapping[str, str | int | bool] | None = None
    local: bool = False
    every: timedelta = timedelta(days=1)
    min_gap_seconds: float = 1.0
    recipes: Sequence[Path] = ()
    """Folders of recipes of one's own."""


def parse_interval(text: str) -> timedelta:
    """`30m`, `6h`, `1d`, `2w`.

    Raises:
        WrongUse: it is none of these, or shorter than five minutes.
    """
    found = INTERVAL.fullmatch(text.strip().lower())
    if found is None:
        raise WrongUse(f"“{text}” is no interval", hint="Write 30m, 6h, 1d or 2w.")
    interval = int(found[1]) * UNITS[found[2]]
    if interval < SHORTEST_INTERVAL:
        raise WrongUse(f"{text} is too often for a shop", hint="The shortest interval is 5m.")
    return interval


def parse_options(given: Iterable[str]) -> dict[str, str | int | bool]:
    """`KEY=VALUE` each.

    Raises:
        WrongUse: one of them is not.
    """
    options: dict[str, str | int | bool] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise WrongUse(f"“{text}” is no option", hint="Write KEY=VALUE, for example lookback=4096.")
        options[key.strip()] = value.strip()
    return options


def wants_rendering(source: SourceRow) -> bool:
    """Whether its pages are to be finished by a browser."""
    return str(source.options.get(RENDERED, "")).lower() in ("true", "yes", "1")


def check_url(url: str) -> str:
    """A base URL that can be asked: http or https, with a host, without a password.

    Raises:
        WrongUse: it cannot.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise WrongUse(
            f"“{url}” is no web address: {error}", hint="For example https://shop.example"
        ) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise WrongUse(f"“{url}” is no web address", hint="For example https://shop.example")
    if parts.username or parts.password:
        raise WrongUse("A password does not belong in a web address", hint="Leave out the part before the @.")
    return url


def add_source(session: Session, new: NewSource, *, now: datetime) -> SourceRow:
    """Add a source; it is due at once.

    Raises:
        WrongUse: the address or the name cannot be used, or is taken.
    """
    url = check_url(new.base_url)
    if not new.query.strip() and needs_query(new.adapter, new.recipes):
        raise WrongUse(
            f"{new.adapter} shows nothing unless it is told what to ask for", hint="Give words with --query."
        )
    name = new.id or _name_from(url)
    if not SOURCE_ID.fullmatch(name):
        raise WrongUse(f"“{name}” cannot name a source", hint="Give one with --name: a-z, 0-9, dashes.")
    if session.get(SourceRow, name) is not None:
        raise WrongUse(f"There is a source “{name}” already", hint="Give another name with --name.")
    row = SourceRow(
        id=name,
        adapter=new.adapter,
        base_url=url,
        options=dict(new.options or {}),
        query=new.query,
        local=new.local,
        every_seconds=int(new.every.total_seconds()),
        min_gap_seconds=new.min_gap_seconds,
        next_run_at=now,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def list_sources(session: Session) -> Sequence[SourceRow]:
    """Every source, by name."""
    return session.exec(select(SourceRow).order_by(SourceRow.id)).all()


def get_source(session: Session, name: str) -> SourceRow:
    """One source.

    Raises:
        WrongUse: there is none of that name; near ones are told.
    """
    row = session.get(SourceRow, name)
    if row is None:
        known = ", ".join(source.id for source in list_sources(session)) or "none yet"
        raise WrongUse(f"There is no source “{name}”", hint=f"Known: {known}.")
    return row


def set_enabled(session: Session, name: str, enabled: bool, *, now: datetime) -> SourceRow:
    """Pause a source, or let it go on: then it is due at once and its failures are forgotten."""
    row = get_source(session, name)
    refuse_by_hand(row)
    row.enabled = enabled
    if enabled:
        row.next_run_at, row.attempts, row.last_error = now, 0, ""
    session.add(row)
    return row


def refuse_by_hand(row: SourceRow) -> None:
    """Check that a source is one that is asked.

    Raises:
        WrongUse: people fill it by hand.
    """
    if row.adapter == BY_HAND:
        raise WrongUse(
            f"{row.id} is filled by hand and never asked",
            hint="Bring more: ipguard source import FILE.csv, or ipguard source paste ADDRESS.",
        )


def last_runs(session: Session, name: str, *, limit: int = 10) -> Sequence[RunRow]:
    """The newest runs of a source, newest first."""
    statement = select(RunRow).where(RunRow.source_id == name).order_by(col(RunRow.id).desc()).limit(limit)
    return session.exec(statement).all()


def _name_from(url: str) -> str:
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    port = f"-{parts.port}" if parts.port else ""
    return re.sub(r"[^a-z0-9]+", "-", host.lower() + port).strip("-")[:64]
