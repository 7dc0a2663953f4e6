"""Pages from what was saved: an HTML answer, or a repository's description and README. Pure; nothing is asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawlers.extract.charset import decode_page
from crawlers.extract.shallow import shallow
from ipguard.matching.pages.page import (
    MAX_ADDRESS,
    MAX_FIELDS,
    MAX_LINKS,
    MAX_TEXT,
    Form,
    Link,
    Page,
    PageKind,
    bounded,
)

MAX_BODY = 5_000_000
"""Bytes of an answer that are read."""
MAX_NODES = 200_000
"""Elements and texts that are walked."""
UNSEEN = {"script", "style", "noscript", "template", "head", "svg", "iframe", "object"}
BLOCKS = {
    "address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "fieldset", "figcaption",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre",
    "section", "table", "td", "th", "tr", "ul", "option", "button",
}  # fmt: skip
KINDS: tuple[tuple[str, PageKind], ...] = (
    (r"(^|\.)(discord\.gg|discord\.com/invite|discordapp\.com/invite|t\.me|telegram\.me|qm\.qq\.com)", PageKind.INVITE),
    (r"(^|\.)(github\.com|gitlab\.com|gitee\.com|codeberg\.org|bitbucket\.org)/[^/]+/[^/]+", PageKind.REPOSITORY),
    (r"(^|\.)(gtop100|xtremetop100|top100arena|arenatop100|topg|mmtop200|gamesites200)\.", PageKind.TOP_LIST),
    (r"(^|\.)(youtube\.com|youtu\.be|bilibili\.com/video|nicovideo\.jp|tiktok\.com|douyin\.com)", PageKind.VIDEO),
)  # fmt: skip
MARKDOWN_LINK = re.compile(r"(?<!!)\[([^\[\]\n]{0,200})\]\(\s*<?(https?://[^\s()<>]{1,1000})")
SPACES = re.compile(r"[ \t\r\f\v\xa0]+")


def page_of_html(
    body: bytes, *, url: str, content_type: str = "", labels: Iterable[str] = (), kind: PageKind | None = None
) -> Page:
    """A page from a saved HTML answer; raises for nothing that a server can send."""
    markup = decode_page(body[:MAX_BODY], content_type)
    flat = shallow(markup)
    tree = LexborHTMLParser(flat)
    text, links, short = _walk(tree, url)
    forms = tuple(_form(form, url) for form in tree.css("form")[:50])
    html = tree.css_first("html")
    cut = [
        name
        for name, is_cut in (("body", len(body) > MAX_BODY or len(flat) < len(markup)), ("text", short))
        if is_cut
    ]
    page = Page(
        url=url,
        title=_title(tree),
        text="\n".join(part for part in (_meta(tree, "description"), text) if part),
        links=(),
        forms=forms,
        kind=kind or kind_of(url),
        labels=(*labels, *_types(tree)),
        language=(html.attributes.get("lang") or "") if html is not None else "",
        cut=tuple(cut),
    )
    before = len(page.text) - len(text)
    return bounded(replace(page, links=tuple(replace(link, at=link.at + before) for link in links)))


def page_of_repository(about: Mapping[str, object], readme: str = "", *, labels: Iterable[str] = ()) -> Page:
    """A page from a repository as GitHub's REST API describes it (`GET /repos/{owner}/{repo}`) and its README.

    A blocked repository (HTTP 451, `{"message": "Repository access blocked", "block": {...}}`) has its block as labels.
    """
    said = [*labels]
    block = about.get("block")
    if isinstance(block, Mapping):
        said += ["status:451", f"dmca:{_text(block, 'html_url') or _text(block, 'reason')}"]
    for key in ("parent", "source"):
        other = about.get(key)
        if isinstance(other, Mapping) and _text(other, "full_name"):
            said.append(f"forked-from:{_text(other, 'full_name')}")
    topics = about.get("topics")
    said += (
        [f"topic:{topic}" for topic in topics if isinstance(topic, str)] if isinstance(topics, list) else []
    )
    text = "\n".join(part for part in (_text(about, "description"), readme[:MAX_TEXT]) if part)
    before = len(text) - len(readme[:MAX_TEXT])
    links = [
        Link(found[2], found[1], found.start() + before)
        for found in MARKDOWN_LINK.finditer(readme[:MAX_TEXT])
    ]
    if _text(about, "homepage"):
        links.insert(0, Link(_text(about, "homepage"), "homepage"))
    return bounded(
        Page(
            url=_text(about, "html_url"),
            title=_text(about, "full_name"),
            text=text,
            links=tuple(links),
            kind=PageKind.REPOSITORY,
            labels=tuple(dict.fromkeys(said)),
            cut=("text",) if len(readme) > MAX_TEXT else (),
        )
    )


def page_of_row(row: Mapping[str, object]) -> Page | None:
    """A page from a JSON object {"url", "title", "text" or "html", "links", "labels"}; None without text and title."""
    url, labels = _text(row, "url")[:MAX_ADDRESS], _texts(row.get("labels"))
    html = row.get("html")
    if isinstance(html, str):
        body = html[:MAX_BODY].encode("utf-8", "replace")
        page = page_of_html(body, url=url, content_type="text/html; charset=utf-8", labels=labels)
        return replace(page, title=_text(row, "title") or page.title)
    title, text = row.get("title"), row.get("text")
    if not isinstance(title, str) and not isinstance(text, str):
        return None
    links = row.get("links")
    made = [_link(link, url) for link in links[: MAX_LINKS + 1]] if isinstance(links, list) else []
    return bounded(
        Page(
            url=url,
            title=title if isinstance(title, str) else "",
            text=text if isinstance(text, str) else "",
            links=tuple(link for link in made if link is not None),
            kind=kind_of(url),
            labels=tuple(labels),
            language=_text(row, "language"),
        )
    )


def _link(link: object, url: str) -> Link | None:
    """A link written as its address, or as {"url", "text"}."""
    if isinstance(link, str):
        target, words = link, ""
    elif isinstance(link, Mapping):
        target, words = _text(link, "url") or _text(link, "href"), _text(link, "text")
    else:
        return None
    target = _address(target, url)
    return Link(target, words) if target else None


def _texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def kind_of(url: str) -> PageKind:
    """What sort of place an address names."""
    try:
        parts = urlsplit(url if "//" in url else f"//{url}")
        place = (parts.hostname or "").lower() + parts.path
    except ValueError:
        return PageKind.WEB
    return next((kind for pattern, kind in KINDS if re.search(pattern, place)), PageKind.WEB)


def _walk(tree: LexborHTMLParser, url: str) -> tuple[str, list[Link], bool]:
    """Visible text with line breaks at blocks, and links with their places in it; one walk, bounded."""
    root = tree.body or tree.root
    out: list[str] = []
    length = 0
    links: list[Link] = []
    hidden_until: LexborNode | None = None
    for count, node in enumerate(root.traverse(include_text=True) if root is not None else ()):
        if count > MAX_NODES or length > MAX_TEXT:
            return "".join(out), links, True
        tag = node.tag or ""
        if hidden_until is not None and _inside(node, hidden_until):
            continue
        hidden_until = node if tag in UNSEEN else None
        if hidden_until is not None:
            continue
        piece = SPACES.sub(" ", node.text_content or "") if tag == "-text" else "\n" if tag in BLOCKS else ""
        if tag in BLOCKS and out and out[-1] == "\n":
            piece = ""
        if tag == "a" and len(links) <= MAX_LINKS and (target := _address(node.attributes.get("href"), url)):
            links.append(Link(target, SPACES.sub(" ", node.text(strip=True)[:300]), length))
        if piece:
            out.append(piece)
            length += len(piece)
    return "".join(out), links, False


def _inside(node: LexborNode, outer: LexborNode) -> bool:
    """Whether `node` stands in `outer`: unseen elements are shallow, so a few steps up suffice."""
    above = node.parent
    for _ in range(30):
        if above is None:
            return False
        if above == outer:
            return True
        above = above.parent
    return False


def _form(form: LexborNode, url: str) -> Form:
    fields: list[str] = []
    for field in form.css("input, select, textarea, label, button")[:MAX_FIELDS]:
        said = field.attributes
        words = [said.get("name"), said.get("type"), said.get("placeholder"), said.get("value")]
        if field.tag in ("label", "button"):
            words.append(field.text(strip=True)[:60])
        fields.append(" ".join(word[:60] for word in words if word))
    return Form(_address(form.attributes.get("action"), url), tuple(field for field in fields if field))


def _title(tree: LexborHTMLParser) -> str:
    title = tree.css_first("title")
    said = title.text(strip=True) if title is not None else ""
    heading = tree.css_first("h1")
    return said or _meta(tree, "og:title") or (heading.text(strip=True) if heading is not None else "")


def _meta(tree: LexborHTMLParser, name: str) -> str:
    key = "property" if name.startswith("og:") else "name"
    node = tree.css_first(f'meta[{key}="{name}"]')
    return (node.attributes.get("content") or "").strip()[:2000] if node is not None else ""


def _types(tree: LexborHTMLParser) -> list[str]:
    """What the page says it is: `type:article`, `type:newsarticle`."""
    said = [_meta(tree, "og:type")]
    for script in tree.css('script[type="application/ld+json"]')[:20]:
        said += re.findall(r'"@type"\s*:\s*"(\w{1,40})"', (script.text() or "")[:100_000])[:20]
    return [f"type:{one.lower()}" for one in dict.fromkeys(said) if one]


def _address(href: str | None, url: str) -> str:
    """An absolute web address, or nothing."""
    try:
        target = urljoin(url, (href or "").strip()[:2000])
        return target if urlsplit(target).scheme in ("http", "https", "tg", "mqqapi") else ""
    except ValueError:
        return ""


def _text(row: Mapping[str, object] | Mapping[object, object], key: str) -> str:
    value = row.get(key)
    return value.strip() if isinstance(value, str) else ""
