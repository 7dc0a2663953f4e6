"""What looking at one picture gives: findings or a reason, and the fingerprint that is kept of it."""

from __future__ import annotations

from dataclasses import dataclass

from ipguard.matching.finding import Finding, Reason

Pair = tuple[str, str]
"""(work, SHA-256 of one of its reference pictures)."""


@dataclass(frozen=True, slots=True)
class Print:
    """A fingerprint as it is kept."""

    version: str
    width: int
    """Of the picture as decoded upright, pixels."""
    height: int
    hashes: bytes
    """Eight turns of 256 bits: 8 × 32 bytes, the picture as it is first."""
    data: bytes
    """The whole fingerprint."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one picture shows."""

    findings: tuple[Finding, ...] = ()
    skipped: Reason | None = None
    """Why it could not be looked at."""
    fingerprint: Print | None = None
    """None where it could not be decoded."""
    text: str = ""
    """What could be read in it, one line a line; empty where nobody was asked to read."""
