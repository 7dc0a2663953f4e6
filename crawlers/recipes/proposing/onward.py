"""An address as a template, and how a list goes on: which parameter holds the words, which the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from selectolax.lexbor import LexborHTMLParser

from crawlers.addresses import one_spelling
from crawlers.extract.product import web_address
from crawlers.recipes.proposing.proposal import JsonObject
from crawlers.recipes.proposing.selectors import for_all

WORDS = ("q", "query", "keyword", "keywords", "search", "search_query", "searchterm", "term", "k", "s", "kw", "wd",
         "text", "_nkw", "w", "p_keyword", "suchbegriff")  # fmt: skip
PAGES = ("page", "p", "pg", "paged", "pageno", "page_no", "pagenumber", "pagina", "seite", "_pgn", "pn")
OFFSETS = ("offset", "start", "skip", "from", "startindex")
LIMITS = (
    "limit",
    "per_page",
    "perpage",
    "pagesize",
    "page_size",
    "size",
    "count",
    "rows",
    "hits",
    "results",
    "n",
)
NEXT_WORDS = re.compile(
    r"^\s*(next|next page|weiter|nächste|suivante?|siguiente|次へ?|次のページ|下一[页頁]|다음|›|»|→|>)\s*[›»→>]?\s*$",
    re.IGNORECASE,
)
SPECIAL = re.compile(r"[.*+?^${}()|\[\]\\]")
TERMS = re.compile(
    r"terms|conditions|\bAGB\b|利用規約|规约|条款|이용약관|conditions générales", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Address:
    """An address taken apart."""

    base: str
    path: str
    params: Mapping[str, str]
    words: str = ""
    """Parameter that holds the words that are looked for; `{query}` where they stand in the path."""
    page: str = ""
    offset: str = ""
    limit: str = ""
    first: int = 1

    @property
    def takes_words(self) -> bool:
        """Whether it can look for something."""
        return bool(self.words)

    def request(self) -> JsonObject:
        """The request of a recipe."""
        moving = {self.words: "{query}", self.page: "{page}", self.offset: "{offset}", self.limit: "{limit}"}
        params = {
            **self.params,
            **{name: place for name, place in moving.items() if name not in ("", "{query}")},
        }
        return {"url": f"{{base}}{self.path}", **({"params": params} if params else {})}

    def moves(self) -> JsonObject:
        """What `next` says for the parameters that move."""
        if self.page:
            return {"first": self.first} if self.first != 1 else {"max_pages": 50}
        if self.offset:
            limit = self.params.get(self.limit, "")
            return {"limit": int(limit) if limit.isdecimal() and int(limit) else 20}
        return {}

    def asked(self, words: str) -> str:
        """The address for other words."""
        path = self.path.replace("{query}", quote(words, safe=""))
        params = {**self.params, **({self.words: words} if self.words and self.words != "{query}" else {})}
        return f"{self.base}{path}{'?' + urlencode(params) if params else ''}"


def taken_apart(url: str, words: str = "") -> Address:
    """An address as a template: where the words stand, where the page."""
    parts = urlsplit(url)
    kept = {name for name, _ in parse_qsl(urlsplit(one_spelling(url)).query, keep_blank_values=True)}
    told = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=100)
    pairs = {name: value for name, value in told if name in kept}
    base, path = f"{parts.scheme}://{parts.netloc}", parts.path or "/"
    named = next(
        (name for name, value in pairs.items() if words and value.casefold() == words.casefold()), ""
    )
    named = named or next((name for name in pairs if name.lower() in WORDS), "")
    if not named and words and (there := quote(words)) in path:
        path, named = path.replace(there, "{query}"), "{query}"
    if "{query}" in path:
        named = "{query}"
    found = Address(base, path, pairs, named)
    page = next((name for name in pairs if name.lower() in PAGES and pairs[name].isdecimal()), "")
    if page:
        return replace(found, page=page, first=int(pairs[page]))
    offset = next((name for name in pairs if name.lower() in OFFSETS and pairs[name].isdecimal()), "")
    limit = next((name for name in pairs if name.lower() in LIMITS and pairs[name].isdecimal()), "")
    return replace(found, offset=offset, limit=limit if offset else "")


def following_on(page: LexborHTMLParser, url: str, address: Address) -> tuple[Address, JsonObject]:
    """How a list page goes on: a link of its own, else a number in the address; and the address with it."""
    if page.css_first("a[rel~=next], link[rel~=next]") is not None:
        return replace(address, page="", offset="", limit=""), {
            "link": "a[rel~=next], link[rel~=next]@href | abs"
        }
    links = page.css("a[href]")
    for link in links:
        said = link.attributes.get("aria-label") or link.text()
        if NEXT_WORDS.match(said) and (selector := for_all(page, [link])):
            return replace(address, page="", offset="", limit=""), {"link": f"{selector}@href | abs"}
    if address.page or address.offset:
        return address, address.moves()
    for link in links:
        target = urlsplit(web_address(link.attributes.get("href") or "", url))
        pairs = dict(parse_qsl(target.query))
        name = next((one for one in pairs if one.lower() in PAGES and pairs[one] == "2"), "")
        if name and target.path == urlsplit(url).path:
            found = replace(address, page=name)
            return found, found.moves()
    return address, {}


def search_form(page: LexborHTMLParser, url: str) -> str:
    """The address of the page's own search with `{query}` for the words; empty where it has none that can be asked."""
    for form in page.css("form"):
        field = form.css_first("input[type=search][name], input[type=text][name], input:not([type])[name]")
        if field is None or (form.attributes.get("method") or "get").lower() != "get":
            continue
        target = web_address(form.attributes.get("action") or urlsplit(url).path, url)
        fixed = [
            (node.attributes.get("name") or "", node.attributes.get("value") or "")
            for node in form.css("input[type=hidden][name]")
        ]
        if target:
            more = "".join(f"{quote(name)}={quote(value)}&" for name, value in fixed[:20])
            return f"{target}{'&' if '?' in target else '?'}{more}{quote(field.attributes.get('name') or '')}={{query}}"
    return ""


def terms_of(page: LexborHTMLParser, url: str) -> str:
    """The address of the shop's terms, by the words of a link."""
    for link in page.css("footer a[href], a[href]"):
        if TERMS.search(link.text()[:80]) and (target := web_address(link.attributes.get("href") or "", url)):
            return target
    return ""


def nothing_found(empty: LexborHTMLParser, full: LexborHTMLParser, words: str) -> str:
    """The rule that tells an empty list: an element that says so, else words that only the empty page shows."""
    for selector in (
        '[class*="no-result" i]',
        '[class*="noresult" i]',
        '[class*="empty" i]',
        '[class*="not-found" i]',
    ):
        node = empty.css_first(selector)
        if (
            node is not None
            and full.css_first(selector) is None
            and (own := for_all(empty, empty.css(selector)))
        ):
            return f"css: {own}"
    shown = {_text(node.text()) for node in full.css("p, h1, h2, h3, h4, div, span, li, td")}
    for node in empty.css("main p, main h2, main h1, main div, p, h2, h3, h1, div, span, td"):
        said = _text(node.text())
        if 4 <= len(said) <= 80 and said not in shown and words.casefold() not in said.casefold():
            return "body ~ " + SPECIAL.sub(r"\\\g<0>", said)
    return ""


def _text(text: str) -> str:
    return " ".join(text.split())
