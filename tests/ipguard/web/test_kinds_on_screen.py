"""Names, domains, pages and copied texts on the triage screen: what was found, why, and what speaks against it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape

import pytest
from kinds_data import COPIED, DISGUISED, DOMAIN, LISTINGS, NAMED, NEWS, REPOSITORY, fill_kinds, findings_in
from starlette.testclient import TestClient

from ipguard.alerts.findings import finding_json, from_json
from ipguard.matching.finding import DomainPlace, Finding, PagePlace, PageSign, Reason, TextPlace
from ipguard.web import wording
from ipguard.web.access import create_console_key
from ipguard.web.app import create_app
from ipguard.web.explain import Read, explain
from ipguard.web.language import catalogue, speaker
from ipguard.web.marks import around, excerpts, marked

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    workspace, engine = fill_kinds(tmp_path_factory.mktemp("kinds") / "ws", lambda: NOON)
    app = create_app(workspace, engine=engine, now=lambda: NOON)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        client.get(f"/enter?key={create_console_key(workspace)}")
        yield client
    engine.dispose()


def page_of(console: TestClient, listing: object, language: str = "en") -> str:
    return console.get(f"/alerts/{LISTINGS.index(listing) + 1}?lang={language}").text


def rows(page: str) -> dict[str, str]:
    """Heading → everything that is said below it, without tags and with single spaces; the last one of a heading."""
    found = re.findall(r"<dt>(.*?)</dt>(.*?)(?=<dt>|</dl>)", page, re.DOTALL)
    return {unescape(head): " ".join(unescape(re.sub(r"<[^>]+>", "", body)).split()) for head, body in found}


def marks(page: str, heading: str) -> list[str]:
    body = re.search(rf"<dt>{re.escape(heading)}</dt>(.*?)(?=<dt>|</dl>)", page, re.DOTALL)
    assert body is not None, heading
    return [re.sub(r"<[^>]+>", "", one) for one in re.findall(r"<mark[^>]*>(.*?)</mark>", body[1])]


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ["domain", "registrar", "registration"]), ("zh", ["域名", "注册商", "域名注册信息"])],
)
def test_a_domain_shows_what_a_registry_and_name_servers_say_and_no_price(
    console: TestClient, language, words
) -> None:
    page = page_of(console, DOMAIN, language)
    for shown in (*words, "Harbour &lt;b&gt;Names&lt;/b&gt;", "203.0.113.5", "2026-11-20", "<mark>"):
        assert shown in page
    for hidden in ("Harbour <b>", "no price told", "价格", "No picture to show", "https://r.example"):
        assert hidden not in page


def test_a_disguised_domain_is_shown_decoded_and_as_given_with_the_changed_letter_named(console) -> None:
    page = page_of(console, DISGUISED)

    assert "".join(marks(page, "As an address bar shows it")) == "stаrlantern"
    assert '<mark class="changed">а</mark>' in page
    assert marks(page, "As it was given") == ["xn--strlantern-0qi"]
    told = rows(page)
    assert told["Changed characters"] == "а stands for a U+0430"
    assert told["Name on the watchlist"] == "Star Lantern"
    assert told["Written"] == "with look-alike characters"
    assert told["Words beside it"] == "shop"
    told = rows(page_of(console, DISGUISED, "zh"))
    assert told["改动的字符"] == "а 代替 a U+0430"
    assert told["写法"] == "使用形近字符"


def test_a_name_shows_its_characters_layer_company_and_negative_cues(console) -> None:
    page = page_of(console, NAMED)

    assert "".join(marks(page, "In the title")) == "S200Btаr L4ntern"
    told = rows(page.partition("</dl>")[0] + "</dl>")
    assert told["Changed characters"] == "а stands for a U+0430 4 stands for a"
    assert told["Written"] == "with digits or signs for letters"
    assert told["Words beside it"].split()[:2] == ["hoodie", "keychain"]
    assert "unofficial" in told["Negative cues"]
    assert "In the tags" in rows(page)
    assert "In the description" in rows(page)
    assert 'title="Score 0.80"' in page
    assert "改动的字符" in rows(page_of(console, NAMED, "zh"))


def test_a_title_that_turns_its_direction_turns_nothing_on_the_screen(console) -> None:
    for path in ("/alerts", f"/alerts/{LISTINGS.index(NAMED) + 1}"):
        page = console.get(path).text
        body = page.partition("<body>")[2]
        assert '<code class="unseen">202E</code>' in body
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", body)
        assert "<i>hoodie" not in page
        assert "<b>Night" not in page


def test_a_repository_shows_its_groups_with_the_words_that_raised_them(console) -> None:
    page = page_of(console, REPOSITORY)
    told = rows(page)

    assert "repository" in page
    assert "&lt;script&gt;alert(1)" in page.replace("<mark>", "").replace("</mark>", "")
    assert "<script>alert(1)" not in page
    assert page.count("<mark>") >= 3
    assert told["Offers"] == "a server emulator"
    assert told["Verdict"] == "to be reported"
    assert told["The name"].startswith("Star Lantern 2 times")
    assert "GM commands commands for a server · in the text" in told["How it works"]
    assert "paypal.me/wick" in marks(page, "Takes money")
    assert told["Speaks against it"] == "nothing"
    assert 'href="https://discord.gg' not in page  # a hostile page's links are words here


def test_words_far_down_a_long_text_are_shown_too(console) -> None:
    said = page_of(console, REPOSITORY).partition("<h2>")[0]
    assert "<mark>paypal.me/wick</mark>" in said
    assert "…" in said


@pytest.mark.parametrize(("language", "why"), [("en", "news or a court"), ("zh", "新闻或司法内容")])
def test_a_page_that_is_held_back_says_why(console, language, why) -> None:
    told = rows(page_of(console, NEWS, language))
    assert told[speaker({"en": "en", "zh": "zh-Hans"}[language])("Speaks against it")] == why


def test_a_copied_text_shows_its_shares_and_the_passages(console) -> None:
    page = page_of(console, COPIED)
    told = rows(page)

    assert told["Owned text"] == "the keeper's tale"
    assert told["Shared"].endswith("% of the owned one")
    assert told["Passage"].startswith("The lamps over the harbour")
    assert "of the owned text" in told["Passage"]
    assert "<script>x" not in page
    assert "<b>retold" not in page


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing.id)
def test_what_is_kept_of_a_finding_explains_it_as_well_as_the_finding_itself(listing) -> None:
    read = Read(listing.title, listing.description, names=(listing.url,))
    for finding in findings_in(listing):
        assert explain(from_json(finding_json(finding)), read) == explain(finding, read)
        assert explain(finding, read)


def test_changes_of_a_domain_that_were_kept_letter_by_letter_are_read_as_they_were() -> None:
    (finding,) = findings_in(DISGUISED)
    kept = finding_json(finding)
    kept["place"]["changed"] = list(kept["place"]["changed"])

    assert from_json(kept) == finding


def test_every_word_of_an_explanation_is_said_in_chinese_too() -> None:
    tables = [getattr(wording, name) for name in dir(wording) if name.isupper() and name != "SENTENCES"]
    words = set(wording.SENTENCES).union(*(table.values() for table in tables))
    known = catalogue("zh-Hans")

    assert words - known.keys() == set()
    assert len(words) > 100
    for sentence in words:
        assert set(re.findall(r"{\w+}", sentence)) == set(re.findall(r"{\w+}", known[sentence])), sentence


def test_a_text_that_changed_since_shows_what_was_found_and_marks_nothing_wrong() -> None:
    place = TextPlace("title", 5, 9, "star", "star", "exact")
    finding = Finding("text", "1", "w", 0.9, Reason("text.exact"), place)

    assert [piece.marked for piece in marked("all is new here", [finding])] == [False]
    assert [(piece.text, piece.marked) for piece in around("all is new here", (5, 9, "star"))] == [
        ("star", True)
    ]


def test_letters_that_could_be_either_are_not_marked_as_changed() -> None:
    """`a` stands twice in the stretch and was changed once: which of the two is not told."""
    place = DomainPlace(
        "lantarn.example", "lantarn.example", 0, 7, "lantarn", "lantern", "misspelling", "e→a"
    )
    rows_of = explain(Finding("domain", "1", "w", 0.9, Reason("domain.misspelling"), place), Read())

    assert not any(piece.changed for piece in rows_of[0].cells[0].pieces)
    assert rows_of[1].heading == "Changed characters"


def test_a_thousand_signs_are_counted_not_listed() -> None:
    signs = tuple(PageSign("money", "price", "text", n, n + 3, f"${n:04}") for n in range(1000))
    finding = Finding("page", "1", "w", 0.9, Reason("x"), PagePlace("u", "cheat", "report", signs))
    (money,) = [row for row in explain(finding, Read()) if row.heading == "Takes money"]

    assert len(money.cells) == 13
    assert money.cells[-1].values == {"count": 988}


def test_excerpts_of_a_long_text_stay_short_however_much_is_marked() -> None:
    text = "star and more words in between " * 4000
    signs = tuple(PageSign("name", "star", "text", at, at + 4, "star") for at in range(0, len(text), 31))
    finding = Finding("page", "1", "w", 0.9, Reason("x"), PagePlace("u", "cheat", "report", signs))

    assert sum(len(piece.text) for piece in excerpts(text, [finding], "text")) < 5000
