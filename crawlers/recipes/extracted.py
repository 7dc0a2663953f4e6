"""What a page says of its product by itself, from those of the four sources that a recipe names, in its order."""

from __future__ import annotations

from collections.abc import Sequence

from selectolax.lexbor import LexborHTMLParser

from crawlers.extract import sources
from crawlers.extract.gallery import gallery, largest_of_each
from crawlers.extract.product import MAX_PICTURES, Found, from_schema
from crawlers.extract.visible import facts, heading_text, main_heading, visible
from crawlers.recipes.fields import Values

NAMES = (
    "title",
    "description",
    "price",
    "condition",
    "availability",
    "brand",
    "category",
    "sku",
    "gtin",
    "mpn",
)


def extracted(page: LexborHTMLParser, url: str, order: Sequence[str]) -> Values:
    """Fields by the names of `Listing`, each from the first source that says it."""
    found = [one for name in order if (one := _source(page, url, name)) is not None]
    values: Values = {}
    for name in NAMES:
        if value := next((value for one in found if (value := getattr(one, name))), None):
            values[name] = value
    pictures = next((one.pictures for one in found if one.pictures), ())
    if shown := largest_of_each([*pictures, *(gallery(page, url) if found else ())]):
        values["pictures"] = shown[:MAX_PICTURES]
    if seller := next((one.seller for one in found if one.seller.name or one.seller.url), None):
        values["seller"] = seller
    return values


def _source(page: LexborHTMLParser, url: str, name: str) -> Found | None:
    heading = main_heading(page)
    match name:
        case "jsonld":
            objects = sources.products(sources.jsonld(page)[0])
            best = sources.best_first(objects, url, heading_text(heading))
            return from_schema(best[0], url, read_from="jsonld") if best else None
        case "microdata":
            return sources.microdata(page, url, heading_text(heading))
        case "meta":
            return sources.meta(page, url)
        case "facts":
            return facts(page, url, heading)
        case _:
            return visible(page, url, heading)
