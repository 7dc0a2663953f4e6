"""States of a case and the moves between them: a pure rule."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ipguard.errors import WrongUse

MOVES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "open": ("ready", "notified", "escalated", "closed"),
        "ready": ("open", "notified", "escalated", "closed"),
        "notified": ("disputed", "escalated", "resolved", "ready", "closed"),
        "disputed": ("notified", "escalated", "resolved", "closed"),
        "escalated": ("notified", "resolved", "closed"),
        "resolved": ("watching", "closed", "open"),
        "watching": ("open", "resolved", "closed"),
        "closed": ("open",),
    }
)
"""State → states that may follow it.

open: listings and evidence are gathered. ready: complete, for counsel or a second person to look at. notified: a notice
or letter went out. disputed: the other side objects, a deadline runs. escalated: a law firm, court, registry or customs
has it. resolved: removed, settled or judged. watching: resolved, and watched for copies that come back. closed: nothing
joins it, and it keeps its exhibits no longer.
"""
STATES = tuple(MOVES)
NEEDS_WHY = frozenset({("notified", "ready"), ("resolved", "open"), ("watching", "open"), ("closed", "open")})
"""Moves back, which somebody will ask about; closing needs a reason as well."""


def check_move(before: str, after: str, why: str) -> None:
    """Whether a case may go from one state to another.

    Raises:
        WrongUse: it may not, or the move needs a reason and has none.
    """
    if after not in STATES:
        raise WrongUse(f"“{after}” is no state of a case.", hint=f"One of: {', '.join(STATES)}.")
    allowed = MOVES.get(before, ())
    if after not in allowed:
        raise WrongUse(
            f"A case that is {before} cannot become {after}.", hint=f"It can become: {', '.join(allowed)}."
        )
    if not why.strip() and (after == "closed" or (before, after) in NEEDS_WHY):
        raise WrongUse(f"Going from {before} to {after} needs a reason.", hint="Say why, in a line.")
