"""What a verifier says: every finding, good or bad, and what it did not check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a check went."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    check: str
    """V-1 … V-12 of FORMAT 11."""
    state: State
    sentence: str
    """What is shown, or what is wrong, in words for somebody who never saw a hash."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """All findings about one bundle, in the order of the checks."""

    findings: tuple[Finding, ...]

    @property
    def good(self) -> bool:
        """True when nothing failed, and something was checked at all."""
        states = [finding.state for finding in self.findings]
        return State.FAILED not in states and State.PASSED in states
