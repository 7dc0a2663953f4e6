"""The one-line language of recipes agrees with a plain reading of it, on pages and on JSON alike."""

from __future__ import annotations

import contextlib
import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from crawlers.recipes.expressions import Language, Place, parse_expression
from crawlers.recipes.patterns import Pattern
from crawlers.recipes.problems import Wrong

URL = "https://shop.example/list?page=1"
WORDS = st.text("aB1,;é灯-. /", min_size=1, max_size=12).filter(str.strip)
"""Not blank: an element counts for `const` by being there, an empty text does not."""
STEPS = {
    "lower": lambda texts: [one.lower() for one in texts],
    "upper": lambda texts: [one.upper() for one in texts],
    "text": lambda texts: [" ".join(one.split()) for one in texts],
    "first": lambda texts: texts[:1],
    "last": lambda texts: texts[-1:],
    "all": lambda texts: texts,
    "join('; ')": lambda texts: ["; ".join(texts)],
    "join": lambda texts: [" ".join(texts)],
    "split(',')": lambda texts: [part.strip() for one in texts for part in one.split(",")],
    "replace('a', 'x')": lambda texts: [one.replace("a", "x") for one in texts],
    "replace(';', '')": lambda texts: [one.replace(";", "") for one in texts],
    "regex('[0-9]+')": lambda texts: [
        found[0] if (found := re.search("[0-9]+", one)) else "" for one in texts
    ],
    "regex('(a|B)(.)', 2)": lambda texts: [
        found[2].strip() if (found := re.search("(a|B)(.)", one)) else "" for one in texts
    ],
    "const(yes)": lambda texts: ["yes"] if texts else [],
    "map(a=one, *=other)": lambda texts: ["one" if one.lower() == "a" else "other" for one in texts],
    "map(1=one)": lambda texts: ["one" if one == "1" else "" for one in texts],
    "format('<{}>')": lambda texts: [f"<{one}>" for one in texts],
    "minor(2)": lambda texts: [f"0.0{one}" if re.fullmatch("[1-9]", one) else _minor(one) for one in texts],
}


def _minor(text: str) -> str:
    """An amount of hundredths, by moving the point in the written number."""
    found = re.fullmatch(r"(-?)(\d+)(?:\.(\d*))?|(-?)\.(\d+)", text)
    if not found:
        return ""
    sign = found[1] or found[4] or ""
    whole, part = found[2] or "", found[3] or found[5] or ""
    digits = (whole + part).rjust(len(part) + 3, "0")
    places = len(part) + 2
    shown = f"{digits[:-places].lstrip('0') or '0'}.{digits[-places:]}"
    return f"{sign}{shown}"


def plainly(texts: list[str], steps: list[str]) -> list[str]:
    here = [folded for one in texts if (folded := " ".join(one.split()))]
    for step in steps:
        here = [one for one in STEPS[step](here) if one]
    return here


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, max_size=5), st.lists(st.sampled_from(list(STEPS)), max_size=5))
def test_a_chain_of_helpers_means_the_same_on_a_page_and_in_json_as_read_plainly(texts, steps):
    rows = "".join(f"<li title='{html.escape(one)}'>{html.escape(one)}</li>" for one in texts)
    page = Place(URL, LexborHTMLParser(f"<ul>{rows}</ul>").root)
    chain = "".join(f" | {step}" for step in steps)
    wanted = plainly(texts, steps)
    assert parse_expression(f"li{chain}", Language.CSS).texts(page) == wanted
    assert parse_expression(f"li@title{chain}", Language.CSS).texts(page) == wanted
    data = Place(URL, value={"rows": [{"name": one} for one in texts]})
    assert parse_expression(f"rows[].name{chain}", Language.JMESPATH).texts(data) == wanted


