"""A proposed recipe: plain values that are written as YAML, and read again by the same checks as any other."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlsplit

import yaml

JsonObject = dict[str, object]


@dataclass(frozen=True, slots=True)
class Listed:
    """How the entries of a list are read."""

    format: str
    items: str
    fields: JsonObject
    count: int
    """Entries that were found."""
    next: JsonObject = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """What a person should know, in words."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Everything a recipe needs."""

    name: str
    title: str
    base: str
    request: JsonObject
    listed: Listed
    detail: JsonObject | None = None
    empty: tuple[object, ...] = ()
    terms_url: str = ""
    terms_read: date | None = None
    needs_query: bool = False
    rendered: bool = False
    required: tuple[str, ...] = ()


def written(proposal: Proposal) -> str:
    """The proposal as `recipe.yaml`."""
    access: JsonObject = {"class": "A", "basis": "public-page", "may_store_raw": True, "retain_days": 365}
    access["may_profile_seller"] = True
    if proposal.terms_url:
        access["terms_url"] = proposal.terms_url
    if proposal.terms_read:
        access["terms_read"] = proposal.terms_read
    search: JsonObject = {"request": proposal.request, "format": proposal.listed.format}
    search |= {"items": proposal.listed.items, "fields": proposal.listed.fields}
    if proposal.listed.next:
        search["next"] = proposal.listed.next
    data: JsonObject = {
        "id": proposal.name,
        "version": "1",
        "title": proposal.title,
        "base": proposal.base,
        "hosts": [urlsplit(proposal.base).netloc.lower()],
        "access": access,
        "rate": {"min_interval_s": 1.0, "per_day": 2000},
    }
    if proposal.rendered:
        data["rendered"] = True
    if proposal.needs_query:
        data["needs_query"] = True
    data["search"] = search
    if proposal.detail is not None:
        data["detail"] = proposal.detail
    if proposal.empty:
        data["outcomes"] = {"empty": list(proposal.empty)}
    data["fixtures"] = {"required": list(proposal.required)}
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=110)
    unread = (
        ""
        if proposal.terms_read
        else "# Read the terms of the shop, and write the day into access: terms_read.\n"
    )
    return f"# Proposed by `ipguard source new` from what the shop answered; correct what is wrong.\n{unread}{text}"
