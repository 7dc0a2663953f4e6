"""Adding a place to look at: what somebody wrote becomes a source that works, or a sentence that says what it lacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from sqlmodel import Session

from crawlers.adapter import Adapter
from crawlers.auth import Auth
from crawlers.errors import BadSource
from crawlers.registry import build_adapter, recipe_base, recipe_for, spelled
from ipguard.asking import recognise_adapter
from ipguard.errors import WrongUse
from ipguard.settings import Workspace
from ipguard.sources.credentials import missing_keys
from ipguard.sources.health import set_canary
from ipguard.sources.looked_for import as_posted
from ipguard.sources.marketplaces import refuse_closed
from ipguard.sources.store import RENDERED, NewSource, add_source, check_url
from ipguard.sources.tables import SourceRow
from ipguard.wiring import adapter_of, keys_of

Options = Mapping[str, str | int | bool]


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wrote."""

    text: str
    """A plain address, or in short `ct:URL`, `github:WORDS`, `recipe:NAME`, the name of a recipe and words, …"""
    adapter: str = ""
    """Empty: found out by asking."""
    name: str = ""
    query: str = ""
    every: timedelta = timedelta(days=1)
    gap_seconds: float = 1.0
    options: Options = field(default_factory=dict)
    rendered: bool = False
    local: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A source that can be added."""

    new: NewSource
    auth: Auth | None
    """How its hosts are told who asks."""


def place_of(workspace: Workspace, asked: Asked, *, now: Callable[[], datetime]) -> Place:
    """The source that somebody means; its adapter is made once, so that it says now what it lacks.

    Where nothing else tells what reads it, the place is asked, politely.

    Raises:
        WrongUse: it cannot be a source as it is written, or is a marketplace that only people may look at.
        SourceRefused: it had to be asked and cannot be reached.
    """
    recipes = (workspace.marketplaces,)
    meant = spelled(asked.text.strip(), recipes)
    url, words, name = meant.base_url, asked.query.strip() or meant.query, asked.name or meant.name
    options = dict(asked.options)
    try:
        known = meant.adapter or recipe_for(url, recipes)
        if not known:
            refuse_closed(url)
        kind = asked.adapter or known
        if not kind:
            log = meant.way == "ct"
            kind = recognise_adapter(workspace, url, local=asked.local, now=now, log=log)
        if not url and not (url := recipe_base(kind, recipes)):
            raise WrongUse("This recipe fits many shops", hint=f"Say which: {kind}@https://shop.example")
        if kind == "ebay-image" and "image" not in options:
            options["image"], name = as_posted(Path(words)), name or f"ebay-image-{Path(words).stem.lower()}"
            words = ""
        gap = max(asked.gap_seconds, 0.001)
        made = build_adapter(kind, check_url(url), options, min_gap_seconds=gap, recipes=recipes)
    except BadSource as error:
        raise WrongUse(str(error), hint=error.hint) from error
    if asked.rendered:
        options[RENDERED] = True
    new = NewSource(url, kind, name, words, options, asked.local, asked.every, asked.gap_seconds, recipes)
    return Place(new, made.policy.auth)


def add_place(
    session: Session, workspace: Workspace, place: Place, *, canary: str = "", now: datetime
) -> tuple[SourceRow, tuple[str, ...]]:
    """Add it; returns the row and the variables of keys that it still lacks.

    Raises:
        WrongUse: there is one of that name, or the canary would never be asked.
    """
    row = add_source(session, place.new, now=now)
    if canary.strip():
        check_canary(adapter_of(workspace, row), row, canary.strip())
        set_canary(session, row.id, canary)
    return row, tuple(missing_keys(row, place.auth, keys_of(workspace)))


def check_canary(adapter: Adapter, row: SourceRow, canary: str) -> None:
    """Refuse an address on a host that the source does not ask.

    Raises:
        WrongUse: with the hosts that it asks.
    """
    if not canary.startswith(("http://", "https://")):
        return
    if urlsplit(canary).netloc.lower() not in adapter.hosts:
        raise WrongUse(
            f"{canary} is on no host of {row.id}, so it would never be asked",
            hint=f"Its hosts: {', '.join(adapter.hosts)}.",
        )
