"""What may stand in a recipe: the shape of the file. What the expressions in it must be is `check`'s."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from crawlers.auth import Scheme, TokenStyle
from crawlers.listing import Kind

Format = Literal["html", "json", "graphql", "jsonl", "xml"]
NAME = r"^[a-z0-9][a-z0-9-]{0,63}$"
HOST = r"^(any|[a-z0-9.-]+(:\d{1,5})?)$"
OPTION = r"^[a-z][a-z0-9_]{0,31}$"


def _in_english(value: object) -> object:
    return {"en": value} if isinstance(value, str) else value


def _as_text(value: object) -> object:
    """Numbers and words where text is meant: `version: 1`, `limit: 200`."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_as_text)]


class Part(BaseModel):
    """Part of a recipe: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class SentencePart(Part):
    """A sentence that people read, in the languages of the console."""

    en: str = Field(description="In English.")
    zh: str = Field(default="", description="In Chinese.")


Sentence = Annotated[SentencePart, BeforeValidator(_in_english)]


class AccessPart(Part):
    """What may be done with this source and its answers, and since when that is known."""

    class_: Literal["A", "B", "C", "D"] = Field(
        alias="class",
        description="A open, B official API, C official API with unsuited terms, D no official way.",
    )
    basis: Literal["public-page", "api-terms", "permission"] = Field(description="Why asking is all right.")
    robots: Literal["obey"] = Field(default="obey", description="robots.txt is always obeyed.")
    terms_url: str = Field(default="", description="Page of the terms.", pattern=r"^(https?://.*)?$")
    terms_read: date | None = Field(
        default=None, description="Day on which somebody read them, like 2026-11-23."
    )
    may_store_raw: bool = Field(description="true or false: may answers be kept as they came?")
    retain_days: int = Field(description="Days for which answers may be kept.", ge=1, le=3650)
    may_profile_seller: bool = Field(description="true or false: may sellers be told apart and followed?")
    off_because: Sentence | None = Field(
        default=None, description="Why nobody should ask this source as it stands."
    )


class RatePart(Part):
    """How gently it is asked."""

    connections: Literal[1] = Field(default=1, description="One: a host is asked one thing at a time.")
    min_interval_s: float = Field(description="Seconds between two requests, at least 0.1.", ge=0.1, le=3600)
    per_day: int = Field(description="Requests a day, at most.", ge=1, le=1_000_000)


class AuthPart(Part):
    """How the source is told who asks: names of keys, never keys (`crawlers.auth`)."""

    scheme: Scheme = Field(description=f"One of {', '.join(Scheme)}.")
    headers: dict[str, str] = Field(default={}, description='Field name → template: x-api-key: "{key}".')
    query: dict[str, str] = Field(default={}, description='Parameter → template: appid: "{app_id}".')
    plain: tuple[str, ...] = Field(default=(), description="Names in the templates that are no secrets.")
    hosts: tuple[str, ...] = Field(default=(), description="Which hosts are told; the one of base if none.")
    optional: bool = Field(default=False, description="true where the source answers without a key too.")
    token_url: str = Field(default="", description="Where tokens are given out.", pattern=r"^(https?://.*)?$")
    scope: str = Field(default="", description="What the token is for.")
    token_style: TokenStyle = Field(default=TokenStyle.BASIC, description=f"One of {', '.join(TokenStyle)}.")
    says: str = Field(default="Bearer {token}", description="What the Authorization field says.")
    about: str = Field(default="", description="Page where a key is to be had.")


class RequestPart(Part):
    """What is asked. `{query}`, `{page}` and the like in it are filled in."""

    url: str = Field(description='An address: "{base}/search".')
    params: dict[str, Text] = Field(default={}, description="Parameters; those that stay empty are left out.")
    method: Literal["GET", "POST"] | None = Field(
        default=None, description="GET, or POST where there is a body."
    )
    headers: dict[str, Text] = Field(default={}, description="Header fields.")
    form: dict[str, Text] | None = Field(default=None, description="A form as body.")
    json_: Any = Field(default=None, alias="json", description="A JSON body, written as YAML.")
    graphql: GraphQlPart | None = Field(default=None, description="query and variables.")
    encoding: str = Field(
        default="utf-8", description="In which words are written into the address: utf-8, euc-jp, …"
    )


class GraphQlPart(Part):
    """A GraphQL query; only its variables are filled in."""

    query: str = Field(description="The query, as it is sent.")
    variables: dict[str, Any] = Field(default={}, description='Name → value or template: keyword: "{query}".')


class NextPart(Part):
    """How the next page is found, and when there is none."""

    first: int | None = Field(default=None, description="The first page or offset; 1 or 0 if not said.", ge=0)
    step: int = Field(default=1, description="By how much the number rises.", ge=1, le=10_000)
    limit: int | None = Field(
        default=None, description="Entries a page, as {limit} asks for them.", ge=1, le=10_000
    )
    link: Any = Field(
        default=None, description="Where the address of the next page stands: a[rel=next]@href."
    )
    cursor: Any = Field(default=None, description="Where the cursor of the next page stands: nextPageToken.")
    total: Any = Field(default=None, description="Where the number of all entries stands.")
    pages: Any = Field(default=None, description="Where the number of all pages stands.")
    more: Any = Field(default=None, description="Where true or false stands: whether there are more.")
    max_pages: int = Field(default=50, description="Pages that are asked for, at most.", ge=1, le=1_000)
    max_offset: int | None = Field(default=None, description="The highest offset the source takes.", ge=0)
    stop: tuple[Literal["no_new_ids", "redirected", "same_url", "last_page", "short_page"], ...] = Field(
        default=("no_new_ids", "redirected", "same_url", "last_page"),
        description="no_new_ids, redirected, same_url, last_page, short_page.",
    )


class SectionPart(Part):
    """What search and detail have in common."""

    request: RequestPart = Field(description="What is asked.")
    format: Format = Field(default="html", description="html, json, graphql, jsonl or xml.")
    inside: str = Field(
        default="", description="Selector of the script element that holds the JSON of a page."
    )
    fields: dict[str, Any] = Field(default={}, description="Field → expression.")
    expect: tuple[str, ...] | None = Field(default=None, description="Fields whose absence is told.")


class SearchPart(SectionPart):
    """The list: what is asked, and how entries are read."""

    items: Any = Field(description="One entry: a selector, or a JMESPath of the list.")
    next: NextPart | None = Field(default=None, description="How the next page is found.")


class DetailPart(SectionPart):
    """The page of one listing, asked for after the list."""

    request: RequestPart = Field(
        default_factory=lambda: RequestPart.model_validate({"url": "{url}"}),
        description='What is asked; "{url}" if not said.',
    )
    item: Any = Field(default=None, description="A JMESPath of the object that is the listing.")
    ask: Literal["every", "missing"] = Field(
        default="every", description="every listing, or only one that is missing something."
    )
    extract: tuple[Literal["jsonld", "microdata", "meta", "visible", "facts"], ...] = Field(
        default=(), description="Read before the fields: jsonld, microdata, meta, visible, facts."
    )
    fill: dict[str, Any] = Field(default={}, description="Field → expression, where nothing else says it.")


class ListingIdPart(Part):
    """What makes an id that stays: part of the address, or a field of the answer."""

    from_: Literal["url"] = Field(
        default="url", alias="from", description="url. For a field, name it id in fields."
    )
    regex: str = Field(description="The first group is the id: /item/(\\d+)")


class OptionPart(Part):
    """Something that whoever adds the source may choose."""

    default: Text = Field(default="", description="What it is where nobody chooses.")
    about: Sentence | None = Field(default=None, description="What it means.")
    one_of: tuple[Text, ...] = Field(default=(), description="What may be chosen.")


class FixturesPart(Part):
    """Saved answers that must be there."""

    required: tuple[str, ...] = Field(description="Names of folders under fixtures/.")


class RecipePart(Part):
    """The whole file."""

    id: str = Field(description="A short name, that of the folder: a-z, 0-9, dashes.", pattern=NAME)
    version: Text = Field(description="Raised whenever the same answer would yield something else.")
    title: Sentence = Field(description="What people call it.")
    kind: Kind = Field(default=Kind.OFFER, description=f"One of {', '.join(Kind)}.")
    base: str = Field(
        default="", description="Where it is: https://shop.example", pattern=r"^(https?://.*)?$"
    )
    hosts: tuple[Annotated[str, Field(pattern=HOST)], ...] = Field(
        description="Hosts that are asked; any where the recipe fits many shops.", min_length=1
    )
    shops: tuple[Annotated[str, Field(pattern=HOST)], ...] = Field(
        default=(), description="Hosts whose addresses people paste, where they differ from those asked."
    )
    access: AccessPart = Field(description="What may be done with it.")
    unconfirmed: tuple[Text, ...] = Field(
        default=(), description="What is believed and was not seen to hold."
    )
    rate: RatePart = Field(description="How gently it is asked.")
    auth: AuthPart | None = Field(default=None, description="How it is told who asks.")
    options: dict[Annotated[str, Field(pattern=OPTION)], OptionPart] = Field(
        default={}, description="What may be chosen."
    )
    rendered: bool = Field(
        default=False, description="true where pages show nothing until their scripts have run."
    )
    needs_query: bool = Field(default=False, description="true where it shows nothing without words.")
    search: SearchPart = Field(description="The list.")
    detail: DetailPart | None = Field(default=None, description="The page of one listing.")
    listing_id: ListingIdPart | None = Field(default=None, description="What makes an id that stays.")
    outcomes: dict[Literal["blocked", "error", "empty", "changed"], list[Any]] = Field(
        default={}, description="blocked, error, empty, changed: rules each."
    )
    fixtures: FixturesPart | None = Field(default=None, description="Saved answers that must be there.")


RequestPart.model_rebuild()
RecipePart.model_rebuild()
