"""Domains and repositories on the triage screen: what they say and what others say of them, escaped, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from crawlers.listing import Kind, Listing
from ipguard.alerts.raising import write_alerts
from ipguard.database.engine import make_engine, transaction
from ipguard.listings.lookups import NAMES, REGISTRATION, Told, keep_told
from ipguard.listings.store import keep_listings
from ipguard.listings.tables import ListingRow
from ipguard.matching.domains.matcher import DomainMatcher
from ipguard.matching.finding import Finding
from ipguard.matching.listed import page_of_listing
from ipguard.matching.pages.matcher import PageMatcher
from ipguard.matching.score import verdicts
from ipguard.matching.text.names import names_of
from ipguard.rights.tables import WorkRow
from ipguard.rights.work import Name, Work
from ipguard.sources.store import NewSource, add_source
from ipguard.web.access import create_console_key
from ipguard.web.app import create_app
from ipguard.workspace import make_workspace

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
NAMES_OF = names_of((Work("star", "Star Lantern", "Owner", (Name("Star Lantern", "en"),)),))
DOMAIN = Listing(
    "star-lantern-shop.example",
    "https://star-lantern-shop.example/",
    "star-lantern-shop.example",
    kind=Kind.DOMAIN,
)
README = "Star Lantern private server <script>alert(1)</script>: download the launcher, GM commands, x100 rates, https://discord.gg/ps1"
REPOSITORY = Listing(
    "wick/ps", "https://code.example/wick/ps", "wick/ps", description=README, kind=Kind.REPOSITORY
)


def findings_in(listing: Listing) -> list[Finding]:
    if listing.kind is Kind.DOMAIN:
        return DomainMatcher(NAMES_OF).match_domain(listing.title)
    return PageMatcher(NAMES_OF, {}).match_page(page_of_listing(listing))


@pytest.fixture
def console(tmp_path: Path) -> Iterator[TestClient]:
    workspace = make_workspace(tmp_path / "ws", now=lambda: NOON)
    engine = make_engine(workspace.database_url)
    with transaction(engine) as session:
        session.add(WorkRow(id="star", title="Star Lantern", owner="Owner", created_at=NOON, updated_at=NOON))
        add_source(session, NewSource("https://log.example", "static-ct", "log"), now=NOON)
        for listing in (DOMAIN, REPOSITORY):
            (kept,) = keep_listings(session, "log", [listing], read_by="x@1", run_id=1, step=1, now=NOON)
            write_alerts(
                session,
                session.get_one(ListingRow, kept.id),
                verdicts(findings_in(listing)),
                {"star": "e1"},
                NOON,
            )
        registered = {
            "registrar": "Harbour <b>Names</b>",
            "registered_at": "2026-11-20T08:00:00+00:00",
            "asked": "https://r.example",
        }
        keep_told(session, 1, Told(REGISTRATION, "ok", "", registered), NOON)
        keep_told(
            session, 1, Told(NAMES, "ok", "", {"records": [{"type": "A", "value": "203.0.113.5"}]}), NOON
        )
    app = create_app(workspace, engine=engine, now=lambda: NOON)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        client.get(f"/enter?key={create_console_key(workspace)}")
        yield client
    engine.dispose()


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ["domain", "registrar", "registration"]), ("zh", ["域名", "注册商", "域名注册信息"])],
)
def test_a_domain_shows_what_a_registry_and_name_servers_say_and_no_price(
    console: TestClient, language, words
) -> None:
    page = console.get(f"/alerts/1?lang={language}").text
    for shown in (*words, "Harbour &lt;b&gt;Names&lt;/b&gt;", "203.0.113.5", "2026-11-20", "<mark>"):
        assert shown in page
    for hidden in ("Harbour <b>", "no price told", "价格", "No picture to show", "https://r.example"):
        assert hidden not in page


def test_a_repository_shows_its_readme_with_the_signs_marked(console: TestClient) -> None:
    page = console.get("/alerts/2").text
    assert "repository" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
    assert page.count("<mark>") >= 3
