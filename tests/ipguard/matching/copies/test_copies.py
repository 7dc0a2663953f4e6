"""Copied text is found in part, changed, shuffled and disguised; unrelated text never is; and passages are shown as they stand."""

import json
import random
import re
import subprocess
import sys
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.texts import CHANGES, excerpt, noisy, replaced, tale
from ipguard.alerts.findings import from_row, to_row
from ipguard.matching.copies.exhibit import in_lines, side_by_side
from ipguard.matching.copies.fingerprints import K_DENSE, K_SPARSE, WINDOW, fingerprints, reduce
from ipguard.matching.copies.index import OwnedText, Unreadable, build_index, from_bytes, to_bytes
from ipguard.matching.copies.matcher import BAR, CopyMatcher
from ipguard.matching.copies.slow import prints_slowly, shared_slowly
from ipguard.matching.finding import CopyPlace
from ipguard.matching.reasons import LANGUAGES, render
from ipguard.matching.score import verdicts

OWNED = [OwnedText(f"{language}{n}", f"{language}{n}.txt", tale(language, n)) for n in range(15) for language in ("zh", "en")]  # fmt: skip
MATCHER = CopyMatcher(build_index(OWNED))
FLOORS = {"15 % replaced": 0.85, "10 % edited": 0.9, "20 % excerpt": 0.95, "unrelated": 0.0}


def reported(text: str) -> set[str]:
    return {f.work for f in MATCHER.match_text(text) if f.place.verdict == "report"}


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_is_found_as_often_as_promised_and_nothing_else(change):
    found = others = 0
    for n, owned in enumerate(OWNED):
        host = tale(owned.work[:2], 10_000 + n)
        works = reported(CHANGES[change](owned.text, host, n))
        found += owned.work in works
        others += bool(works - {owned.work})

    assert others == 0
    if change == "unrelated":
        assert found == 0
    else:
        assert found >= FLOORS.get(change, 1.0) * len(OWNED)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_both_shares_are_told(language):
    owned = next(one for one in OWNED if one.work.startswith(language))
    part = owned.text[600:1500]
    (short,) = MATCHER.match_text(part)
    (long,) = MATCHER.match_text(excerpt(owned.text, tale(language, 500), 0.3, 1))

    assert short.place.share_of_text > 0.95
    assert 0.25 < short.place.share_of_owned < 0.4
    assert 0.25 < long.place.share_of_text < 0.35


def test_a_passage_lies_where_it_was_put():
    owned, host = OWNED[0], tale("zh", 700)
    stolen = owned.text[1000:1600]
    text = host[:1500] + stolen + host[1500:]
    (finding,) = MATCHER.match_text(text)
    longest = max(finding.place.passages, key=lambda passage: passage.letters)

    assert abs(longest.start - 1500) <= 30
    assert abs(longest.end - 2100) <= 30
    assert text[longest.start : longest.end] == owned.text[longest.owned_start : longest.owned_end]


def test_one_passage_goes_on_over_small_edits():
    owned = OWNED[0]
    stolen = owned.text[500:1100]
    edited = stolen[:150] + "（真的）" + stolen[150:300] + stolen[306:450] + "并且又一次" + stolen[455:]
    (finding,) = MATCHER.match_text(edited)

    assert len(finding.place.passages) == 1
    assert finding.place.share_of_text > 0.95


def test_a_quotation_is_no_copy():
    quote = OWNED[0].text[100:150]

    assert reported(tale("zh", 900)[:900] + quote) == set()


BOILERPLATE = """第十二章 归途
版权所有 翻印必究 未经许可不得转载
Chapter 12: The Long Way Home
All rights reserved. No part of this book may be reproduced in any form without written permission of the publisher.
This is a work of fiction. Names, characters and places are products of the imagination of the author.
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated files.
感谢各位书友的打赏和月票，求推荐求收藏，未完待续。
"""


