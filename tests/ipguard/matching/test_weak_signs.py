"""Price and seller support a finding, and never more than that."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from crawlers.listing import Listing, Price, PriceKind, Seller
from ipguard.matching.finding import Finding, Reason
from ipguard.matching.judge import PictureSeen, Watch, judge, text_fields
from ipguard.matching.prices import match_price
from ipguard.matching.reasons import LANGUAGES, render
from ipguard.matching.sellers import match_seller
from ipguard.matching.text.matcher import Reading
from ipguard.rights.work import OfficialPrice

PLUSH = OfficialPrice("plush", Decimal("40.00"), "USD")
FIGURE = OfficialPrice("figure", Decimal("120.00"), "USD")
SHOP = "https://stall.example"
LAMP = Listing(
    "1", f"{SHOP}/1", "Star Lantern plush", Price(Decimal("8.00"), "USD"), seller=Seller(name="Lantern Stall")
)


def priced(amount: str, currency: str | None = "USD", kind: PriceKind = PriceKind.FIXED) -> Listing:
    return replace(LAMP, price=Price(Decimal(amount), currency, kind=kind))


def test_a_fifth_of_the_official_price_is_a_weak_sign_that_says_the_figures() -> None:
    found = match_price("star", [PLUSH, FIGURE], LAMP)
    assert found is not None
    assert (found.weak, dict(found.reason.values)["percent"]) == (True, 20)
    assert render(found.reason) == "Price 8.00 USD is 20 % of the official 40.00 USD"


@pytest.mark.parametrize(
    "listing",
    [
        priced("20.00"),
        priced("8.00", "EUR"),
        priced("8.00", None),
        priced("8.00", kind=PriceKind.AUCTION),
        priced("0.00"),
        replace(LAMP, price=None),
    ],
    ids=["half price", "other currency", "no currency", "auction", "free", "no price"],
)
def test_no_sign_is_made_of(listing: Listing) -> None:
    assert match_price("star", [PLUSH], listing) is None


def test_a_plush_is_compared_with_the_plush_and_not_with_the_figure() -> None:
    assert match_price("star", [FIGURE, PLUSH], priced("50.00")) is None
    figure = replace(priced("50.00"), title="Star Lantern FIGURE 1/7")
    assert match_price("star", [FIGURE, PLUSH], figure) is not None


def test_an_unknown_seller_is_a_weak_sign_only_where_official_ones_are_known() -> None:
    assert match_seller("star", [], LAMP, SHOP) is None
    found = match_seller("star", ["Star Lantern Store"], LAMP, SHOP)
    assert found is not None
    assert (found.weak, found.reason.code) == (True, "seller.unknown")


@pytest.mark.parametrize(
    ("entry", "asked", "seller", "official"),
    [
        ("stall.example", "https://www.stall.example", Seller(), True),
        ("stall.example", "https://eu.stall.example", Seller(), True),
        ("stall.example", "https://notstall.example", Seller(), False),
        (
            "stall.example",
            "https://market.example",
            Seller(name="stall.example", url="https://stall.example"),
            False,
        ),
        ("Star Lantern Store", "https://market.example", Seller(name="ＳＴＡＲ Lantern  store"), True),
        ("market.example/9917", "https://market.example", Seller(id="9917", name="x"), True),
        ("market.example/9917", "https://other.example", Seller(id="9917"), False),
    ],
)
def test_a_seller_is_official_by_the_host_asked_or_by_name_but_never_by_claiming_a_host(
    entry: str, asked: str, seller: Seller, official: bool
) -> None:
    found = match_seller("star", [entry], replace(LAMP, seller=seller), asked)
    assert found is not None
    assert (found.reason.code == "seller.official") is official


class Finds:
    """A text matcher that finds one word."""

    def read(self, listings):
        return [
            Reading(
                tuple(
                    Finding("text", "t", "star", 0.8, Reason("text.exact"))
                    for text in fields.values()
                    if "Lantern" in text
                ),
                (Reason("text.cut", {"limit": 9, "field": "title"}),) if "…" in fields["title"] else (),
            )
            for fields in listings
        ]

    def match(self, data: bytes) -> PictureSeen:
        return PictureSeen()


def watch(**more: object) -> Watch:
    return Watch("w", Finds(), Finds(), Finds(), Finds(), **more)  # type: ignore[arg-type]


def test_weak_signs_move_a_verdict_that_stands_and_never_make_one() -> None:
    wide = watch(sellers={"star": ("Star Lantern Store",)}, prices={"star": (PLUSH,)})
    plain, moved = judge(watch(), LAMP, [], SHOP)[0], judge(wide, LAMP, [], SHOP)[0]
    assert plain.match
    assert moved.score > plain.score
    assert judge(wide, replace(LAMP, title="plush", seller=Seller()), [], SHOP) == []


def test_what_the_owner_sells_is_no_match_however_well_it_fits() -> None:
    verdict = judge(watch(sellers={"star": ("stall.example",)}), LAMP, [], SHOP)[0]
    assert (verdict.match, verdict.score) == (False, 0.0)
    assert any(f.reason.code == "seller.official" for f in verdict.findings)


def test_findings_in_pictures_count_beside_those_in_text() -> None:
    seen = [Finding("image", "i", "other", 0.9, Reason("image.features"))]
    assert [v.work for v in judge(watch(), LAMP, seen, SHOP)] == ["other", "star"]


def test_empty_fields_are_not_read() -> None:
    assert set(text_fields(LAMP)) == {"title", "seller"}


def test_every_reason_is_said_in_every_language() -> None:
    found = [match_price("star", [PLUSH], LAMP), match_seller("star", ["x"], LAMP, SHOP)]
    for finding in found:
        assert finding is not None
        sentences = {render(finding.reason, language) for language in LANGUAGES}
        assert len(sentences) == len(LANGUAGES)


def test_what_was_not_read_stands_among_the_reasons_and_moves_nothing() -> None:
    whole, cut = (
        judge(watch(), replace(LAMP, title=t), [], SHOP)[0] for t in (LAMP.title, LAMP.title + " …")
    )
    assert cut.score == whole.score
    assert [f.reason.code for f in cut.findings if f.weak and f.strength == 0] == ["text.cut"]
