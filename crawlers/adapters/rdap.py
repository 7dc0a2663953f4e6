"""What a registry says about one domain name (RDAP: RFC 9082 §3.1.3, RFC 9083 §5.3), without the people in it.

Of everybody that an answer names, only the registrar's name and the registrant's country are read. The answer itself
may hold personal data, so it is not to be kept: the policy says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from crawlers.adapter import Outcome, Page, Policy, Query
from crawlers.exchange import Exchange, Purpose, Request
from crawlers.extract.answers import json_answer, not_the_form
from crawlers.listing import Kind, Listing, Seller

MAX_MEMBERS = 50
"""Of any list in an answer."""
MAX_TEXT = 200
Data = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Registration:
    """What is known of a registered name; nothing in here is about a person."""

    name: str
    """A-labels, lower case."""
    registrar: str = ""
    country: str = ""
    """Of the registrant, ISO 3166-1 alpha-2, or empty."""
    registered_at: datetime | None = None
    changed_at: datetime | None = None
    expires_at: datetime | None = None
    status: tuple[str, ...] = ()
    """As in RFC 8056: "active", "client hold", …"""
    name_servers: tuple[str, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Rdap:
    """One registry's RDAP service; the query is the name that is asked about."""

    base: str
    """Ends with a slash, as the bootstrap file has it (RFC 9224 §3)."""
    policy: Policy
    name: str = "rdap"
    version: str = "1"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The registry's host."""
        return (urlsplit(self.base).netloc.lower(),)

    def start(self, query: Query) -> Sequence[Request]:
        """The one question."""
        url = f"{self.base}domain/{quote(query.text.strip().lower(), safe='')}"
        return [Request(url, Purpose.FEED, headers=(("Accept", "application/rdap+json"),), label="domain")]

    def read(self, exchange: Exchange) -> Page:
        """The registration as a listing: seller is the registrar, `posted_at` when it was registered."""
        if exchange.status == 404:
            return Page(Outcome.EMPTY, note="The registry knows no such name.")
        data, refusal = json_answer(exchange, "The registry")
        if refusal is not None:
            return refusal
        found = registration_in(data)
        if found is None:
            return not_the_form(exchange, "The registry answers with something that is no domain")
        listing = Listing(
            id=found.name,
            url=f"https://{found.name}/",
            title=found.name,
            description="\n".join(found.name_servers),
            seller=Seller(name=found.registrar),
            tags=found.status,
            posted_at=found.registered_at,
            updated_at=found.changed_at,
            kind=Kind.DOMAIN,
        )
        return Page(Outcome.OK, (listing,))


def registration_in(data: object) -> Registration | None:
    """The registration in an RDAP answer; None where it is about no domain."""
    if not isinstance(data, Mapping) or data.get("objectClassName") != "domain":
        return None
    name = _text(data.get("ldhName")).lower().removesuffix(".")
    if not name:
        return None
    events = {
        _text(event.get("eventAction")): _moment(event.get("eventDate")) for event in _objects(data, "events")
    }
    servers = (
        _text(server.get("ldhName")).lower().removesuffix(".") for server in _objects(data, "nameservers")
    )
    status = data.get("status")
    return Registration(
        name=name,
        registrar=next((_card(one, "fn") for one in _with_role(data, "registrar")), ""),
        country=next((_country(one) for one in _with_role(data, "registrant")), ""),
        registered_at=events.get("registration"),
        changed_at=events.get("last changed"),
        expires_at=events.get("expiration"),
        status=tuple(
            t for s in (status if isinstance(status, list) else [])[:MAX_MEMBERS] if (t := _text(s))
        ),
        name_servers=tuple(sorted({server for server in servers if server})),
    )


def make(base_url: str, policy: Policy, _options: Mapping[str, object]) -> Rdap:
    """The adapter for an RDAP service; its answers are not kept."""
    return Rdap(base_url.rstrip("/") + "/", replace(policy, basis="public-register", may_store_raw=False))


def _with_role(data: Data, role: str) -> Iterator[Data]:
    for one in _objects(data, "entities"):
        roles = one.get("roles")
        if isinstance(roles, list) and role in roles:
            yield one


def _properties(entity: Data, name: str) -> Iterator[list[object]]:
    """Properties of this name in an entity's jCard (RFC 7095 §3.3)."""
    card = entity.get("vcardArray")
    members = card[1] if isinstance(card, list) and len(card) > 1 and isinstance(card[1], list) else []
    for one in members[:MAX_MEMBERS]:
        if isinstance(one, list) and len(one) >= 4 and one[0] == name:
            yield one


def _card(entity: Data, name: str) -> str:
    return next((_text(one[3]) for one in _properties(entity, name)), "")


def _country(entity: Data) -> str:
    """Two letters from `cc` (RFC 8605 §3.1) or from the seventh part of the address (RFC 6350 §6.3.1)."""
    for one in _properties(entity, "adr"):
        told = one[1].get("cc") if isinstance(one[1], Mapping) else None
        last = one[3][6] if isinstance(one[3], list) and len(one[3]) == 7 else None
        for code in (_text(told), _text(last)):
            if len(code) == 2 and code.isascii() and code.isalpha():
                return code.upper()
    return ""


def _objects(data: Data, name: str) -> Iterator[Data]:
    rows = data.get(name)
    return (row for row in (rows if isinstance(rows, list) else [])[:MAX_MEMBERS] if isinstance(row, Mapping))


def _text(value: object) -> str:
    return value.strip()[:MAX_TEXT] if isinstance(value, str) else ""


def _moment(value: object) -> datetime | None:
    """RFC 3339; without an offset it is taken as UTC."""
    try:
        at = datetime.fromisoformat(_text(value))
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
