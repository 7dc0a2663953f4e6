"""Legal hold and retention (FORMAT 4.5, 12.5): pure rules over the custody events of one exhibit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from evidence_store.canonical import Object, parse_moment
from evidence_store.errors import Malformed

HELD, RELEASED, RETENTION = "held", "released", "retention"


def matters_holding(events: Sequence[Object]) -> list[str]:
    """Matters that hold an exhibit now, in the order in which they took hold. `events` oldest first."""
    held: dict[str, None] = {}
    for event in events:
        matter = str(_about(event).get("matter", ""))
        if event.get("kind") == HELD:
            held[matter] = None
        elif event.get("kind") == RELEASED:
            held.pop(matter, None)
    return list(held)


def retained_until(events: Sequence[Object]) -> datetime | None:
    """Until when an exhibit must be kept: the last word on it; None where nothing was said."""
    until = None
    for event in events:
        if event.get("kind") == RETENTION:
            said = _about(event).get("until")
            until = parse_moment(said) if said else None
    return until


def why_kept(events: Sequence[Object], now: datetime) -> str:
    """Why an exhibit may not be erased now, in words; empty where it may."""
    if matters := matters_holding(events):
        return f"it is under legal hold for {', '.join(matters)}"
    try:
        until = retained_until(events)
    except Malformed as error:
        return f"its retention cannot be read: {error}"
    if until is not None and now < until:
        return f"it must be kept until {until:%Y-%m-%d %H:%M} UTC"
    return ""


def _about(event: Object) -> Object:
    about = event.get("about")
    return about if isinstance(about, dict) else {}
