"""What a matcher says: a finding, where it is, how strong, and why, in a form every language can print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

ReasonValue = str | int | float
Point = tuple[float, float]
MAX_POINTS = 60
"""Agreeing points that are kept of a placement: as many lines as can be told apart in a picture."""
Quad = tuple[Point, Point, Point, Point]
"""Corners in pixels, in the order of the reference's top-left, top-right, bottom-right, bottom-left."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, as a code and its values; `ipguard.matching.reasons.render` makes a sentence of it."""

    code: str
    values: Mapping[str, ReasonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """Characters of the original that stand for a letter of the name."""

    start: int
    end: int
    """Code points in the original text."""
    text: str
    stands_for: str
    """The (folded) letter; empty for characters that were put in."""


@dataclass(frozen=True, slots=True)
class TextPlace:
    """A stretch of one text field. `start` and `end` are code points in the original text."""

    field: str
    """title, description, tags, seller, picture_text."""
    start: int
    end: int
    text: str
    """The original characters, exactly as written."""
    name: str
    """The watchlist name that was found."""
    layer: str
    """Which view found it: exact, compact, lookalike, pinyin, misspelling, …"""
    picture: str = ""
    """SHA-256 (hex) of the picture that the text is in; empty for fields of the listing."""
    changed: tuple[Change, ...] = ()
    """Which of the characters are not the name's own."""


@dataclass(frozen=True, slots=True)
class PicturePlace:
    """A region of one listing picture that shows (part of) one reference picture."""

    picture: str
    """SHA-256 (hex) of the listing picture's bytes."""
    reference: str
    """SHA-256 (hex) of the reference picture's bytes."""
    method: str
    """hash, features or embedding."""
    region: Quad
    """In the listing picture, pixels of the picture as decoded upright."""
    reference_region: Quad
    """The part of the reference that is seen, pixels of the reference as decoded upright; corner by corner it is
    what `region` shows."""
    inliers: int = 0
    """Agreeing points; 0 for a hash."""
    mirrored: bool = False
    share: float = 1.0
    """Share of the reference that is seen, 0..1."""
    points: tuple[tuple[Point, Point], ...] = ()
    """Agreeing points, at most MAX_POINTS: in the listing picture and in the reference, pixels as decoded upright."""
    frame: int = 0
    """Which frame of an animated listing picture, counted from 0."""


@dataclass(frozen=True, slots=True)
class PageSign:
    """One word, link, form or label of a page that speaks for a finding."""

    group: str
    """name, distribution, mechanics, money, community, technical, label."""
    cue: str
    """What it is a sign of: an id of the cue table, or the watchlist name."""
    field: str
    """title, text, url, link, form, label: what `start` and `end` count in."""
    start: int
    """Code points in the original title or text; for a link, form, label or url in `text` itself."""
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class PagePlace:
    """A page or repository that offers a work, and every sign that says so."""

    url: str
    offer: str
    """private_server, server_emulator, cheat, pirated_client, mirror."""
    verdict: str
    """report, review, none."""
    signs: tuple[PageSign, ...] = ()
    demoted: tuple[str, ...] = ()
    """Why it counts for less: news, court, troubleshooting, question, official, …; empty where nothing does."""
    cut: tuple[str, ...] = ()
    """Parts of the page that were longer than their cap and are read only in part."""


@dataclass(frozen=True, slots=True)
class DomainPlace:
    """A stretch of a domain name. `start` and `end` are code points in `decoded`."""

    domain: str
    """As it was given, in ASCII where it was punycode."""
    decoded: str
    """The same as an address bar shows it."""
    start: int
    end: int
    text: str
    """The characters that stand for the name."""
    name: str
    """The watchlist name that was found."""
    layer: str
    """exact, joined, lookalike, leet, misspelling, romanised, homophone, reordered, split, tld."""
    changed: str = ""
    """Which characters differ: `e→3 o→0`; empty where none do."""


@dataclass(frozen=True, slots=True)
class CopiedPassage:
    """One stretch that two texts share; code points in the originals of both."""

    start: int
    end: int
    owned_start: int
    owned_end: int
    letters: int
    """Letters and digits that are equal; the rest of the stretch was changed, put in or left out."""


@dataclass(frozen=True, slots=True)
class CopyPlace:
    """What a text has in common with one owned text."""

    text: str
    """Name of the text that was looked at."""
    owned: str
    """Name of the owned text."""
    method: str
    """passages, or names (the weaker sign of a translation)."""
    verdict: str
    """report, review."""
    share_of_text: float
    """0..1 of the text's letters that stand in shared passages."""
    share_of_owned: float
    passages: tuple[CopiedPassage, ...] = ()
    """In order of place; the longest ones where there are very many."""


Place = TextPlace | PicturePlace | PagePlace | DomainPlace | CopyPlace


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason to think that a listing copies a work."""

    matcher: str
    """text, picture, price, seller, page, domain."""
    version: str
    """Version of the matcher that computed it."""
    work: str
    strength: float
    """0..1; how the score adds strengths up is `ipguard.matching.score`'s business."""
    reason: Reason
    place: Place | None = None
    weak: bool = False
    """Supports other findings; never raises an alert alone."""


Subject = TypeVar("Subject", contravariant=True)
Candidate = TypeVar("Candidate", contravariant=True)


class Matcher(Protocol[Subject, Candidate]):
    """Compares one thing that is owned with one thing that was seen; does no I/O.

    The one-to-one form is the reference: any index over many subjects must give the same findings,
    and a property test holds the two equal.
    """

    def match(self, subject: Subject, candidate: Candidate) -> Finding | None:
        """A finding, or None where the candidate does not show the subject."""
        ...
