"""A workspace with an alert of each kind that is read, not seen: names, a domain, a repository, a page, a copied text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Engine

from crawlers.listing import Kind, Listing, Price, Seller
from ipguard.alerts.raising import write_alerts
from ipguard.database.engine import make_engine, transaction
from ipguard.listings.lookups import NAMES, REGISTRATION, Told, keep_told
from ipguard.listings.store import keep_listings
from ipguard.listings.tables import ListingRow
from ipguard.matching.copies.index import OwnedText, build_index
from ipguard.matching.copies.matcher import CopyMatcher
from ipguard.matching.domains.matcher import DomainMatcher
from ipguard.matching.finding import Finding
from ipguard.matching.judge import text_fields
from ipguard.matching.listed import page_of_listing
from ipguard.matching.pages.matcher import PageMatcher
from ipguard.matching.score import verdicts
from ipguard.matching.text.matcher import TextMatcher
from ipguard.matching.text.names import names_of
from ipguard.rights.tables import WorkRow
from ipguard.rights.work import Name, Work
from ipguard.settings import Workspace
from ipguard.sources.store import NewSource, add_source
from ipguard.workspace import make_workspace

NAMES_OF = names_of(
    (Work("star", "Star Lantern", "Owner", (Name("Star Lantern", "en"), Name("星灯物语", "zh"))),)
)
STORY = (
    "The lamps over the harbour went out one after the other, and the keeper counted them as he had done each "
    "night since the ships stopped coming. When the last was dark he took his coat, climbed the wet stairs and "
    "found a girl asleep beside the great lens, holding a star in her folded hands as if it were a bird."
)
DOMAIN = Listing(
    "star-lantern-shop.example",
    "https://star-lantern-shop.example/",
    "star-lantern-shop.example",
    kind=Kind.DOMAIN,
)
DISGUISED = Listing(
    "xn--strlantern-28g.example",
    "https://xn--strlantern-28g.example/",
    "shop." + "stаrlantern.example".encode("idna").decode(),
    kind=Kind.DOMAIN,
)
README = (
    "Star Lantern private server <script>alert(1)</script>: download the launcher, GM commands, x100 rates, "
    "https://discord.gg/ps1\n" + "How the lamps burn is told in many words that say nothing. " * 30 + "\n"
    "Donate by paypal.me/wick to get Star Lantern items."
)
REPOSITORY = Listing(
    "wick/ps", "https://code.example/wick/ps", "wick/ps", description=README, kind=Kind.REPOSITORY
)
NEWS = Listing(
    "news", "https://paper.example/news", "Star Lantern private server: what became of it",
    description="The court fined the operators of a Star Lantern private server yesterday, according to the publisher's "
    "spokesperson. Players could download the launcher and donate for items; the police closed the Discord group.",
    kind=Kind.PAGE,
)  # fmt: skip
NAMED = Listing(
    "shirt",
    "https://moon-harbor.example/shirt",
    "\u202eS\u200btаr L4ntern \u202c<i>hoodie</i> keychain, unofficial 👨\u200d👩\u200d👧",
    Price(Decimal("9.90"), "USD", "9.90"),
    description="New print. Not an official product: star lantern fan art, also 星燈物語周边.",
    tags=("star-lantern", "cosplay"),
    seller=Seller(name="<b>Night Market</b>"),
)
COPIED = Listing(
    "story", "https://reader.example/story", "A tale <b>retold</b>",
    description="Posted by wick.\n" + STORY.replace("coat", "long coat") + "\nThanks for reading & <script>x</script>",
    kind=Kind.PAGE,
)  # fmt: skip
LISTINGS = (DOMAIN, REPOSITORY, NAMED, DISGUISED, NEWS, COPIED)
"""The alert of each has its place here, from 1 on, as its number."""


def findings_in(listing: Listing) -> list[Finding]:
    """What the matcher for a kind of listing says of it."""
    if listing.kind is Kind.DOMAIN:
        return DomainMatcher(NAMES_OF).match_domain(listing.title)
    if listing is COPIED:
        owned = build_index([OwnedText(name="the keeper's tale", work="star", text=STORY)])
        return CopyMatcher(owned).match_text(listing.description, listing.url)
    if listing.kind is Kind.OFFER:
        return TextMatcher(NAMES_OF).match_listing(text_fields(listing))
    page = PageMatcher(NAMES_OF, {}).match_page(page_of_listing(listing))
    # What is held back raises nothing alone: it is seen beside something that does.
    return page + (TextMatcher(NAMES_OF).match_listing({"title": listing.title}) if listing is NEWS else [])


def fill_kinds(
    folder: Path, now: Callable[[], datetime], listings: Sequence[Listing] = LISTINGS
) -> tuple[Workspace, Engine]:
    """Make a workspace with an alert for each listing, and what others say of the first one."""
    moment = now()
    workspace = make_workspace(folder, now=now)
    engine = make_engine(workspace.database_url)
    with transaction(engine) as session:
        session.add(
            WorkRow(id="star", title="Star Lantern", owner="Owner", created_at=moment, updated_at=moment)
        )
        add_source(session, NewSource("https://log.example", "static-ct", "log"), now=moment)
        for listing in listings:
            (kept,) = keep_listings(session, "log", [listing], read_by="x@1", run_id=1, step=1, now=moment)
            write_alerts(
                session,
                session.get_one(ListingRow, kept.id),
                verdicts(findings_in(listing)),
                {"star": "e1"},
                moment,
            )
        registered = {
            "registrar": "Harbour <b>Names</b>",
            "registered_at": "2026-11-20T08:00:00+00:00",
            "asked": "https://r.example",
        }
        keep_told(session, 1, Told(REGISTRATION, "ok", "", registered), moment)
        keep_told(
            session, 1, Told(NAMES, "ok", "", {"records": [{"type": "A", "value": "203.0.113.5"}]}), moment
        )
    return workspace, engine
