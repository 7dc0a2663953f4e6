"""From an address to a recipe with saved answers: what is asked, one thing after the other, and what comes of it.

Asking is the caller's: `Ask` is `ipguard.wiring.asking`, or a stand-in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from urllib.parse import quote

from crawlers.adapter import Outcome, Page, Query
from crawlers.errors import CrawlError
from crawlers.exchange import Exchange, Headers, Purpose, Request
from crawlers.extract.page import parse
from crawlers.listing import Listing
from crawlers.recipes.check import read_recipe
from crawlers.recipes.compiled import Recipe
from crawlers.recipes.engine import DETAIL, SEARCH, RecipeAdapter
from crawlers.recipes.folder import FILE
from crawlers.recipes.proposing.masking import masked, masks_for
from crawlers.recipes.proposing.onward import search_form, taken_apart
from crawlers.recipes.proposing.proposal import Proposal, written
from crawlers.recipes.proposing.proposed import Hints, Unclear, propose, with_detail, with_empty
from crawlers.recipes.trial import adapter_for

Ask = Callable[[Request], Exchange]
NOTHING = "zqxjvkw"
"""Words for which no shop has anything."""
REFUSED = (
    "<!doctype html><html><head><title>Just a moment...</title></head><body>Just a moment...</body></html>"
)
REBUILT = "<!doctype html><html><head><title>New</title></head><body><div><p>Everything is new.</p></div></body></html>"
RECORDED = "recorded from the shop to test this recipe; not to be published"


@dataclass(frozen=True, slots=True)
class Walk:
    """What has been found out so far."""

    hints: Hints
    proposal: Proposal
    answers: Mapping[str, Exchange] = field(default_factory=lambda: MappingProxyType({}))
    """Name of a saved answer → what came."""
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The recipe as it would be written."""
        return written(self.proposal)

    def recipe(self) -> Recipe:
        """The recipe, checked like any other.

        Raises:
            RecipeError: it has mistakes.
        """
        return read_recipe(self.text.encode(), FILE)

    def adapter(self) -> RecipeAdapter:
        """What reads by it."""
        return adapter_for(self.recipe())

    def read(self, name: str) -> Page:
        """What a saved answer yields."""
        return self.adapter().read(self.answers[name])

    def listings(self) -> tuple[Listing, ...]:
        """Listings of the first page, as the list says them."""
        return replace(self, proposal=replace(self.proposal, detail=None)).read("search_page1").listings

    def noting(self, *notes: str) -> Walk:
        """The same with something more to tell."""
        return replace(self, notes=(*self.notes, *(one for one in notes if one)))


def begin(ask: Ask, url: str, hints: Hints) -> Walk | Unclear:
    """Ask for the list; where the address shows none and has a search, ask that for the words.

    Raises:
        CrawlError: the shop, or its robots.txt, refuses, or does not answer.
    """
    address = taken_apart(url, hints.words)
    hints = replace(hints, words=hints.words or address.params.get(address.words, ""))
    page = ask(Request(url.replace("{query}", quote(hints.words, safe="")), Purpose.PAGE))
    asked = replace(page, request=replace(page.request, url=url))
    found = propose(asked, hints)
    form = _form(page)
    if isinstance(found, Unclear):
        if not form or address.takes_words:
            return found
        if not hints.words:
            return replace(found, hint="It has a search: give words that it finds goods for, with --query.")
        return begin(ask, form, hints)
    walk = Walk(hints, found, {"search_page1": page}, found.listed.notes)
    if form and not found.needs_query:
        walk = walk.noting(f"The shop has a search too: {form}")
    return _asked_its_own_way(ask, walk)


def _form(page: Exchange) -> str:
    if page.body.lstrip()[:1] != b"<":
        return ""
    return search_form(parse(page.body, page.header("content-type") or ""), page.url)


def _asked_its_own_way(ask: Ask, walk: Walk) -> Walk:
    """The first page as the recipe itself asks for it, and the second one to see that they differ."""
    adapter = walk.adapter()
    (first,) = adapter.start(Query(walk.hints.words))
    page = walk.answers["search_page1"]
    page = replace(page, request=first) if first.url == page.request.url else ask(first)
    walk = replace(walk, answers={"search_page1": page})
    onward = [one for one in walk.read("search_page1").requests if one.label == SEARCH]
    if not onward:
        return (
            walk
            if walk.proposal.listed.next == {}
            else _without_next(walk, "The first page names no next one.")
        )
    try:
        second = ask(onward[0])
    except CrawlError as error:
        return _without_next(walk, f"The next page could not be asked for: {error}")
    ids = {one.id for one in walk.listings()}
    more = {one.id for one in walk.adapter().read(second).listings}
    if walk.proposal.listed.next and more and not more - ids:
        return _without_next(walk, "The second page shows the same as the first.")
    return replace(walk, answers={**walk.answers, "search_page2": second})


