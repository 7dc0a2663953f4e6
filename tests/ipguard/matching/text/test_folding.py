"""Folding keeps an exact map to the original, many texts at once as one by one, and the tables are frozen."""

import hashlib
import unicodedata
from functools import cache
from importlib.resources import files

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ipguard.matching.text.decoding import undo
from ipguard.matching.text.fold import compact, fold, fold_many
from ipguard.matching.text.looks import looks
from ipguard.matching.text.views import batch_of

HARD = "aAé\u0301ßﬁ㍿ﷺ…ｶﾞﾊﾟか\u3099ハ\u309a\u1107\u1167\u11afㅂㅕㄹㄷㅡㅇ별\ud800\udfff\u200b\u202e\ufe0f𝓢🆂🇸™星燈戦İ\n \x00١๑ไทย\U000e0041\u3164&;"
ANYTHING = st.text(st.characters() | st.sampled_from(HARD), max_size=60)
SURROGATES = st.text(st.characters(categories=["Cs", "Lu", "Lo", "Mn"]), max_size=20)
FROZEN = {
    "fold.tsv": "d66ebeaa02448ef6e76a3514115f727e9c8989c2536f674e4e7269abaaa32921",
    "lookalikes.tsv": "52d1fc931b6b5290c7fe7c322ca726486599de9915db3e192afdd985e7b8dda9",
    "words.tsv": "6b35dde78b70474868734f05780c4d887978bcbbde5061e62e14abd9a780d19d",
}


@pytest.mark.parametrize("name", FROZEN)
def test_a_table_is_the_frozen_one(name):
    data = files("ipguard.matching.text").joinpath("data", name).read_bytes()

    assert hashlib.sha256(data).hexdigest() == FROZEN[name]


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("ＳＴＡＲ", "star"), ("Ｓtar™", "star "), ("𝓢𝓽𝓪𝓻", "star"), ("ⓢⓣⓐⓡ", "star"), ("🅂🅃🄰🅁", "star"), ("🆂🆃🅰🆁", "star"), ("🇸🇹🇦🇷", "star"),
        ("S\u200bt\u00ada\ufe0fr", "star"), ("Stäř", "star"), ("Đèn Sao", "den sao"), ("Łódź", "lodz"), ("Ёж", "еж"),
        ("ほし", "ホシ"), ("ﾎｼ", "ホシ"), ("ﾗﾝﾀﾝ", "ランタン"), ("ｶﾞﾗｽ", "ガラス"), ("が", "ガ"), ("か\u3099", "ガ"), ("星燈", "星灯"), ("戦", "战"), ("竜", "龙"),
        ("مُحَمَّد", "محمد"), ("ﷺ", "صلي الله عليه وسلم"), ("①", "1"), ("❶", "1"), ("ﬁ", "fi"), ("ß", "ss"), ("İ", "i"), ("\u3164x", "x"), ("", ""),
        ("sᴛᴀʀ", "star"), ("⒮⒯⒜⒭", "star"), ("\u1107\u1167\u11af", "별"), ("ㅂㅕㄹㄷㅡㅇ", "별등"), ("٣๓३", "333"), ("โค้ม", "โคม"), ("S̷t̷a̷r̷", "star"),
    ],
)  # fmt: skip
def test_what_looks_or_reads_the_same_folds_the_same(written, plain):
    assert fold(written).text == plain


@cache
def written_rows() -> dict[int, str]:
    rows = {}
    for line in files("ipguard.matching.text").joinpath("data/fold.tsv").read_text("ascii").splitlines():
        code, _, to = line.partition("\t")
        rows[int(code, 16)] = "".join(chr(int(one, 16)) for one in to.split())
    return rows


def slowly(text: str) -> list[tuple[str, int, int]]:
    """Folding as one would write it down: each code point by itself, then each joining character to the one before."""
    rows = written_rows()
    plain = [
        (c, at, at + 1)
        for at, written in enumerate(text)
        for c in ("\ufffd" if "\ud800" <= written <= "\udfff" else rows.get(ord(written), written))
    ]
    out: list[tuple[str, int, int]] = []
    for n, (c, start, end) in enumerate(plain):
        follower = plain[n + 1][0] if n + 1 < len(plain) else ""
        joined = out and whole(out[-1][0], c, follower)
        if joined:
            out[-1] = (joined, out[-1][1], end)
        else:
            out.append((c, start, end))
    return out


def whole(before: str, c: str, follower: str) -> str:
    """One character for two, by the composition of the standard library; a lead jamo without a vowel closes a syllable."""
    if "\u1100" <= c <= "\u1112" and "가" <= before <= "힣" and not "\u1161" <= (follower or " ") <= "\u1175":
        tails = {unicodedata.name(chr(t)).split()[-1]: chr(t) for t in range(0x11A8, 0x11C3)}
        c = tails.get(unicodedata.name(c).split()[-1], "")
    if not ("\u1161" <= c <= "\u11c2" or c in ("\u3099", "\u309a")):
        return ""
    composed = unicodedata.normalize("NFC", before + c)
    return composed if len(composed) == 1 else ""


@settings(max_examples=300, deadline=None)
@given(st.lists(ANYTHING | SURROGATES, max_size=6))
@example(["", "\n", "\u3099"])
@example(["ㅂㅕㄹ", "ㅂㅕㄹㅏ", "\u1100\u1161\u1100\u1161\u11a8\u11a8"])
def test_a_batch_is_folded_as_its_texts_and_each_as_a_plain_loop_would(texts):
    together = fold_many(texts)

    assert len(together) == len(texts)
    for text, many in zip(texts, together, strict=True):
        alone = fold(text)
        rows = list(zip(alone.text, alone.starts.tolist(), alone.ends.tolist(), strict=True))
        assert rows == slowly(text)
        assert rows == list(zip(many.text, many.starts.tolist(), many.ends.tolist(), strict=True))


@settings(max_examples=100, deadline=None)
@given(ANYTHING)
def test_folding_twice_changes_nothing_more_for_letters(text):
    once = compact(fold(text)).text

    assert compact(fold(once)).text == once


@settings(max_examples=150, deadline=None)
@given(st.lists(ANYTHING, min_size=1, max_size=5))
def test_every_view_points_into_its_text(texts):
    batch = batch_of(texts)

    assert len(batch.text) == len(batch.kinds) == len(batch.base.starts)
    for view in (batch.compact, batch.look, batch.sound, batch.spaced):
        assert len(view.text) == len(view.places)
        for character, place in zip(view.text, view.places.tolist(), strict=True):
            if place < len(batch.text) and character not in "\n ":
                number, start, end = batch.span(place, place + 1)
                assert 0 <= start < end <= len(texts[number])


def test_looks_cover_the_confusables_and_our_own():
    known = looks().stands_for

    assert len(known) > 900
    assert {known[c] for c in "аѕеорсху"} == set("aseopcxy")
    assert all(letters.isascii() and letters.isalpha() for letters in known.values())


def test_encodings_are_undone_with_their_places():
    text = "S&#116;ar %E6%98%9F <b>L</b>\\u706f"
    plain, starts, ends = undo(text)

    assert plain == "Star 星 L灯"
    assert text[starts[1] : ends[1]] == "&#116;"
    assert text[starts[5] : ends[5]] == "%E6%98%9F"
    assert undo("nothing encoded") is None
    assert undo("100% & <3") is None


def test_what_was_encoded_twice_is_undone_twice():
    text = "&amp;#83;tar<br>Lantern"
    plain, starts, ends = undo(text)

    assert plain == "Star Lantern"
    assert text[starts[0] : ends[0]] == "&amp;#83;"
