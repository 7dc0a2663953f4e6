"""A page that nests its elements without end costs no more than its length: work is counted, not timed."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from crawlers.extract.page import extract_listing, parse
from crawlers.extract.shallow import MAX_DEPTH, shallow

TIMES = 300
FEW = 16
NAMES = [
    "div",
    "table",
    "td",
    "tr",
    "ul",
    "li",
    "p",
    "a",
    "b",
    "i",
    "span",
    "form",
    "button",
    "select",
    "option",
    "object",
    "svg",
    "math",
    "template",
    "font",
    "h1",
    "pre",
    "center",
    "caption",
    "custom-x",
    "script",
    "noscript",
    "textarea",
    "dd",
    "ruby",
    "rt",
    "frameset",
    "body",
    "html",
    "marquee",
    "mi",
    "foreignObject",
    "title",
    "style",
    "br",
    "path",
]
tags = st.builds(
    lambda kind, name, text: kind.format(name) + text,
    st.sampled_from(["<{}>", "<{}>", "</{}>", "<{} id=%d>", "<{}/>"]),
    st.sampled_from(NAMES),
    st.sampled_from(["", "x"]),
)


def work(tree: LexborHTMLParser) -> tuple[int, int]:
    """(elements that are open at each element, added up; the most): what a tree builder looks at."""
    total = deepest = depth = 0
    node = tree.root
    while node is not None:
        if node.child is not None:
            node, depth = node.child, depth + 1
            total, deepest = total + depth, max(deepest, depth)
            continue
        while node is not None and node.next is None:
            node, depth = node.parent, depth - 1
        node = node.next if node is not None and depth > 0 else None
        total += depth
    return total, deepest


@pytest.mark.parametrize("tag", ["<div>", "<b>", "<custom-x>", "<div><table><td></div>", "<form><div></form>", "<b><i id=1></b>x"])  # fmt: skip
def test_the_work_grows_with_the_page_and_not_with_its_square(tag) -> None:
    once, twice = (work(parse((tag * n).encode(), "text/html; charset=utf-8")) for n in (3000, 6000))

    assert max(once[1], twice[1]) <= 4 * MAX_DEPTH
    assert twice[0] <= 2.2 * once[0]


@settings(max_examples=150, deadline=None)
@example(["<svg>", "<p>", "<path/>"])
@example(["<math>", "<script>", "<mi>"])
@example(["<li>", "<dd>"])
@example(["<rt>", "<option>"])
@given(st.lists(tags, min_size=1, max_size=8))
def test_no_order_of_tags_gets_deep(order) -> None:
    """Three uncounted elements may stand between two counted ones: a table has its body, row and cell."""
    page = "".join("".join(order).replace("%d", str(n)) for n in range(TIMES))

    assert work(LexborHTMLParser(shallow(page, FEW)))[1] <= 4 * FEW + 8


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(tags, st.text("<>/! -'\"ab&;", max_size=6)), max_size=60))
def test_a_page_that_is_not_deep_is_left_as_it_is(parts) -> None:
    page = "".join(parts)
    assert shallow(page) == page


def test_long_flat_pages_keep_every_tag() -> None:
    row = (
        "<tr><td><a href='/x'>x</a><br><img src=a.png><svg viewBox='0 0 1 1'><path d='M0'/><use href='#a'/></svg>"
        "<ul><li>one<li>two</ul><p>three<select><option>a<option>b</select><!-- <div><div> -->"
        "<script>for(i=0;i<n;i++)if(a<b)s='<div><div>'</script>"
    )
    page = f"<body><table>{row * 600}</table>"

    assert shallow(page) == page


def test_the_text_of_a_deep_page_stays() -> None:
    page = "<div>" * 2000 + "<p>far <b>down</b>" + "</div>" * 2000 + "<p>after"
    tree = LexborHTMLParser(shallow(page))

    assert tree.body is not None
    assert "".join(tree.body.text().split()) == "fardownafter"


def test_a_product_below_a_deep_heap_is_read() -> None:
    sold = '{"@type":"Product","name":"Cup <b>x","offers":{"price":"3","priceCurrency":"EUR"}}'
    page = "<div>" * 3000 + f'<script type="application/ld+json">{sold}</script>'
    found = extract_listing(page.encode(), url="https://shop.example/cup")

    assert found.listing is not None
    assert found.listing.price is not None


def test_comments_and_scripts_that_never_end_are_looked_for_once() -> None:
    for part in ("<!--", "<script>", "<textarea>"):
        page = part * 200_000
        assert shallow(page) == page