def _without_next(walk: Walk, note: str) -> Walk:
    """The same, reading one page only."""
    request = dict(walk.proposal.request)
    params = request.get("params")
    if isinstance(params, Mapping):
        request["params"] = {k: v for k, v in params.items() if v not in ("{page}", "{offset}", "{limit}")}
    listed = replace(walk.proposal.listed, next={})
    return replace(walk, proposal=replace(walk.proposal, listed=listed, request=request)).noting(
        f"{note} Only one page is read."
    )


def look_closer(ask: Ask, walk: Walk) -> Walk:
    """Ask for the page of one of the goods, and see what it says beyond the list.

    A refusal is told, and leaves the recipe as it is.
    """
    listings = walk.listings()
    if walk.proposal.listed.format != "html" or not listings:
        return walk
    try:
        page = ask(Request(listings[0].url, Purpose.PAGE))
    except CrawlError as error:
        return walk.noting(f"The page of one of the goods could not be asked for: {error}")
    found = replace(walk, proposal=with_detail(walk.proposal, page))
    if found.proposal.detail is None:
        return found.noting("The pages of the goods say nothing that the list does not.")
    looks = [one for one in found.read("search_page1").requests if one.label == DETAIL]
    if not looks:
        return walk
    return replace(found, answers={**found.answers, "detail_full": replace(page, request=looks[0])})


def look_for_nothing(ask: Ask, walk: Walk) -> Walk:
    """Ask for words that nothing has, to know an empty list when it comes."""
    if walk.proposal.needs_query:
        (request,) = walk.adapter().start(Query(NOTHING))
        try:
            empty = ask(request)
        except CrawlError as error:
            return walk.noting(f"A search for nothing could not be asked: {error}")
        found = replace(
            walk, proposal=with_empty(walk.proposal, empty, walk.answers["search_page1"], NOTHING)
        )
        found = replace(found, answers={**found.answers, "search_empty": empty})
        if found.read("search_empty").outcome is Outcome.EMPTY:
            return found
        return walk.noting(
            "What an empty list looks like is not known: a search for nothing shows goods, or no words."
        )
    return walk


def saved_answers(walk: Walk, now: datetime) -> dict[str, tuple[Exchange, dict[str, object]]]:
    """Every answer to be saved, sellers masked, with where it comes from; those that nobody saw are modelled."""
    day = now.date().isoformat()
    recorded: dict[str, object] = {"kind": "recorded", "date": day, "licence": RECORDED}
    modelled: dict[str, object] = {"kind": "modelled", "date": day, "licence": "made here"}
    adapter = walk.adapter()
    masks: dict[str, str] = {}
    for exchange in walk.answers.values():
        masks = masks_for(adapter.read(exchange).listings, masks)
    masks = masks_for(walk.listings(), masks)
    kept = {name: masked(exchange, masks) for name, exchange in walk.answers.items()}
    if "detail_full" in kept:  # what the list said goes along with the request, and names the seller too
        looks = [one for one in adapter.read(kept["search_page1"]).requests if one.label == DETAIL]
        kept["detail_full"] = replace(kept["detail_full"], request=looks[0]) if looks else kept["detail_full"]
    found = {name: (exchange, recorded) for name, exchange in kept.items()}
    first, data = walk.answers["search_page1"], walk.proposal.listed.format != "html"
    page = (("Content-Type", "text/html; charset=utf-8"),)
    models: dict[str, tuple[int, str, Headers]] = {
        "blocked": (403, REFUSED, page),
        "search_empty": (200, "", page),
    }
    models["changed"] = (200, '{"nothing": "of the kind"}', ()) if data else (200, REBUILT, page)
    for name, (status, body, headers) in models.items():
        model = replace(first, status=status, body=body.encode(), headers=headers)
        found.setdefault(name, (model, modelled))
    return found
