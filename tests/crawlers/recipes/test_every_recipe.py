"""Every recipe keeps the contract of adapters and its own; those that come with the package, and three invented ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from crawlers.frontier import Change
from crawlers.recipes.folder import FIXTURES, load_recipe, recipe_folders, shipped
from crawlers.recipes.trial import MASKED, adapter_for, try_recipe
from crawlers.saved import saved_pages
from crawlers.testing import AdapterContract

INVENTED = Path(__file__).parent / "marketplaces"
FOLDERS = recipe_folders([INVENTED])


@pytest.fixture(params=FOLDERS, scope="module")
def folder(request):
    return FOLDERS[request.param]


@pytest.fixture
def recipe(folder):
    return load_recipe(folder)


@pytest.fixture
def saved(folder):
    return list(saved_pages(folder / FIXTURES))


@pytest.fixture
def adapter(recipe, saved):
    return adapter_for(recipe, saved)


RESULTS = [
    (name, result)
    for name, folder in FOLDERS.items()
    for result in try_recipe(load_recipe(folder), list(saved_pages(folder / FIXTURES)))
]


@pytest.mark.parametrize(
    "result", [one for _, one in RESULTS], ids=[f"{name}-{one.fixture}-{one.field}" for name, one in RESULTS]
)
def test_a_field_of_a_saved_answer_is_read_as_expected(result):
    assert result.good, result.why or f"expected {result.expected!r}, read {result.read!r}"


def test_the_recipes_that_come_with_the_package_are_all_found():
    assert {file.parent.name for file in shipped().glob("*/recipe.yaml")} <= set(FOLDERS)


class TestEveryRecipe(AdapterContract):
    @pytest.fixture
    def adapter(self, recipe, saved):
        return adapter_for(recipe, saved)

    @pytest.fixture
    def saved(self, folder):
        return list(saved_pages(folder / FIXTURES))

    def test_fields_of_json_that_nobody_knows_change_nothing(self, adapter, saved):
        for page in saved:
            try:
                data = json.loads(page.exchange.body)
            except ValueError:
                continue
            more = json.dumps(_with_more(data)).encode()
            assert adapter.read(replace(page.exchange, body=more)) == adapter.read(page.exchange), page.case

    def test_recorded_answers_name_no_seller(self, adapter, saved):
        for page in saved:
            if page.origin.get("kind") == "recorded":
                names = {one.seller.name or MASKED for one in adapter.read(page.exchange).listings}
                assert all(name.startswith(MASKED) for name in names), page.case

    def test_whoever_asks_knows_the_limits(self, adapter, recipe):
        assert adapter.policy.min_gap_seconds >= recipe.part.rate.min_interval_s
        assert adapter.policy.per_day == recipe.part.rate.per_day
        assert recipe.part.access.class_ == "A" or adapter.policy.terms_read

    def test_what_is_asked_next_can_be_written_down_and_read_again(self, adapter, saved):
        for page in saved:
            here = Change(requests=adapter.read(page.exchange).requests)
            assert Change.from_json(json.loads(json.dumps(here.to_json()))) == here


def _with_more(value: object) -> object:
    if isinstance(value, dict):
        return {**{key: _with_more(one) for key, one in value.items()}, "zz_unheard_of": {"a": [1]}}
    return [_with_more(one) for one in value] if isinstance(value, list) else value
