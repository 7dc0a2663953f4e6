"""What people are told about: frozen values, each with an id that stays the same however often it is sent.

Texts of listings are in them as they were read: whoever prints one escapes it for the mark-up it prints.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

KINDS = (
    "alerts.new",
    "alerts.back",
    "source.alarm",
    "case.deadline",
    "export.ready",
    "evidence.trouble",
)
"""What a channel can ask for."""
URGENT = ("evidence.trouble", "test")
"""Told at once, quiet hours or not."""


@dataclass(frozen=True, slots=True)
class AlertBrief:
    """As much of an alert as a message needs."""

    id: int
    version: int
    title: str
    work: str
    work_title: str
    score: float
    source: str
    seller: str
    url: str
    """Of the listing: shown, never made a link."""
    price: str = ""
    """Decimal text; empty where there is none."""
    currency: str = ""
    picture: str = ""
    """SHA-256 of its first picture that was kept."""


@dataclass(frozen=True, slots=True)
class AlertsNew:
    """Alerts that were raised since the channel was told last."""

    id: str
    at: datetime
    total: int
    alerts: tuple[AlertBrief, ...]
    """The strongest of them."""
    works: tuple[str, ...]
    """Ids of every work among them."""
    kind: Literal["alerts.new"] = "alerts.new"


@dataclass(frozen=True, slots=True)
class AlertsBack:
    """Alerts that came back: their Later ended, or their listing changed after they were dismissed."""

    id: str
    at: datetime
    total: int
    alerts: tuple[AlertBrief, ...]
    works: tuple[str, ...]
    kind: Literal["alerts.back"] = "alerts.back"


@dataclass(frozen=True, slots=True)
class SourceAlarm:
    """A source stopped giving what it gave."""

    id: str
    at: datetime
    source: str
    code: str
    values: dict[str, str | int | float]
    """Of the Reason, which every channel reads in its language."""
    kind: Literal["source.alarm"] = "source.alarm"


@dataclass(frozen=True, slots=True)
class DeadlineNear:
    """Something is due soon."""

    id: str
    at: datetime
    what: str
    """case, right, retention, later: `deadlines.Deadline.what`."""
    title: str
    due: date
    path: str
    """Of the console's page."""
    kind: Literal["case.deadline"] = "case.deadline"


@dataclass(frozen=True, slots=True)
class ExportReady:
    """A bundle was exported, and verified."""

    id: str
    at: datetime
    case_id: int
    title: str
    file_name: str
    sha256: str
    exhibits: int
    kind: Literal["export.ready"] = "export.ready"


@dataclass(frozen=True, slots=True)
class EvidenceTrouble:
    """Something is wrong with the evidence: somebody should look today."""

    id: str
    at: datetime
    words: str
    kind: Literal["evidence.trouble"] = "evidence.trouble"


@dataclass(frozen=True, slots=True)
class Trial:
    """Somebody wants to see whether a channel works."""

    id: str
    at: datetime
    by: str
    kind: Literal["test"] = "test"


Single = AlertsNew | AlertsBack | SourceAlarm | DeadlineNear | ExportReady | EvidenceTrouble | Trial


@dataclass(frozen=True, slots=True)
class Digest:
    """Everything of a day, in one message."""

    id: str
    at: datetime
    parts: tuple[Annotated[Single, Field(discriminator="kind")], ...]
    kind: Literal["digest"] = "digest"


Event = Single | Digest
_ANY: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])


def event_id(*parts: object) -> str:
    """The id of an event, the same for the same parts; without a dot, which separates what a webhook signs."""
    return "evt_" + hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:26]


def to_json(event: Event) -> dict[str, object]:
    """An event as plain JSON values; moments are RFC 3339 UTC."""
    written: dict[str, object] = _ANY.dump_python(event, mode="json")
    return written


def from_json(values: object) -> Event:
    """The event that `to_json` wrote."""
    return _ANY.validate_python(values)
