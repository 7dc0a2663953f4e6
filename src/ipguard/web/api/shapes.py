"""What the API takes and gives. Input is strict: nothing is guessed, nothing unknown is taken. Texts that strangers
wrote are data: whoever shows them escapes them.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, Strict, StringConstraints

Row = TypeVar("Row")
Named = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=r"^[^\x00]*$")
]


class Given(BaseModel):
    """Base of everything that is taken."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Page(BaseModel, Generic[Row]):
    """A page of a list; `next` is the cursor of the one after it, empty on the last."""

    items: list[Row]
    next: str = ""


class Money(BaseModel):
    """An amount with its currency; decimal text, so that nothing is rounded."""

    amount: str
    currency: str


class Me(BaseModel):
    """Who asks."""

    name: str
    role: str
    scopes: list[str]
    rights: list[str]


class WorkName(BaseModel):
    """One way a work is written."""

    text: str
    language: str
    kind: str


class WorkRight(BaseModel):
    """A registration or claim in one territory."""

    kind: str
    territory: str
    number: str
    valid_to: date | None


class Work(BaseModel):
    """A work on the watchlist."""

    id: str
    title: str
    owner: str
    names: list[WorkName]
    rights: list[WorkRight]
    pictures: int


class Run(BaseModel):
    """One run of a source."""

    id: int
    state: str
    outcome: str
    started_at: datetime
    ended_at: datetime | None
    read: int
    listings: int
    new_alerts: int
    note: str


class Source(BaseModel):
    """A place that is looked at."""

    id: str
    adapter: str
    base_url: str
    enabled: bool
    every_seconds: int
    next_run_at: datetime | None
    health: str = Field(description="well, unwell, unknown or paused")
    alarms: list[str] = Field(description="What is wrong, in words.")


class ListingOut(BaseModel):
    """A listing as last read. Everything in it was written by a stranger."""

    id: int
    source: str
    kind: str
    url: str
    title: str
    description: str
    price: Money | None
    seller: str
    version: int
    first_seen_at: datetime
    last_seen_at: datetime
    gone_at: datetime | None
    pictures: list[str] = Field(description="SHA-256 of the pictures that are kept.")


class Moment(BaseModel):
    """Something that happened to a listing."""

    at: datetime
    kind: str
    version: int
    changes: list[dict[str, str]]


class FindingOut(BaseModel):
    """One reason behind an alert."""

    matcher: str
    strength: float
    weak: bool
    reason: str = Field(description="A code; `words` is the sentence.")
    words: str


class DecisionOut(BaseModel):
    """What somebody decided about one version of an alert."""

    version: int
    decision: str
    reason: str
    note: str
    until: datetime | None
    by: str
    at: datetime
    undone_at: datetime | None


class AlertLine(BaseModel):
    """An alert in a list."""

    id: int
    version: int = Field(description="Decide about this one.")
    state: str
    score: float
    work: str
    source: str
    listing: int
    title: str
    url: str
    seller: str
    price: Money | None
    created_at: datetime
    updated_at: datetime


class AlertOut(AlertLine):
    """An alert with all it rests on."""

    later_until: datetime | None
    findings: list[FindingOut]
    decisions: list[DecisionOut]
    pictures: list[str]
    exhibits: list[str]


class Decide(Given):
    """A decision about the version of an alert that was looked at."""

    version: int = Field(
        ge=1, lt=2**31, description="`version` of the alert as it was read; another one is refused."
    )
    decision: Literal["infringing", "not_infringing", "later"]
    reason: Literal["", "licensed", "own_listing", "different_work", "too_generic", "other"] = Field(
        "", description="For not_infringing only, and needed there."
    )
    note: str = Field("", max_length=2_000, pattern=r"^[^\x00]*$")
    until: Annotated[AwareDatetime, Strict(False)] | None = Field(
        None, description="For later only, and needed there: RFC 3339 with its offset, in the future."
    )


class CaseLineOut(BaseModel):
    """A case in a list."""

    id: int
    title: str
    state: str
    due_on: date | None
    value: Money | None
    alerts: int
    exhibits: int
    exports: int
    created_at: datetime
    created_by: str


class ExhibitOut(BaseModel):
    """Something kept in the log, under its number in a case."""

    case: int
    number: str
    id: str
    alert: int | None
    added_at: datetime


class ExportOut(BaseModel):
    """A bundle that left the house."""

    id: int
    case: int
    file_name: str
    sha256: str
    exhibits: int
    exported_at: datetime
    exported_by: str
    note: str


class CaseOut(CaseLineOut):
    """A case with what is in it."""

    counsel: str
    alert_ids: list[int]
    exhibit_list: list[ExhibitOut]
    export_list: list[ExportOut]


class NewCase(Given):
    """A case to be opened."""

    title: Named


class AddAlert(Given):
    """An alert to be put into a case."""

    alert: int = Field(ge=1, lt=2**31)


class SellerOut(BaseModel):
    """A seller as one source names it."""

    source: str
    seller: str
    listings: int
    open: int = Field(description="Open alerts.")
    infringing: int
    lists: list[str] = Field(description="allow, deny or watch")


class FindingOfBundle(BaseModel):
    """One thing the verifier looked at."""

    state: str
    clause: str
    words: str


class VerdictOut(BaseModel):
    """What the verifier says about a bundle."""

    good: bool
    sha256: str
    findings: list[FindingOfBundle]


class Figure(BaseModel):
    """A number, and the address of the list it counts."""

    name: str
    count: int
    list: str


class Figures(BaseModel):
    """Numbers, each of which opens its list."""

    at: datetime
    figures: list[Figure]


class AuditOut(BaseModel):
    """One entry of the record."""

    position: int
    at: datetime
    person: str
    role: str
    way: str
    action: str
    subject: str
    details: dict[str, str | int | bool | None]
    hash: str
