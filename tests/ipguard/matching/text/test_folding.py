"""Folding keeps an exact map to the original, and the table is frozen."""

import hashlib
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipguard.matching.text.decoding import undo
from ipguard.matching.text.fold import compact, fold, fold_slowly
from ipguard.matching.text.views import Views

ANYTHING = st.text(st.characters(), max_size=60)
SURROGATES = st.text(st.characters(categories=["Cs", "Lu", "Lo", "Mn"]), max_size=20)


def test_the_table_is_the_frozen_one():
    data = files("ipguard.matching.text").joinpath("data/fold.tsv").read_bytes()

    assert (
        hashlib.sha256(data).hexdigest() == "d0390e84501fad8c6bf40348a9e121f1f145ec90d70869ef44fcaad557013a55"
    )


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("ＳＴＡＲ", "star"), ("Ｓtar™", "star "), ("𝓢𝓽𝓪𝓻", "star"), ("ⓢⓣⓐⓡ", "star"), ("🅂🅃🄰🅁", "star"), ("🆂🆃🅰🆁", "star"), ("🇸🇹🇦🇷", "star"),
        ("S\u200bt\u00ada\ufe0fr", "star"), ("Stäř", "star"), ("Đèn Sao", "den sao"), ("Łódź", "lodz"), ("Ёж", "еж"),
        ("ほし", "ホシ"), ("ﾎｼ", "ホシ"), ("ﾗﾝﾀﾝ", "ランタン"), ("ｶﾞﾗｽ", "ガラス"), ("が", "ガ"), ("星燈", "星灯"), ("戦", "战"), ("竜", "龙"),
        ("مُحَمَّد", "محمد"), ("ﷺ", "صلي الله عليه وسلم"), ("①", "1"), ("ﬁ", "fi"), ("ß", "ss"), ("İ", "i"), ("\u3164x", "x"), ("", ""),
    ],
)  # fmt: skip
def test_what_looks_or_reads_the_same_folds_the_same(written, plain):
    assert fold(written).text == plain


@settings(max_examples=200, deadline=None)
@given(ANYTHING | SURROGATES)
def test_every_folded_character_knows_its_place(text):
    folded = fold(text)

    assert len(folded.text) == len(folded.starts) == len(folded.ends)
    assert all(0 <= s < e <= len(text) for s, e in zip(folded.starts, folded.ends, strict=True))
    assert list(folded.starts) == sorted(folded.starts)


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_characters="\u3099\u309a\uff9e\uff9f"), max_size=60))
def test_the_fast_way_equals_the_plain_one(text):
    if any("\u1100" <= c <= "\u11ff" for c in text):
        return
    folded = fold(text)
    plain, spans = fold_slowly(text)

    assert folded.text == plain
    assert list(zip(folded.starts, folded.ends, strict=True)) == spans


@settings(max_examples=100, deadline=None)
@given(ANYTHING)
def test_folding_twice_changes_nothing_more_for_letters(text):
    once = compact(fold(text)).text

    assert compact(fold(once)).text == once


@settings(max_examples=100, deadline=None)
@given(ANYTHING)
def test_views_point_into_the_original(text):
    views = Views(text)
    base = views.base

    assert all(0 <= s < e <= len(text) for s, e in zip(base.starts, base.ends, strict=True))
    for view in (views.compact, views.look):
        assert len(view.text) == len(view.places)
        assert all(0 <= place < len(base.text) for place in view.places)


def test_encodings_are_undone_with_their_places():
    text = "S&#116;ar %E6%98%9F <b>L</b>"
    plain, starts, ends = undo(text)

    assert plain == "Star 星 L"
    assert text[starts[1] : ends[1]] == "&#116;"
    assert text[starts[5] : ends[5]] == "%E6%98%9F"
    assert undo("nothing encoded") is None
