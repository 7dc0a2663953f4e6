"""A page is read the same from HTML, from a repository's JSON and from plain text; bounded, and never raising."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipguard.matching.pages.page import MAX_LINKS, MAX_TEXT, PageKind
from ipguard.matching.pages.reading import kind_of, page_of_html, page_of_repository

HTML = """<!doctype html><html lang="en"><head><title>Moss Courier PS</title>
<meta name="description" content="Play free"><script>var hidden = "donate"</script></head>
<body><h1>Moss Courier</h1><p>Get it <a href="/files/client.zip">here</a>, then <a href="https://discord.gg/mossy">talk</a>.</p>
<form action="/register"><input name="user"><input type="password" name="pw"><button>Register</button></form>
<style>p { color: red }</style></body></html>"""


def test_html_gives_title_visible_text_links_with_places_and_forms():
    page = page_of_html(HTML.encode(), url="https://moss.example/a", content_type="text/html; charset=utf-8")

    assert (page.title, page.language, page.kind) == ("Moss Courier PS", "en", PageKind.WEB)
    assert page.text.startswith("Play free\n")
    assert "hidden" not in page.text
    assert "color" not in page.text
    assert [link.url for link in page.links] == [
        "https://moss.example/files/client.zip",
        "https://discord.gg/mossy",
    ]
    assert [page.text[link.at :].startswith(link.text) for link in page.links] == [True, True]
    (form,) = page.forms
    assert form.action == "https://moss.example/register"
    assert any("password" in field for field in form.fields)


def test_what_is_cut_is_told():
    page = page_of_html(
        ("<p>word " * 80_000 + "<a href='/x'>x</a>" * 9).encode(), url="https://moss.example/"
    )

    assert len(page.text) <= MAX_TEXT
    assert "text" in page.cut


@pytest.mark.parametrize("tag", ["div", "b", "svg><g", "table><tr><td"])
def test_a_page_nested_too_deep_is_read_flat_and_told(tag):
    page = page_of_html(b"<title>Moss</title><p>before</p>" + f"<{tag}>".encode() * 100_000 + b"x", url="")

    assert page.title == "Moss"
    assert page.text.strip().startswith("before")
    assert "body" in page.cut


def test_many_unclosed_paragraphs_are_not_deep():
    page = page_of_html(b"<ul>" + b"<li><p>word<br>" * 5_000 + b"</ul>last", url="https://a.example")

    assert page.cut == ()
    assert page.text.endswith("last")


def test_many_links_are_cut_and_told():
    page = page_of_html(b"<a href='/x'>y</a>" * 5_000, url="https://moss.example/")

    assert len(page.links) == MAX_LINKS
    assert "links" in page.cut


def test_a_repository_has_its_topics_parent_and_readme_links():
    about = {
        "full_name": "someone/moss-ps",
        "html_url": "https://github.com/someone/moss-ps",
        "description": "A server",
        "topics": ["moss-courier", 7],
        "parent": {"full_name": "other/moss-ps"},
    }

    page = page_of_repository(
        about, "# Hi\n[chat](https://discord.gg/moss) ![badge](https://img.example/x.svg)"
    )

    assert page.kind is PageKind.REPOSITORY
    assert page.labels == ("forked-from:other/moss-ps", "topic:moss-courier")
    assert [link.url for link in page.links] == ["https://discord.gg/moss"]
    assert page.text[page.links[0].at :].startswith("[chat]")


def test_a_blocked_repository_is_labelled():
    page = page_of_repository({"message": "Repository access blocked", "block": {"reason": "dmca"}})

    assert page.labels == ("status:451", "dmca:dmca")


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://discord.gg/abc", PageKind.INVITE),
        ("https://github.com/a/b", PageKind.REPOSITORY),
        ("https://gtop100.com/x", PageKind.TOP_LIST),
        ("https://www.youtube.com/watch?v=1", PageKind.VIDEO),
        ("https://github.com.evil.example/a/b", PageKind.WEB),
        ("http://[", PageKind.WEB),
    ],
)
def test_the_address_tells_what_sort_of_place_it_is(url, kind):
    assert kind_of(url) is kind


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.text(max_size=40))
def test_no_answer_raises(body, url):
    page_of_html(b"<html><body>" + body, url=url)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["full_name", "html_url", "description", "topics", "parent", "block", "homepage", "source"]),
        st.recursive(st.none() | st.integers() | st.text(max_size=9), lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=9), x, max_size=3), max_leaves=6),
    )
)  # fmt: skip
def test_no_repository_raises(about):
    page_of_repository(about, "[a](https://b.example)")
