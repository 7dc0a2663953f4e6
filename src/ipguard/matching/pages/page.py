"""A page as the page matcher reads it: bounded, plain, and the same whichever source it came from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

MAX_TITLE = 1_000
MAX_TEXT = 200_000
"""Code points; longer pages are cut and say so. Everything that sells stands well before."""
MAX_LINKS = 2_000
MAX_FORMS = 50
MAX_FIELDS = 100
MAX_LABELS = 200
MAX_ADDRESS = 2_000


class PageKind(StrEnum):
    """What sort of place a page is."""

    WEB = "web"
    REPOSITORY = "repository"
    INVITE = "invite"
    TOP_LIST = "top_list"
    VIDEO = "video"
    POST = "post"


@dataclass(frozen=True, slots=True)
class Link:
    """One link."""

    url: str
    text: str = ""
    """The words one clicks."""
    at: int = -1
    """Where the link stands in the page's text, in code points; -1 where that is not known."""


@dataclass(frozen=True, slots=True)
class Form:
    """One form: where it goes and what it asks for."""

    action: str = ""
    fields: tuple[str, ...] = ()
    """Name, type, placeholder or label of each field, in plain words."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a page, a repository, an invite, a top-list entry or a video says.

    `labels` are what others said about it, as `key:value`: `status:451`, `dmca:FILE`, `known-parent:OWNER/NAME`,
    `shared-invite:…`, `shared-wallet:…`, `shared-analytics:…` confirm; `topic:…`, `forked-from:…`, `type:…` describe.
    """

    url: str
    title: str = ""
    text: str = ""
    links: tuple[Link, ...] = ()
    forms: tuple[Form, ...] = ()
    kind: PageKind = PageKind.WEB
    labels: tuple[str, ...] = ()
    language: str = ""
    """BCP 47, as the page says; empty where it does not."""
    cut: tuple[str, ...] = ()
    """What was longer than its cap and is read only in part: body, title, text, links, forms, labels."""


def bounded(page: Page) -> Page:
    """The page within its caps; what was cut stands in `cut`."""
    caps = (
        ("title", page.title, MAX_TITLE),
        ("text", page.text, MAX_TEXT),
        ("links", page.links, MAX_LINKS),
        ("forms", page.forms, MAX_FORMS),
        ("labels", page.labels, MAX_LABELS),
    )
    cut = (*page.cut, *(name for name, value, most in caps if len(value) > most))
    return replace(
        page,
        url=page.url[:MAX_ADDRESS],
        title=page.title[:MAX_TITLE],
        text=page.text[:MAX_TEXT],
        links=tuple(
            Link(link.url[:MAX_ADDRESS], link.text[:MAX_TITLE], link.at) for link in page.links[:MAX_LINKS]
        ),
        forms=tuple(
            Form(form.action[:MAX_ADDRESS], tuple(field[:100] for field in form.fields[:MAX_FIELDS]))
            for form in page.forms[:MAX_FORMS]
        ),
        labels=tuple(label[:MAX_ADDRESS] for label in page.labels[:MAX_LABELS]),
        cut=tuple(dict.fromkeys(cut)),
    )
