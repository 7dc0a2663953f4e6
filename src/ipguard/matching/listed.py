"""A listing as the page matcher reads it: a repository, an invite, a top-list entry or a page; pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from crawlers.listing import Kind, Listing
from ipguard.matching.pages.page import Page, PageKind
from ipguard.matching.pages.reading import page_of_repository

KINDS: Mapping[Kind, PageKind] = MappingProxyType(
    {
        Kind.PAGE: PageKind.WEB,
        Kind.REPOSITORY: PageKind.REPOSITORY,
        Kind.INVITE: PageKind.INVITE,
        Kind.SERVER: PageKind.TOP_LIST,
    }
)
"""Kinds of listings that the page matcher judges."""


def page_of_listing(listing: Listing) -> Page:
    """The page that a listing is about; a repository's tags are its labels (`topic:…`, `status:451`)."""
    if listing.kind is Kind.REPOSITORY:
        about = {"full_name": listing.title, "html_url": listing.url}
        return page_of_repository(about, listing.description, labels=listing.tags)
    return Page(
        url=listing.url,
        title=listing.title,
        text="\n".join(part for part in (listing.description, *listing.tags) if part),
        kind=KINDS[listing.kind],
        language=listing.language,
    )