def test_what_every_book_has_is_no_copy():
    books = [OwnedText(f"w{n}", f"w{n}", BOILERPLATE + tale("zh", 40 + n, 800)) for n in range(2)]

    assert CopyMatcher(build_index(books)).match_text(BOILERPLATE + tale("zh", 60, 800)) == []


def test_what_many_works_share_is_no_copy():
    shared = tale("zh", 70, 400)
    books = [OwnedText(f"w{n}", f"w{n}", shared + tale("zh", 80 + n, 900)) for n in range(12)]
    matcher = CopyMatcher(build_index(books))

    assert matcher.match_text(shared + tale("zh", 99, 900)) == []
    assert {f.work for f in matcher.match_text(books[3].text)} == {"w3"}


LETTERS = st.text("星灯苔邮差潮狐abcdefgh １２ア가", max_size=120)


@settings(max_examples=120, deadline=None)
@given(LETTERS)
def test_fingerprints_equal_those_by_the_book(text):
    codes = reduce(text).codes
    fast = fingerprints(codes)

    assert list(zip(fast.places.tolist(), fast.hashes.tolist(), strict=True)) == prints_slowly(codes.tolist())


@settings(max_examples=60, deadline=None)
@given(st.lists(LETTERS, min_size=1, max_size=3), LETTERS, st.integers(0, 60))
def test_the_index_finds_what_brute_force_finds(owned, host, at):
    index = build_index(OwnedText(f"w{n}", f"w{n}", text) for n, text in enumerate(owned))
    codes = reduce(host[:at] + owned[0] + host[at:]).codes

    assert index.shared(fingerprints(codes)) == shared_slowly(index, codes.tolist())


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 40), st.sampled_from(["zh", "en"]))
def test_a_shared_stretch_of_k_and_w_letters_shares_a_fingerprint(seed, before, language):
    size = WINDOW + (K_DENSE if language == "zh" else K_SPARSE) - 1
    letters = "".join(chr(c) for c in reduce(tale(language, seed, 200)).codes)
    stretch = letters[20 : 20 + size]
    noise = "".join(random.Random(seed).choices("鹭澜霜樱" if language == "zh" else "qzxj", k=before + 40))
    one, other = noise[:before] + stretch + noise[before:], "玉" * 30 + stretch + "玉" * 30

    shared = set(fingerprints(reduce(one).codes).hashes.tolist()) & set(
        fingerprints(reduce(other).codes).hashes.tolist()
    )

    assert shared


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400), st.text(max_size=60), st.integers(0, 300))
def test_any_text_is_answered_and_spans_stay_inside(text, more, at):
    owned = OwnedText("w", "w", text)
    other = more[:at] + text + more

    for one in CopyMatcher(build_index([owned])).copied(other):
        for passage in one.passages:
            assert 0 <= passage.start < passage.end <= len(other)
            assert 0 <= passage.owned_start < passage.owned_end <= len(text)
        assert 0.0 <= one.share_of_text <= 1.0
        side_by_side(one, other)


@pytest.mark.parametrize(
    "text", ["我" * 100_000, "ab" * 50_000, tale("zh", 3, 2000) * 40, "", " ", "\ud800" * 50]
)
def test_repetition_and_nothing_are_bounded(text):
    matcher = CopyMatcher(build_index([OwnedText("w", "w", text)]))

    for one in matcher.copied(text):
        assert len(one.chains) <= 3_000


def test_an_index_grows_by_adding_and_is_the_same_as_one_made_at_once():
    at_once, grown = build_index(OWNED[:6]), build_index(OWNED[:2]).with_texts(OWNED[1:6])

    assert [t.name for t in grown.texts] == [t.name for t in at_once.texts]
    assert all(
        (getattr(grown, name) == getattr(at_once, name)).all() for name in ("hashes", "owners", "places")
    )
    assert [t.name for t in grown.without([OWNED[0].name]).texts] == [t.name for t in OWNED[1:6]]
    assert (grown.without([OWNED[0].name]).hashes == build_index(OWNED[1:6]).hashes).all()


