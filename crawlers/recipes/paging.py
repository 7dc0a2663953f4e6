"""The next page: where it is, and every reason why there is none."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from crawlers.addresses import one_spelling
from crawlers.exchange import Exchange, State
from crawlers.extract.product import web_address
from crawlers.listing import Listing
from crawlers.recipes.compiled import Paging
from crawlers.recipes.expressions import Expression, Place
from crawlers.recipes.helpers import decimal_in
from crawlers.recipes.model import NextPart

Moves = dict[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True)
class Following:
    """What comes next: the state of the next request, or why there is none."""

    state: Moves | None = None
    link: str = ""
    """Address of the next page, where the source tells it."""
    note: str = ""


def first_state(part: NextPart | None, *, by_offset: bool) -> Moves:
    """Where paging begins."""
    if part is None:
        return {"seen": 1, "read": 0}
    first = part.first if part.first is not None else 0 if by_offset else 1
    return {
        "seen": 1,
        "read": 0,
        "offset": first if by_offset else 0,
        "page": 1 if by_offset else first,
        "cursor": "",
    }


def following(
    paging: Paging | None, exchange: Exchange, place: Place, listings: Sequence[Listing], rows: int
) -> Following:
    """Whether to go on, and how."""
    if paging is None or not rows:
        return Following()
    part, state = paging.part, exchange.request.state
    ids = hashlib.sha256(
        "\n".join(sorted(one.id for one in listings)).encode("utf-8", "replace")
    ).hexdigest()[:16]
    seen, page, offset, read = (_number(state, name) for name in ("seen", "page", "offset", "read"))
    if "redirected" in part.stop and seen > 1 and _same(exchange.url) != _same(exchange.request.url):
        return Following(note="The source led to another page: paging stops here.")
    if "no_new_ids" in part.stop and ids == state.get("ids"):
        return Following(note="The same entries as on the page before: paging stops here.")
    if "short_page" in part.stop and part.limit and rows < part.limit:
        return Following()
    if "last_page" in part.stop and _was_last(paging, place, page or seen, read + rows):
        return Following()
    moves: Moves = {
        "seen": seen + 1,
        "read": read + rows,
        "page": page + part.step,
        "offset": offset + (part.limit or rows),
        "ids": ids,
    }
    after = _where_to(paging, place, exchange, state)
    if after.note or after.state is None:
        return after
    if seen >= part.max_pages:
        return Following(note=f"{part.max_pages} pages are enough: more was not asked.")
    if part.max_offset is not None and int(str(moves["offset"])) > part.max_offset:
        return Following(note=f"The source shows nothing after entry {part.max_offset:,}.")
    return Following({**moves, **after.state}, after.link)


def _where_to(paging: Paging, place: Place, exchange: Exchange, state: State) -> Following:
    """By link or cursor, where the recipe reads one; an empty one means that this was the last page."""
    if paging.link:
        link = web_address(_one(paging.link, place), exchange.url)
        if link and "same_url" in paging.part.stop and _same(link) == _same(exchange.url):
            return Following(note="The next page is this page: paging stops here.")
        return Following({}, link) if link else Following()
    if paging.cursor:
        cursor = _one(paging.cursor, place)
        if cursor and cursor == state.get("cursor"):
            return Following(note="The source gives the same cursor again: paging stops here.")
        return Following({"cursor": cursor}) if cursor else Following()
    return Following({})


def _was_last(paging: Paging, place: Place, page: int, read: int) -> bool:
    if paging.more and _one(paging.more, place).lower() in ("false", "0", "no", ""):
        return True
    pages, total = decimal_in(_one(paging.pages, place)), decimal_in(_one(paging.total, place))
    return (pages is not None and page >= pages) or (total is not None and read >= total)


def _one(expressions: Sequence[Expression], place: Place) -> str:
    return next((text for one in expressions if (text := one.one(place))), "")


def _same(url: str) -> str:
    return one_spelling(url)


def _number(state: State, name: str) -> int:
    value = state.get(name)
    return value if isinstance(value, int) else 0
