"""What a Discord invite leads to (GET /invites/{code}?with_counts=true): a community and what it says of itself.

Nobody joins anything. Who made an invite is a person and is not read. How often one may ask is told with each answer
(429, Retry-After), so nothing of it stands here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

from crawlers.adapter import Outcome, Page, Policy, Query
from crawlers.exchange import Exchange, Purpose, Request
from crawlers.extract.answers import json_answer, not_the_form
from crawlers.extract.product import text_of
from crawlers.listing import Kind, Listing, Seller

LINK = re.compile(r"(?:https?://)?(?:www\.)?(?:discord\.gg|discord(?:app)?\.com/invite)/", re.IGNORECASE)
MAX_CODES = 100
"""Asked for one source."""


@dataclass(frozen=True, slots=True)
class Discord:
    """Invites by their codes; the query holds codes or invite links, apart by spaces or commas."""

    base: str
    policy: Policy
    name: str = "discord"
    version: str = "1"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The interface's host."""
        return (urlsplit(self.base).netloc.lower(),)

    def start(self, query: Query) -> Sequence[Request]:
        """One question a code."""
        codes = [LINK.sub("", word).split("?")[0].strip("/") for word in re.split(r"[\s,]+", query.text)]
        asked = list(dict.fromkeys(code for code in codes if code))[:MAX_CODES] or ["-"]
        return [
            Request(
                f"{self.base}/invites/{quote(code, safe='')}?with_counts=true",
                Purpose.FEED,
                label="invite",
                state={"code": code},
            )
            for code in asked
        ]

    def read(self, exchange: Exchange) -> Page:
        """The community as a listing; how many members it has is in the note, since it moves all the time."""
        if exchange.status == 404:
            return Page(Outcome.EMPTY, note="The invite is not known, or has expired.")
        data, refusal = json_answer(exchange, "Discord")
        if refusal is not None:
            return refusal
        guild = data.get("guild") if isinstance(data, Mapping) else None
        if exchange.status != 200 or not isinstance(data, Mapping):
            return not_the_form(exchange, "The invite is told in another form")
        if not isinstance(guild, Mapping):
            return Page(Outcome.EMPTY, note="The invite leads to no community.")
        code, name = text_of(data.get("code")), text_of(guild.get("name"))
        if not code or not name:
            return Page(Outcome.CHANGED, note="The invite has no code or no name.")
        channel = data.get("channel")
        room = text_of(channel.get("name")) if isinstance(channel, Mapping) else ""
        listing = Listing(
            id=code,
            url=f"https://discord.gg/{quote(code, safe='')}",
            title=name,
            description=text_of(guild.get("description")),
            seller=Seller(id=text_of(guild.get("id")), name=name),
            tags=(f"#{room}",) if room else (),
            kind=Kind.INVITE,
        )
        return Page(Outcome.OK, (listing,), note=_counted(data))


def make(base_url: str, policy: Policy, _options: Mapping[str, object]) -> Discord:
    """The adapter for the interface at `base_url`."""
    return Discord(
        base_url.rstrip("/"), replace(policy, access="B", basis="api-terms", may_profile_seller=False)
    )


def _counted(data: Mapping[str, object]) -> str:
    members = data.get("approximate_member_count")
    return f"About {members:,} members." if isinstance(members, int) and not isinstance(members, bool) else ""