def test_an_index_is_kept_and_read_again():
    index = build_index(
        [*OWNED[:2], OwnedText("odd", "odd", "lone \ud800 surrogate, and enough letters to count")]
    )
    again = from_bytes(to_bytes(index))

    assert again.texts == index.texts
    assert CopyMatcher(again).match_text(OWNED[0].text) == CopyMatcher(index).match_text(OWNED[0].text)


KEPT = to_bytes(build_index([OwnedText("w", "w", tale("zh", 5, 300))]))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 255))
def test_a_damaged_index_is_refused_or_read(place, flip):
    data = bytearray(KEPT)
    data[place % len(data)] ^= flip
    with suppress(Unreadable):
        assert len(from_bytes(bytes(data)).texts) == 1


def test_findings_survive_being_kept_and_make_alerts():
    (found,) = MATCHER.match_text(OWNED[0].text[:1200], "seen.txt")

    assert isinstance(found.place, CopyPlace)
    assert from_row(to_row(found, 1, 1), found.work) == found
    assert verdicts([found])[0].match
    for language in LANGUAGES:
        assert OWNED[0].name in render(found.reason, language)


def test_the_exhibit_shows_both_sides_and_runs_nothing():
    owned = OWNED[0]
    text = (
        "<script>alert(1)</script>"
        + noisy(replaced(owned.text[500:900], 0.05, 1), "\u200b\u202e", 2)
        + "<b onload=x>"
    )
    (copied,) = [one for one in MATCHER.copied(text) if one.owned is owned]
    page = side_by_side(copied, text, name='"><img src=x>', language="zh")

    assert "<script" not in page
    assert "<img" not in page
    assert "<b onload" not in page
    assert "\u202e" not in page
    assert page.startswith("<!doctype html>")
    assert "权利作品" in page
    assert "<code>200B</code>" in page
    marked = "".join(
        re.sub("<[^>]+>", "", part) for part in re.findall("<mark>(.*?)</mark>", page, re.DOTALL)
    )
    assert len(marked) > 500
    assert any(owned.name in line for line in in_lines(copied, text))


def test_the_bar_lies_between_copies_and_unrelated_texts():
    unrelated = max(
        one.share for n in range(10) for one in MATCHER.copied(tale("zh" if n % 2 else "en", 3000 + n))
    )
    copies = min(
        MATCHER.copied(excerpt(owned.text, tale(owned.work[:2], 4000 + n), 0.2, n))[0].share
        for n, owned in enumerate(OWNED[:10])
    )

    assert unrelated < BAR / 2
    assert copies > BAR * 1.5


def test_the_command_names_works_by_folder_draws_and_keeps_an_index(tmp_path):
    (tmp_path / "owned" / "moss").mkdir(parents=True)
    (tmp_path / "owned" / "moss" / "one.txt").write_text(OWNED[0].text, "utf-8")
    (tmp_path / "copy.txt").write_bytes(OWNED[0].text[300:1300].encode("gb18030"))
    (tmp_path / "other.txt").write_text(tale("zh", 800), "utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "ipguard", "match", "copies", "--owned", tmp_path / "owned", "--json", "--draw", tmp_path / "drawn",
         "--index", tmp_path / "kept.npz", tmp_path / "copy.txt", tmp_path / "other.txt"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    copy, other = (json.loads(line) for line in run.stdout.splitlines())

    assert (copy["match"], copy["verdict"], copy["findings"][0]["work"]) == (True, "report", "moss")
    assert copy["findings"][0]["share_of_text"] > 0.95
    assert (other["match"], other["verdict"], other["findings"]) == (False, "none", [])
    assert "moss/one.txt" in (tmp_path / "drawn" / "copy-1.html").read_text("utf-8")
    assert len(from_bytes((tmp_path / "kept.npz").read_bytes()).texts) == 1
