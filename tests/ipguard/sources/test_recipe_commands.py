"""A person without Python adds a shop: from its address to a recipe, its tests, a source, and an alert."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from card_shop import open_shop
from typer.testing import CliRunner

from crawlers.errors import CrawlError
from crawlers.recipes.folder import load_recipe
from ipguard.cli.main import build
from ipguard.errors import IpguardError

WATCHLIST = """
[[work]]
id = "star-lantern"
title = "Star Lantern"
owner = "Example Animation Co."
pictures = []
names = [{ text = "Star Lantern", lang = "en" }]
"""
RECIPES = Path(__file__).parents[2] / "crawlers" / "recipes" / "marketplaces"


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("recipes") / "ws"
    (place.parent / "watch.toml").write_text(WATCHLIST, "utf-8")
    assert CliRunner().invoke(build(), ["init", str(place)]).exit_code == 0
    run(place, "watch", "add", place.parent / "watch.toml")
    return place


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    with open_shop() as base:
        yield base


def run(place: Path, *words: object, expect: int = 0, said: str = "", given: str = "") -> str:
    done = CliRunner().invoke(build(), [str(one) for one in (*words, "-w", place)], input=given)
    wrong = done.exception if isinstance(done.exception, IpguardError | CrawlError) else None
    code = getattr(wrong, "exit_code", 4) if wrong else done.exit_code
    told = " ".join(f"{done.output} {wrong or ''} {getattr(wrong, 'hint', '')}".split())
    assert code == expect, (told, done.exception)
    assert said in told, told
    return done.stdout


def rows(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_shop_without_mark_up_becomes_a_recipe_a_source_and_an_alert(place, shop):
    made = run(
        place, "source", "new", f"{shop}/search?q=lantern", "--name", "cards", "--yes", "--local", "--json"
    )
    (told,) = rows(made)
    assert told["good"]
    assert told["listings"][0]["title"] == "Star Lantern acrylic stand"
    assert set(told["fields"]) == {"url", "title", "price", "pictures", "seller.name"}
    folder = place / "marketplaces" / "cards"
    part = load_recipe(folder).part
    assert part.search.items == "div.tile"
    assert part.detail is not None
    assert part.needs_query
    assert part.access.terms_url == f"{shop}/agb"
    assert not [file for file in folder.rglob("*") if file.is_file() and "Söhne" in file.read_text("utf-8")]

    results = rows(run(place, "source", "test", "cards", "--json"))
    assert all(one["good"] for one in results)
    assert {"search_page1", "search_page2", "detail_full", "search_empty", "blocked", "changed"} == {
        one["fixture"] for one in results
    }
    assert {"listings.0.price", "listings.0.sku", "listings.0.description"} <= {
        one["field"] for one in results if one["fixture"] == "detail_full"
    }
    run(
        place,
        "source",
        "add",
        "recipe:cards",
        "--local",
        "--gap",
        0,
        expect=2,
        said="Give words with --query",
    )
    run(place, "source", "add", "recipe:cards", "--query", "lantern", "--local", "--gap", 0)
    (report,) = rows(run(place, "sweep", "cards", "--json"))
    assert (report["state"], report["listings"]) == ("finished", 7), report
    assert report["new_alerts"] == 2
    run(place, "source", "list", said="recipe:cards")


def test_a_person_corrects_what_was_proposed_before_it_is_written(place, shop):
    typed = "price=span.amount | prize\nprice=span.amount | price(CHF)\nseller.name=\n\n2026-11-23\ny\n"
    words = ("source", "new", f"{shop}/search?q=lantern", "--name", "typed", "--local")
    run(place, *words, given=typed, said="Did you mean “price”?")
    run(
        place,
        "source",
        "new",
        f"{shop}/search?q=star",
        "--name",
        "left",
        "--local",
        expect=2,
        said="Nobody answered",
    )
    recipe = load_recipe(place / "marketplaces" / "typed").part
    assert recipe.search.fields["price"] == "span.amount | price(CHF)"
    assert "seller.name" not in recipe.search.fields
    assert str(recipe.access.terms_read) == "2026-11-23"


def test_an_interface_that_answers_in_json_becomes_a_recipe(place, shop):
    url = f"{shop}/api/goods?q=lantern&offset=0&limit=3"
    (told,) = rows(run(place, "source", "new", url, "--name", "api", "--yes", "--local", "--json"))
    assert told["good"]
    assert told["next"] == {"limit": 3, "total": "meta.total"}
    assert told["fields"]["price"] == {
        "amount": "minor(price.amount, price.decimals)",
        "currency": "price.currency",
    }
    run(place, "source", "add", "recipe:api", "--query", "lantern", "--local", "--gap", 0)
    (report,) = rows(run(place, "sweep", "api", "--json"))
    assert (report["state"], report["listings"], report["new_alerts"]) == ("finished", 7, 2), report


def test_a_front_page_leads_to_its_search_once_words_are_given(place, shop):
    run(place, "source", "new", shop, "--name", "front", "--yes", "--local", expect=4, said="--query")
    run(place, "source", "new", shop, "--name", "front", "--query", "lantern", "--yes", "--local")
    assert load_recipe(place / "marketplaces" / "front").part.search.request.params["q"] == "{query}"


@pytest.mark.needs("chromium")
def test_a_page_that_is_drawn_by_script_is_read_once_a_browser_finishes_it(place, shop):
    words = ("source", "new", f"{shop}/drawn?q=star", "--name", "drawn", "--yes", "--local")
    run(place, *words, expect=4, said="--rendered")
    (told,) = rows(run(place, *words, "--rendered", "--json"))
    assert [one["title"] for one in told["listings"]] == [
        "Star Lantern acrylic stand",
        "Star Lantern enamel pin",
    ]
    assert load_recipe(place / "marketplaces" / "drawn").part.rendered


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/scripted", "drawn by script"),
        ("/challenge", "a challenge page"),
        ("/private/list", "robots.txt"),
        ("/nowhere", "status 404"),
        ("/goods/3", "give words that it finds goods for"),
    ],
)
def test_where_no_recipe_can_be_made_it_says_why_and_writes_nothing(path, said, place, shop):
    run(place, "source", "new", f"{shop}{path}", "--name", "none", "--yes", "--local", expect=4, said=said)
    assert not (place / "marketplaces" / "none").exists()


def test_known_recipes_are_listed_with_why_they_are_off(place, tmp_path):
    here = place / "marketplaces" / "wave-graphql"
    here.parent.mkdir(exist_ok=True)
    here.symlink_to(RECIPES / "wave-graphql")
    broken = place / "marketplaces" / "broken"
    broken.mkdir()
    (broken / "recipe.yaml").write_text("id: broken\n", "utf-8")
    json_rows = rows(run(place, "source", "list", "--known", "--json"))
    by_name = {one["name"]: one for one in json_rows}
    assert by_name["recipe:wave-graphql"]["on"] is False
    assert "partners only" in str(by_name["recipe:wave-graphql"]["why"])
    assert {one["title"] for one in json_rows if one["class"] == "D"} >= {"Lazada", "TikTok Shop"}
    run(place, "source", "new", "https://www.lazada.sg/catalog/?q=a", "--yes", expect=2, said="source paste")
    run(place, "source", "add", "https://www.lazada.sg/shop/a", expect=2, said="source paste")
    assert "search: This is missing" in str(by_name["recipe:broken"]["why"])
    run(place, "source", "add", "recipe:wave-graphql", expect=2, said="partners only")
    run(place, "source", "add", "https://wave.example/shop/7", expect=2, said="--option permitted=true")
    run(place, "source", "add", "recipe:wave-graphql", "--option", "permitted=true")
    run(place, "source", "add", "recipe:wav-graphql", expect=2, said="Did you mean “wave-graphql”?")
    here.unlink()
    (broken / "recipe.yaml").unlink()


def test_a_difference_is_told_by_its_field_and_can_be_accepted(place, tmp_path):
    folder = tmp_path / "tide-json"
    shutil.copytree(RECIPES / "tide-json", folder)
    file = folder / "recipe.yaml"
    file.write_text(file.read_text("utf-8").replace("title: name", "title: sku"), "utf-8")
    said = run(place, "source", "test", folder, expect=1)
    assert "listings.0.title: expected 'Star Lantern tee 1', read 'T1'" in said
    shutil.rmtree(folder / "fixtures" / "search_last")
    run(place, "source", "test", folder, "--update", expect=1, said="search_last")
    shutil.copytree(RECIPES / "tide-json" / "fixtures" / "search_last", folder / "fixtures" / "search_last")
    run(place, "source", "test", folder, "--update")
    run(place, "source", "test", folder)
