"""The adapter that reads by a recipe: pure, like every adapter; a saved answer reads the same in ten years."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from crawlers.adapter import Outcome, Page, Policy, Query
from crawlers.exchange import Exchange, Purpose, Request, State
from crawlers.extract.page import clean_url, listing_id
from crawlers.listing import Listing
from crawlers.recipes.answers import by_status, node_of, open_answer, rows_of, standing_in_the_way, verdict
from crawlers.recipes.compiled import Recipe, Section
from crawlers.recipes.expressions import Place
from crawlers.recipes.extracted import extracted
from crawlers.recipes.fields import Values, read_fields
from crawlers.recipes.paging import first_state, following
from crawlers.recipes.rules import Answer
from crawlers.recipes.templates import places_in, render

MAX_ROWS = 1_000
"""Entries that are read of one answer."""
MAX_CARRIED = 8_000
"""Characters of what a list said that go with the request for a page."""
SEARCH, DETAIL = "search", "detail"
LISTING: TypeAdapter[Listing] = TypeAdapter(Listing)


@dataclass(frozen=True, slots=True)
class RecipeAdapter:
    """One source, read by its recipe."""

    recipe: Recipe
    base: str
    policy: Policy
    hosts: tuple[str, ...]
    options: Mapping[str, str]

    @property
    def name(self) -> str:
        """The recipe's id."""
        return self.recipe.part.id

    @property
    def version(self) -> str:
        """The recipe's version."""
        return self.recipe.part.version

    def start(self, query: Query) -> Sequence[Request]:
        """The first page of the list."""
        given = self.recipe.part.search.request
        places = set(places_in([given.url, given.params, given.form, given.json_]))
        places |= set(places_in(given.graphql.variables)) if given.graphql is not None else set()
        by_offset = "offset" in places and "page" not in places
        state = first_state(self.recipe.part.search.next, by_offset=by_offset)
        return [self._search_request({**state, "query": query.text, "language": query.language})]

    def read(self, exchange: Exchange) -> Page:
        """Listings, pages to ask for, and an outcome."""
        part, outcomes = self.recipe.part, self.recipe.outcomes
        detail = exchange.request.label == DETAIL and part.detail is not None
        said = part.detail if detail and part.detail is not None else part.search
        answer, trouble = open_answer(exchange, said.format, said.inside, part.title.en)
        found = verdict(answer, outcomes, Outcome.BLOCKED, Outcome.ERROR, Outcome.EMPTY, Outcome.CHANGED)
        if found is not None and (found.outcome is not Outcome.EMPTY or not self._rows(answer, detail)):
            return self._with_what_the_list_said(exchange, found) if detail else found
        if detail and exchange.status in (404, 410):
            return Page(Outcome.EMPTY, note="The page is gone.")
        statuses = frozenset(
            status for rules in outcomes.values() for rule in rules for status in rule.statuses
        )
        if (refusal := by_status(exchange, statuses, part.title.en) or trouble) is not None:
            return self._with_what_the_list_said(exchange, refusal) if detail else refusal
        return self._detail(answer) if detail else self._list(answer)

    def _rows(self, answer: Answer, detail: bool) -> list[object] | None:
        return None if detail else rows_of(answer, self.recipe.search.items)

    def _list(self, answer: Answer) -> Page:
        exchange, section = answer.exchange, self.recipe.search
        rows = self._rows(answer, False)
        if not rows:
            return self._nothing(answer, rows)
        whole = _whole(answer)
        found = [
            one
            for row in rows[:MAX_ROWS]
            if (one := self._listing(section, replace(whole, node=node_of(row), value=row), {})) is not None
        ]
        if not found:
            if stands := standing_in_the_way(answer):
                return stands
            return Page(Outcome.CHANGED, note=f"None of {len(rows)} entries has a title and an address.")
        listings = list({one.id: one for one in reversed(found)}.values())[::-1]
        notes = [f"{len(rows) - len(found)} entries could not be read."] if len(found) < len(rows) else []
        after = following(section.paging, exchange, whole, listings, len(rows))
        notes += [after.note] if after.note else []
        onward = []
        if after.state is not None:
            onward.append(self._search_request({**exchange.request.state, **after.state}, after.link))
        kept, looks = self._closer_looks(listings, exchange.request.state)
        return Page(Outcome.OK, tuple(kept), (*looks, *onward), " ".join(notes))

    def _nothing(self, answer: Answer, rows: list[object] | None) -> Page:
        """Why a list shows no entry."""
        if stands := standing_in_the_way(answer):
            return stands
        if rows is not None:
            return Page(Outcome.EMPTY, note="The list is empty.")
        if not answer.exchange.body.strip():
            return Page(Outcome.EMPTY, note="The answer is empty.")
        seen = answer.exchange.request.state.get("seen")
        if isinstance(seen, int) and seen > 1:
            return Page(Outcome.EMPTY, note="No more entries on this page.")
        ways = self.recipe.part.search.items
        return Page(
            Outcome.CHANGED, note=f"Nothing in the answer fits {ways!r}: the source may have been rebuilt."
        )

    def _listing(self, section: Section, place: Place, before: Values) -> Listing | None:
        """A listing from one entry; None where it has no title or no address."""
        values = {**before, **read_fields(section.fields, place)}
        title, url = str(values.pop("title", "")), str(values.pop("url", ""))
        if not title or not url:
            return None
        return self._finished(section, str(values.pop("id", "")), url, title, values)

    def _finished(self, section: Section, key: str, url: str, title: str, values: Values) -> Listing:
        if not key and self.recipe.listing_id is not None:
            key = self.recipe.listing_id.find(clean_url(url)) or ""
        values = {name: value for name, value in values.items() if name not in ("missing", "kind")}
        price = values.get("price")
        missing = [name for name in section.expect if not values.get(name)]
        if price is not None and getattr(price, "currency", None) is None and "price" in section.expect:
            missing.append("currency")
        kind: Any = self.recipe.part.kind
        return Listing(
            id=key or listing_id(url),
            url=url,
            title=title,
            missing=tuple(missing),
            kind=kind,
            **values,  # type: ignore[arg-type]
        )

    def _closer_looks(self, listings: Sequence[Listing], state: State) -> tuple[list[Listing], list[Request]]:
        """Listings that are done, and requests for the pages of the others, which carry what the list said."""
        part = self.recipe.part.detail
        if part is None:
            return list(listings), []
        done, looks = [], []
        for one in listings:
            if part.ask == "missing" and not one.missing:
                done.append(one)
                continue
            said = LISTING.dump_json(one).decode()
            if len(said) > MAX_CARRIED:
                said = LISTING.dump_json(
                    replace(one, description="", tags=(), pictures=one.pictures[:5])
                ).decode()
            if len(said) > MAX_CARRIED:
                done.append(one)
                continue
            asked = {"id": one.id, "url": one.url, "query": str(state.get("query", "")), "said": said}
            variables = {**self._fixed(), **asked}
            request = render(part.request, variables, DETAIL, asked)
            looks.append(replace(request, purpose=Purpose.PAGE if part.format == "html" else Purpose.FEED))
        return done, looks

    def _detail(self, answer: Answer) -> Page:
        """The page of one listing: its own fields, then what is extracted, then what the list said, then the fill."""
        exchange, part, section = answer.exchange, self.recipe.part.detail, self.recipe.detail
        if part is None or section is None:
            return Page(Outcome.CHANGED, note="The recipe has no page of a listing any more.")
        value = answer.data
        if section.items:
            rows = rows_of(answer, section.items)
            value = rows[0] if rows else None
        place = replace(_whole(answer), value=value)
        own = read_fields(section.fields, place)
        if part.extract and answer.page is not None:
            own = {**extracted(answer.page, exchange.url, part.extract), **own}
        fill = read_fields(section.fill, place)
        reads_own = bool(section.fields or part.extract)
        if not own and (reads_own or not fill):
            stands = standing_in_the_way(answer)
            note = "Nothing on the page of a listing can be read: the source may have been rebuilt."
            return self._with_what_the_list_said(exchange, stands or Page(Outcome.CHANGED, note=note))
        before = _carried(exchange.request.state)
        values = {**fill, **_said(before), **own}
        title, url = str(values.pop("title", "")), str(values.pop("url", "") or clean_url(exchange.url))
        if not title:
            return Page(Outcome.CHANGED, note="The page of a listing has no title.")
        key = before.id if before is not None else str(values.get("id", ""))
        values.pop("id", None)
        return Page(Outcome.OK, (self._finished(section, key, before.url if before else url, title, values),))

    def _with_what_the_list_said(self, exchange: Exchange, page: Page) -> Page:
        """A page that cannot be read does not lose the listing: what the list said of it stands."""
        before = _carried(exchange.request.state)
        return replace(page, listings=(before,)) if before is not None else page

    def _search_request(self, state: Mapping[str, Any], link: str = "") -> Request:
        part = self.recipe.part.search
        limit = part.next.limit if part.next is not None else None
        variables = {
            **self._fixed(),
            "limit": limit or "",
            **{k: v for k, v in state.items() if v is not None},
        }
        request = render(part.request, variables, SEARCH, dict(state))
        if link:
            request = replace(request, url=link)
        return replace(request, purpose=Purpose.PAGE if part.format == "html" else Purpose.FEED)

    def _fixed(self) -> dict[str, str]:
        return {**self.options, "base": self.base}


def _whole(answer: Answer) -> Place:
    exchange, root = answer.exchange, answer.page.root if answer.page is not None else None
    return Place(exchange.url, root, answer.data, exchange.request.state, exchange.headers)


def _carried(state: State) -> Listing | None:
    """The listing as the list said it."""
    try:
        return LISTING.validate_json(str(state.get("said") or ""))
    except ValidationError:
        return None


def _said(listing: Listing | None) -> Values:
    """What a listing says, empty fields left out."""
    if listing is None:
        return {}
    names = [name for name in Listing.__dataclass_fields__ if name not in ("missing", "kind", "seller")]
    found = {name: value for name in names if (value := getattr(listing, name))}
    return {**found, **({"seller": listing.seller} if listing.seller.id or listing.seller.name else {})}


def host_of(url: str) -> str:
    """Host and port of an address."""
    return urlsplit(url).netloc.lower()
