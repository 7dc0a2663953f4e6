"""Where a Certificate Transparency log is read next: what both of its interfaces have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from crawlers.adapter import Outcome, Page, Policy
from crawlers.exchange import State
from crawlers.extract.transparency import TILE, Entries, domains

LOOKBACK = 1024
"""Entries before the head at which the first run begins."""
A_DAY = 86_400
"""Requests a day at most: logs grow by some thousand tiles a day, and are made to be read."""
PAGES_A_RUN = 400
"""At one request a second and 256 entries each: seven minutes, 100,000 entries."""


@dataclass(frozen=True, slots=True)
class Position:
    """The next entry to be read, and how many there were when we last asked."""

    next: int
    size: int

    @property
    def state(self) -> State:
        """As it is written down."""
        return {"next": self.next, "size": self.size}

    @property
    def at_the_head(self) -> bool:
        """Whether all that the log showed was read."""
        return self.next >= self.size

    def say(self) -> str:
        """How far it is, in words."""
        left = f"; {self.size - self.next:,} more are there" if not self.at_the_head else ""
        return f"Read up to entry {self.next:,}{left}."


def position_in(state: State | None) -> Position | None:
    """What was written down; None where that is nothing, or something else."""
    try:
        return Position(int(str(state["next"])), int(str(state["size"]))) if state else None
    except (KeyError, ValueError):
        return None


def at_size(state: State, size: int, lookback: int) -> tuple[Position, str]:
    """The position once the log has told its size, and what is wrong with that, if anything.

    The first run begins a little before the head, at the beginning of a tile. A log never shrinks: where it does,
    nothing is read and the position stays.
    """
    before = position_in(state)
    if before is None:
        return Position(max(0, size - lookback) // TILE * TILE, size), ""
    if size < before.next:
        return (
            before,
            f"The log shows {size:,} entries where {before.next:,} were read before: it has shrunk.",
        )
    return replace(before, size=size), ""


def yielded(found: Entries, names: str) -> tuple[Page, str]:
    """The listings of an answer, and a note where something could not be read."""
    unreadable = (
        f"{found.unreadable} of {len(found.entries)} {names} could not be read." if found.unreadable else ""
    )
    return Page(Outcome.OK, domains(found.entries)), unreadable


def policy_of(policy: Policy) -> Policy:
    """A source's policy as it is for every log: open by design, and read in long runs."""
    return replace(
        policy, basis="public-log", per_day=A_DAY, pages_a_run=max(policy.pages_a_run, PAGES_A_RUN)
    )


def lookback_in(options: Mapping[str, object]) -> int:
    """The option `lookback`, in entries."""
    asked = options.get("lookback", LOOKBACK)
    return max(0, int(asked)) if isinstance(asked, int | str) and str(asked).isdigit() else LOOKBACK