KEYS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3).map(".".join)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("xy ", max_size=3),
    lambda inner: (
        st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3) | st.lists(inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(KEYS, VALUES)
def test_plain_keys_find_what_jmespath_finds(keys, value):
    place = Place(URL, value=value)
    assert parse_expression(keys, Language.JMESPATH).texts(place) == parse_expression(
        f"({keys})", Language.JMESPATH
    ).texts(place)


@settings(max_examples=60, deadline=None)
@given(st.text("ab|'\"`()[]{},@. \\=*", max_size=24), st.sampled_from(Language))
def test_any_text_is_an_expression_or_is_told_to_be_wrong(text, language):
    with contextlib.suppress(Wrong):
        parse_expression(text, language).texts(Place(URL, LexborHTMLParser("<b a='1'>x</b>").root, {"a": 1}))


PAGE = """<main><a href="/item/7?v=2&id=9#x">A</a><img src="a_80x80.jpg" srcset="/a_640x640.jpg 640w, /a_80x80.jpg 80w">
<i>1.299,50 €</i><u>$12</u><s>US$ 12</s><q>&lt;p&gt;Soft &lt;b&gt;cotton&lt;/b&gt;&lt;/p&gt;</q><time>2026年9月1日</time></main>"""
DATA = {
    "price": {"minor": "1299", "decimals": 2, "amount": 500, "divisor": 100, "nought": 0}, "at": 1_790_000_000,
    "ms": 1_790_000_000_000, "iso": "2026-09-21T14:13:20", "big": 10**40, "tiny": 1e-7, "no": None, "yes": True,
    "names": {"a": {"b": "x"}}, "deep": [["a", "b"], ["c"]],
}  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "texts"),
    [
        ("a@href | abs", ["https://shop.example/item/7?v=2&id=9#x"]),
        ("a@href | param(id)", ["9"]),
        ("a@href | abs | drop(v, id) | regex('^[^#]+')", ["https://shop.example/item/7"]),
        ("a@href | host", ["shop.example"]),
        ("a@href | regex(/item/(\\d+))", ["7"]),
        ("a | format('https://x.example/i/{}')", ["https://x.example/i/A"]),
        ("img | largest", ["https://shop.example/a_640x640.jpg"]),
        ("img@srcset | largest", ["https://shop.example/a_640x640.jpg"]),
        ("i | number", ["1299.50"]),
        ("q | html_text", ["Soft cotton"]),
        ("i | html", ["<i>1.299,50 €</i>"]),
        ("time | date('%Y年%m月%d日', '+09:00')", ["2026-09-01T00:00:00+09:00"]),
        ("url()", [URL]),
        ("header(x-total)", ["31"]),
        ("asked(query)", ["lamp"]),
        ("const('a | b')", ["a | b"]),
        ("nothing | const(x)", []),
        ("main", ["A 1.299,50 € $12 US$ 12 <p>Soft <b>cotton</b></p> 2026年9月1日"]),
    ],
)
def test_a_helper_on_a_page(expression, texts):
    place = Place(URL, LexborHTMLParser(PAGE).root, None, {"query": "lamp"}, (("X-Total", "31"),))
    assert parse_expression(expression, Language.CSS).texts(place) == texts


@pytest.mark.parametrize(
    ("expression", "texts"),
    [
        ("minor(price.minor, price.decimals)", ["12.99"]),
        ("minor(price.minor, 0)", ["1299"]),
        ("ratio(price.amount, price.divisor)", ["5"]),
        ("ratio(price.amount, price.nought)", []),
        ("minor(iso, 2)", []),
        ("at | epoch", ["2026-09-21T14:13:20+00:00"]),
        ("ms | epoch", ["2026-09-21T14:13:20+00:00"]),
        ("iso | iso", []),
        ("iso | iso('+08:00')", ["2026-09-21T14:13:20+08:00"]),
        ("big", []),
        ("tiny", ["0.0000001"]),
        ("no", []),
        ("yes", ["true"]),
        ("names", []),
        ("names.*.b", ["x"]),
        ("deep[]", ["a", "b", "c"]),
        ("length(no)", []),
        ("(deep[] | [1]) | upper", ["B"]),
        ("no || iso", ["2026-09-21T14:13:20"]),
    ],
)
def test_a_helper_on_json(expression, texts):
    assert parse_expression(expression, Language.JMESPATH).texts(Place(URL, value=DATA)) == texts


@pytest.mark.parametrize(
    ("expression", "amount", "currency"),
    [
        ("i | price", "1299.50", "EUR"),
        ("i | price(USD)", "1299.50", "EUR"),
        ("u | price(AUD)", "12", "AUD"),
        ("s | price(AUD)", "12", "USD"),
    ],
)
def test_a_stated_currency_is_believed_only_where_the_text_leaves_it_open(expression, amount, currency):
    (price,) = parse_expression(expression, Language.CSS).values(Place(URL, LexborHTMLParser(PAGE).root))
    assert (str(price.amount), price.currency) == (amount, currency)


def test_no_pattern_of_a_recipe_can_stall_a_crawl():
    assert Pattern("(a+)+$").find("a" * 50_000 + "b") is None
    assert Pattern("(.*)(.*)(.*)(.*)x").find("a" * 50_000) is None
    for text in ("(?=a)a", "(a)\\1", "((a{900}){900}){900}", "(", "a" * 501):
        with pytest.raises(Wrong):
            Pattern(text)
