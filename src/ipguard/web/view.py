"""A view of the queue as its address: what is shown, how grouped, from where, since when the reader is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlencode

from fastapi import Request

from ipguard.alerts.queries import GROUPS, STATES, Filter, Key

LOOKS = ("region", "points", "layover")
"""Ways to look at a match; the one that was chosen stays while the queue is worked through."""
LOOK_WORDS = {
    "region": "Matched region",
    "points": "Matching points",
    "layover": "Laid over",
    "row": "in a list",
}
WAY_WORDS = {
    "alone": "one by one",
    "group": "together with its group",
    "ticked": "ticked in the list",
    "view": "with everything of a view, from its preview",
}
"""How a decision was made."""
SIDE_WORDS = {"listing": "Listing", "reference": "Your work"}
LONGEST = 300
"""Characters of one part of an address."""
DIGITS = 18


@dataclass(frozen=True, slots=True)
class View:
    """Everything that the address of the queue says."""

    wanted: Filter = field(default_factory=Filter)
    group: str = ""
    """picture, seller, work, or nothing."""
    start: Key | None = None
    """Behind which place in the order the page begins."""
    page: int = 0
    """Groups before this page."""
    since: datetime | None = None
    """When the reader came into the view: what they decided from then on stays in it."""
    look: str = ""

    def query(self, **changes: object) -> str:
        """The address with some parts otherwise, from `?` on; an empty text where it says nothing."""
        parts = self.parts() | {name: str(value or "") for name, value in changes.items()}
        said = {name: value for name, value in parts.items() if value and (name, value) != ("state", "open")}
        return "?" + urlencode(said) if said else ""

    def parts(self) -> dict[str, str]:
        """Every part of the address."""
        since = str(int(self.since.timestamp() * 1000)) if self.since else ""
        start = f"{self.start[0]!r}:{self.start[1]}" if self.start else ""
        page = str(self.page or "")
        return {**self.lasting(), "from": start, "page": page, "since": since, "look": self.look}

    def lasting(self) -> dict[str, str]:
        """What a saved view keeps: not where on its pages somebody was, or when."""
        wanted = self.wanted
        return {
            "state": wanted.state or "any",
            "work": wanted.work,
            "source": wanted.source,
            "seller": wanted.seller,
            "picture": wanted.picture,
            "rule": str(wanted.rule or ""),
            "q": wanted.words,
            "back": "1" if wanted.back else "",
            "group": self.group,
        }

    def kept_query(self) -> str:
        """The query string that a saved view keeps."""
        said = {name: value for name, value in self.lasting().items() if value}
        return urlencode(said)

    @property
    def plain(self) -> bool:
        """It shows single alerts: not grouped, or one group of them."""
        return not self.group

    def entered(self, now: datetime) -> View:
        """The same view for a reader who is in it: from now, where they just came."""
        return self if self.since is not None and self.since <= now else replace(self, since=now)


def view_of(request: Request) -> View:
    """The view that an address asks for; parts that make no sense are left out."""
    return read_view(request.query_params)


def view_of_text(query: str) -> View:
    """The view of a query string."""
    return read_view({name: values[0] for name, values in parse_qs(query).items()})


def read_view(said: Mapping[str, str]) -> View:
    """The view of the parts of an address or a form."""

    def part(name: str) -> str:
        return said.get(name, "")[:LONGEST]

    state = part("state") or "open"
    wanted = Filter(
        state=None if state == "any" else state if state in STATES else "open",
        work=part("work"),
        source=part("source"),
        seller=part("seller"),
        picture=part("picture"),
        rule=_number(part("rule")),
        words=" ".join(part("q").split()),
        back=part("back") == "1",
    )
    group = part("group") if part("group") in GROUPS else ""
    look = part("look") if part("look") in LOOKS else ""
    return View(wanted, group, _key(part("from")), _number(part("page")), _moment(part("since")), look)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < DIGITS else 0


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(_number(text) / 1000, UTC) if _number(text) else None
    except (OverflowError, ValueError, OSError):
        return None


def _key(text: str) -> Key | None:
    score, _, number = text.partition(":")
    try:
        return (float(score), int(number)) if number else None
    except ValueError:
        return None
