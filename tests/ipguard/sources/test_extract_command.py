"""`ipguard extract` on saved pages: what is on it, and where each field was read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ipguard.cli.main import build

PAGES = Path(__file__).parents[2] / "pages" / "shops"
URL = "https://lantern-street.example/item/t-1"


@pytest.mark.parametrize(
    ("page", "sources"),
    [
        ("japanese_table", {"title": "visible", "price": "visible", "gtin": "visible", "seller": "visible"}),
        ("two_currencies_told", {"title": "jsonld", "price": "jsonld", "sku": "meta", "seller": "host"}),
        ("microdata_among_related", {"title": "microdata", "price": "microdata"}),
        ("price_only_visible", {"title": "jsonld", "price": "visible", "availability": "jsonld"}),
    ],
)
def test_each_field_says_where_it_was_read(page, sources):
    done = CliRunner().invoke(build(), ["extract", "--url", URL, str(PAGES / page / "body"), "--json"])

    assert done.exit_code == 0
    told = json.loads(done.stdout)["sources"]
    assert {name: told[name] for name in sources} == sources


def test_people_read_the_price_and_a_second_one_is_told():
    done = CliRunner().invoke(build(), ["extract", "--url", URL, str(PAGES / "two_currencies_told" / "body")])

    assert "9.10 GBP  from JSON-LD" in done.stdout
    assert "also names 8.50 EUR (meta)" in done.stdout


def test_a_page_without_a_product_ends_with_one():
    done = CliRunner().invoke(build(), ["extract", "--url", URL], input="<h1>About us</h1>")

    assert done.exit_code == 1
    assert "No product on this page." in done.stdout
