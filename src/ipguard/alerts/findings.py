"""Findings as rows and back; and what makes two of them the same witness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, cast

from ipguard.alerts.tables import FindingRow
from ipguard.matching.finding import (
    Change,
    CopiedPassage,
    CopyPlace,
    DomainPlace,
    Finding,
    PagePlace,
    PageSign,
    PicturePlace,
    Place,
    Point,
    Quad,
    Reason,
    ReasonValue,
    TextPlace,
)

KINDS: Mapping[str, type[Place]] = {
    "text": TextPlace,
    "picture": PicturePlace,
    "page": PagePlace,
    "copy": CopyPlace,
    "domain": DomainPlace,
}
"""What kinds of places are called where they are kept."""

Witness = tuple[str, ...]
"""What a finding rests on, without its figures: the same words, or the same picture and reference."""


def to_row(finding: Finding, alert_id: int, alert_version: int) -> FindingRow:
    """A row for one finding of one version of an alert."""
    return FindingRow(
        alert_id=alert_id,
        alert_version=alert_version,
        matcher=finding.matcher,
        matcher_version=finding.version,
        strength=finding.strength,
        weak=finding.weak,
        reason_code=finding.reason.code,
        reason_values=dict(finding.reason.values),
        place=place_json(finding.place),
    )


def from_row(row: FindingRow, work: str) -> Finding:
    """The finding a row was made of."""
    return Finding(
        matcher=row.matcher,
        version=row.matcher_version,
        work=work,
        strength=row.strength,
        reason=Reason(row.reason_code, cast("Mapping[str, ReasonValue]", row.reason_values)),
        place=_place(row.place),
        weak=row.weak,
    )


def place_json(place: Place | None) -> dict[str, object] | None:
    """A place as JSON; `kind` is text, picture, page or domain."""
    if place is None:
        return None
    values = asdict(place)
    for name in ("region", "reference_region"):
        if name in values:
            values[name] = [list(point) for point in values[name]]
    if "points" in values:
        values["points"] = [[list(seen), list(known)] for seen, known in values["points"]]
    if isinstance(place, TextPlace):
        values["changed"] = list(values["changed"])
    kind = next(name for name, sort in KINDS.items() if isinstance(place, sort))
    return {"kind": kind, **values}


def finding_json(finding: Finding) -> dict[str, object]:
    """A finding as JSON, for reports and to tell whether two are equal."""
    return {
        "matcher": finding.matcher,
        "version": finding.version,
        "work": finding.work,
        "strength": finding.strength,
        "weak": finding.weak,
        "reason": finding.reason.code,
        "values": dict(finding.reason.values),
        "place": place_json(finding.place),
    }


def from_json(values: Mapping[str, Any]) -> Finding:
    """The finding that `finding_json` told."""
    return Finding(
        matcher=values["matcher"],
        version=values["version"],
        work=values["work"],
        strength=values["strength"],
        reason=Reason(values["reason"], values["values"]),
        place=_place(values["place"]),
        weak=values["weak"],
    )


def witness(finding: Finding) -> Witness:
    """What the finding rests on; a decision made with a witness in sight stands while no other comes."""
    match finding.place:
        case TextPlace() as place:
            return (finding.matcher, place.field, place.name, place.text)
        case PicturePlace() as place:
            return (finding.matcher, place.picture, place.reference)
        case PagePlace() as place:
            return (finding.matcher, place.url, place.offer, *sorted({sign.group for sign in place.signs}))
        case DomainPlace() as place:
            return (finding.matcher, place.domain, place.name)
        case CopyPlace() as place:
            return (finding.matcher, place.text, place.owned, place.method)
        case None:
            return (finding.matcher, finding.reason.code, str(finding.reason.values.get("seller", "")))


def _place(stored: Mapping[str, Any] | None) -> Place | None:
    if stored is None:
        return None
    kind = KINDS[str(stored["kind"])]
    values = {f.name: stored[f.name] for f in fields(kind) if f.name in stored}
    for name in ("region", "reference_region"):
        if name in values:
            values[name] = cast("Quad", tuple(map(_point, values[name])))
    if "points" in values:
        values["points"] = tuple((_point(seen), _point(known)) for seen, known in values["points"])
    if kind is PagePlace:
        values |= {name: tuple(values.get(name, ())) for name in ("demoted", "cut")}
        values["signs"] = tuple(PageSign(**sign) for sign in values.get("signs", ()))
    if kind is TextPlace:
        values["changed"] = tuple(Change(**change) for change in values.get("changed", ()))
    if kind is DomainPlace:
        values["changed"] = "".join(values.get("changed", ""))  # some rows hold it letter by letter
    if kind is CopyPlace:
        values["passages"] = tuple(CopiedPassage(**one) for one in values.get("passages", ()))
    return kind(**values)


def _point(stored: Sequence[float]) -> Point:
    x, y = stored
    return float(x), float(y)
