"""The timeline of a case as one list: what was done to it, decided, captured, exported, and what listings did. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from evidence_store.canonical import parse_moment
from ipguard.cases.store import CaseStory
from ipguard.listings.history import FIRST, Moment
from ipguard.reports.gathering import Exhibit

EVENTS: Mapping[str, str] = MappingProxyType(
    {
        "opened": "Case opened",
        "moved": "Went from {from} to {to}",
        "renamed": "Renamed to {to}",
        "counsel": "Counsel: {to}",
        "deadline": "Deadline: {to}",
        "value": "Value at stake: {to}",
        "notes": "Notes changed",
        "alert_added": "Listing added",
        "exhibit_added": "Exhibit added",
        "exported": "Bundle exported",
        "reported": "Report made",
    }
)
HAPPENED: Mapping[str, str] = MappingProxyType(
    {
        "first": "Listing seen for the first time",
        "changed": "Listing changed: {fields}",
        "gone": "Listing not offered any more",
        "back": "Listing offered again",
    }
)
SENTENCES = frozenset({*EVENTS.values(), *HAPPENED.values(), "Decided: {decision}", "Custody: {kind}"})
"""Everything that a timeline says."""


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """One thing that happened."""

    at: datetime
    kind: str
    """case, decision, custody or listing: what it is shown with."""
    words: str
    """An English sentence with {names}."""
    values: Mapping[str, str] = field(default_factory=dict)
    """Values of the sentence; each is a word that has translations, or a text as it is."""
    about: str = ""
    """What it is about: a title, a file, an exhibit's number."""
    who: str = ""
    why: str = ""
    link: str = ""


def timeline(
    story: CaseStory, exhibits: Sequence[Exhibit], histories: Mapping[int, Sequence[Moment]]
) -> list[TimelineLine]:
    """Everything that happened in a case, newest first.

    Args:
        story: the case.
        exhibits: its exhibits with their custody.
        histories: alert → story of its listing.
    """
    lines = [*_events(story), *_decisions(story), *_custody(exhibits), *_listings(story, histories)]
    return sorted(lines, key=lambda line: line.at, reverse=True)


def people(story: CaseStory, exhibits: Sequence[Exhibit]) -> list[tuple[str, Counter[str]]]:
    """Who did what, and how often: name → deed (English) → times, the busiest first."""
    deeds: dict[str, Counter[str]] = {}
    for event in story.events:
        deeds.setdefault(event.who, Counter())["Worked on the case"] += 1
    for one in story.alerts:
        for decision in one.decisions:
            deeds.setdefault(decision.decided_by, Counter())["Decided about listings"] += 1
    for exhibit in exhibits:
        for entry in exhibit.events:
            deeds.setdefault(str(entry.fields["who"]), Counter())["Entered custody events"] += 1
        operator = exhibit.fields.get("operator")
        if isinstance(operator, dict) and operator.get("id"):
            deeds.setdefault(str(operator["id"]), Counter())["Captured exhibits"] += 1
    return sorted(deeds.items(), key=lambda pair: (-sum(pair[1].values()), pair[0]))


DEEDS = frozenset(
    {"Worked on the case", "Decided about listings", "Entered custody events", "Captured exhibits"}
)


def _events(story: CaseStory) -> Iterator[TimelineLine]:
    titles = {one.view.id: one.view.listing.title for one in story.alerts}
    for event in story.events:
        about = {name: str(value) for name, value in event.about.items()}
        alert = event.about.get("alert")
        told = about.get("file", "") or (titles.get(alert, "") if isinstance(alert, int) else "")
        link = f"/alerts/{alert}" if isinstance(alert, int) else ""
        words = EVENTS.get(event.kind, event.kind)
        values = {"from": about.get("from", ""), "to": about.get("to", "") or "—"}
        yield TimelineLine(event.at, "case", words, values, told, event.who, event.why, link)


def _decisions(story: CaseStory) -> Iterator[TimelineLine]:
    for one in story.alerts:
        for decision in one.decisions:
            yield TimelineLine(
                decision.decided_at, "decision", "Decided: {decision}", {"decision": decision.decision},
                one.view.listing.title, decision.decided_by, decision.note, f"/alerts/{one.view.id}",
            )  # fmt: skip


def _custody(exhibits: Sequence[Exhibit]) -> Iterator[TimelineLine]:
    for exhibit in exhibits:
        for event in exhibit.events:
            said = event.fields
            yield TimelineLine(
                parse_moment(said["at"]), "custody", "Custody: {kind}", {"kind": str(said["kind"])}, exhibit.number,
                str(said["who"]), str(said["why"]), f"/exhibits/{exhibit.id}",
            )  # fmt: skip


def _listings(story: CaseStory, histories: Mapping[int, Sequence[Moment]]) -> Iterator[TimelineLine]:
    for one in story.alerts:
        for moment in histories.get(one.view.id, ()):
            fields = ", ".join(change.field for change in moment.changes)
            words = HAPPENED.get(moment.kind, HAPPENED[FIRST])
            yield TimelineLine(
                moment.at, "listing", words, {"fields": fields}, one.view.listing.title,
                link=f"/alerts/{one.view.id}",
            )  # fmt: skip
