"""Every mistake in a recipe is told at once, with its line, its field, what is wrong and what would be right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crawlers.errors import BadSource
from crawlers.recipes.check import read_recipe
from crawlers.recipes.folder import find_recipe, known_recipes, load_recipe
from crawlers.recipes.problems import RecipeError

CARDS = Path(__file__).parent / "marketplaces" / "lantern-cards" / "recipe.yaml"
TEXT = CARDS.read_text("utf-8")
README = Path(__file__).parents[3] / "config" / "marketplaces" / "README.md"


def told(text: str, name: str = "") -> str:
    with pytest.raises(RecipeError) as caught:
        read_recipe(text.encode(), "x/recipe.yaml", folder_name=name)
    return str(caught.value)


def line_of(part: str) -> int:
    return TEXT[: TEXT.index(part)].count("\n") + 1


@pytest.mark.parametrize(
    ("part", "instead", "field", "said"),
    [
        ("class: A", "class: E", "access.class", "“E” is none of 'A', 'B', 'C' or 'D'"),
        ("class: A", "class: C", "", ""),
        ("retain_days: 365", "retain_day: 365", "access.retain_day", "Did you mean “retain_days”?"),
        ("retain_days: 365", "retain_days: 9999", "access.retain_days", "less than or equal to 3650"),
        ("may_store_raw: true", "may_store_raw: perhaps", "access.may_store_raw", "neither true nor false"),
        ("per_day: 2000", "per_day: 0", "rate.per_day", "greater than or equal to 1"),
        ("hosts: [lantern-cards.example]", "hosts: [https://x]", "hosts[1]", "Hosts that are asked"),
        ("hosts: [lantern-cards.example]", "hosts: []", "hosts", "at least 1 item"),
        ('q: "{query}"', 'q: "{qeury}"', "search.request.params", "Did you mean “query”?"),
        ('items: "li.card"', 'items: "li[card"', "search.items", "is not closed"),
        ('title: "a.name"', 'titel: "a.name"', "search.fields.titel", "Did you mean “title”?"),
        ('title: "a.name"', 'title: ".name | frist"', "search.fields.title", "Did you mean “first”?"),
        ('title: "a.name"', 'title: ["a.name", 7]', "search.fields.title", "This is no expression"),
        ('"span.amount | price(EUR)"', '"span.amount | price(euro)"', "search.fields.price", "ISO 4217"),
        ('seller.name: ".by b"', 'seller.nam: ".by b"', "search.fields.seller.nam", "Did you mean “seller.name”?"),
        ("max_pages: 20", "max_pages: 20\n    stop: [no_new_id]", "search.next.stop[1]", "no_new_ids"),
        ("regex: \"/item/(\\\\d+)\"", "regex: \"/item/\\\\d+\"", "listing_id.regex", "Put the id in brackets"),
        ("status in [403, 429]", "state in [403]", "outcomes.blocked[2]", "Did you mean “status”?"),
        ("css: .no-results", "css: .no[results", "outcomes.empty[1]", "is not closed"),
        ("extract: [jsonld, microdata, meta]", "extract: [json-ld]", "detail.extract[1]", "'jsonld'"),
        ("expect: [price, pictures, seller, sku]", "expect: [prize]", "detail.expect[1]", "Did you mean “price”?"),
        ("id: lantern-cards", "id: Lantern Cards", "id", "a-z, 0-9, dashes"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_line_field_and_what_is_right(part, instead, field, said):
    assert TEXT.count(part) == 1, part
    text = TEXT.replace(part, instead)
    if not field:  # terms were read, so this is fine
        read_recipe(text.encode(), "x/recipe.yaml")
        return
    heard = told(text)
    line = line_of(part) + instead.count("\n")
    assert re.search(rf"line {line}, {re.escape(field)}: .*{re.escape(said)}", heard), heard


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"    total: \".count | number\"\n    max_pages: 20": "    limit: 5", 'page: "{page}"': 'p: "1"'}, "Every page would be asked for in the same way"),
        ({'page: "{page}"': 'page: "{cursor}"'}, "Nothing says where the {cursor} stands"),
        ({'page: "{page}"': 'page: "{offset}"'}, "Nothing says how many entries a page has"),
        ({"format: html\n  items": "method: GET\n  items"}, "search.method"),
        ({"  terms_read: 2026-11-23\n": "", "class: A": "class: B"}, "Class B needs terms that somebody has read"),
        ({"class: A": "class: D"}, "Class D is off by default"),
        ({"id: lantern-cards": "id: other"}, "Give both the same name"),
        ({"base: https://lantern-cards.example\n": ""}, "base: This is missing"),
    ],
)  # fmt: skip
def test_parts_that_do_not_fit_each_other_are_told(changes, said):
    text = TEXT
    for part, instead in changes.items():
        assert part in text, part
        text = text.replace(part, instead, 1)
    assert said in told(text, "lantern-cards")


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file():
    text = (
        TEXT.replace("class: A", "class: E")
        .replace('title: "a.name"', 'titel: "a["')
        .replace("(\\\\d+)", "(")
    )
    heard = told(text.replace("per_day: 2000", "per_day: many"))
    assert heard.startswith("x/recipe.yaml has 4 mistakes:")
    lines = [int(one) for one in re.findall(r"line (\d+)", heard)]
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The file is empty"),
        ("- a", "A recipe begins with id:"),
        ("id: 'a\nversion: 1", "line 2: This is no YAML"),
        ("id: *a", "found undefined alias"),
        ("id: !!python/object/apply:os.system [x]", "The tag tag:yaml.org,2002:python/object/apply:os.system"),
        ("id: a\nid: b", "line 2, id: This stands here twice"),
        ("off: 1", "“off” is not read as a word here"),
        ("id: 2026-13-45", "This cannot be read"),
        ("a: " + "[" * 30, "nests deeper than 20"),
        ("a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 7)), "repeats by aliases"),
        ("a: " + "x" * 300_000, "larger than 256,000 bytes"),
        ("\x00", "This is no YAML"),
    ],
)  # fmt: skip
def test_what_is_no_yaml_or_would_grow_is_told(text, said):
    assert said in told(text)
    with pytest.raises(RecipeError, match="not UTF-8"):
        read_recipe(b"id: \xff", "x")


def test_the_recipe_in_the_documentation_is_a_good_one():
    (example,) = re.findall(r"```yaml\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert read_recipe(example.encode(), "README.md").part.id == "shop-example"


def test_a_recipe_of_ones_own_wins_and_one_with_mistakes_hides_no_other(tmp_path):
    for name, text in (
        ("lantern-cards", TEXT.replace("en: Lantern Cards", "en: My Cards")),
        ("bad", "id: bad"),
    ):
        (tmp_path / "own" / name).mkdir(parents=True)
        (tmp_path / "own" / name / "recipe.yaml").write_text(text, "utf-8")
    places = [tmp_path / "own", CARDS.parents[1]]
    assert find_recipe("lantern-cards", places).part.title.en == "My Cards"
    by_name = {one.name: one for one in known_recipes(places)}
    assert by_name["bad"].recipe is None
    assert by_name["tide-json"].recipe is not None
    with pytest.raises(BadSource) as caught:
        find_recipe("../etc", places)
    assert "There is no recipe" in str(caught.value)
    with pytest.raises(RecipeError, match="cannot be read"):
        load_recipe(tmp_path / "nowhere")
