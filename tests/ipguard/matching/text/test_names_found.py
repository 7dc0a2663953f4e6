"""What a finding rests on and says: context, negation, fields, places; and what bad input and long input come to."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipguard.matching.reasons import LANGUAGES, render
from ipguard.matching.score import verdicts
from ipguard.matching.text.matcher import TextMatcher
from ipguard.matching.text.names import WatchedName
from ipguard.rights.work import NameKind

WORKS = {
    "star-lantern": [("Star Lantern", "en"), ("星灯", "zh"), ("ほしのランタン", "ja"), ("별등", "ko"), ("Звёздный фонарь", "ru"),
                     ("โคมดาว", "th"), ("Đèn Sao Đêm", "vi"), ("فانوس النجوم", "ar")],
    "moss-courier": [("Moss Courier", "en"), ("苔邮差", "zh"), ("苔の配達人", "ja"), ("이끼 배달부", "ko"), ("Моховой курьер", "ru")],
    "thunderpaw": [("Thunderpaw", "en"), ("雷霆之爪", "zh"), ("サンダーポウ", "ja")],
    "velvet-9": [("Velvet Nine", "en"), ("天鹅绒九号", "zh")],
}  # fmt: skip
NAMES = [WatchedName(work, text, lang) for work, names in WORKS.items() for text, lang in names]
NAMES.append(WatchedName("star-lantern", "Mira", "en", NameKind.CHARACTER, needs_context=True))
MATCHER = TextMatcher(NAMES)

LATIN = ["Star Lantern", "Moss Courier", "Thunderpaw", "Velvet Nine"]
CJK = ["苔邮差", "雷霆之爪", "天鹅绒九号", "サンダーポウ", "苔の配達人", "ほしのランタン"]
FRAMES = [
    "{} t-shirt unisex",
    "NEW {} poster A3 free shipping",
    "【現貨】{} 周边",
    "{} фигурка",
    "{}",
    "{} グッズ 新品",
]


def found(text: str) -> bool:
    best = verdicts(MATCHER.match_texts([text])[0])
    return bool(best and best[0].match)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("Mira", False),
        ("Mira T-shirt", True),
        ("Мira", True),
        ("M1ra poster", True),
        ("Mira sink cabinet", False),
        ("角色 Mira 立牌", True),
    ],
)
def test_a_name_that_needs_context_gets_it_or_is_obfuscated(text, match):
    assert found(text) is match


@pytest.mark.parametrize(
    "text", ["Star Lantern review: the best anime of the year", "新闻：星灯 第二季 采访"]
)
def test_editorial_text_is_demoted(text):
    assert not found(text)


def test_goods_in_an_editorial_are_goods():
    assert found("Star Lantern review poster, unofficial")


def test_every_work_and_layer_is_told_with_its_reason():
    (findings,) = MATCHER.match_texts(["Ѕtаr Lаntеrn mug and Moss Courier poster"])

    assert {(f.work, f.place.layer) for f in findings} == {
        ("star-lantern", "lookalike"),
        ("moss-courier", "exact"),
    }
    assert all(f.reason.code == f"text.{f.place.layer}" for f in findings)


def test_fields_have_their_own_weight():
    by_field = {
        field: max(f.strength for f in MATCHER.match_listing({field: "Star Lantern"}))
        for field in ("title", "description", "seller")
    }
    assert by_field["title"] > by_field["description"] > by_field["seller"]


HOSTILE = ["a", "*", "星", "\u202e", "\u0301", "S", "&#", "<b", "%E6", "s t a r ", "\ud800", "Star Lantern ", "*t*r ", "ｶﾞ", "\u1100", "st@r ",
           "Lantern Star ", "Star Lantrn ", "xingdeng", "兴灯", "лантерн ", "S***********", "星某", "thunderpa", "&amp;", "\\u0041", "no official "]  # fmt: skip


def work(text: str) -> int:
    """Stretches that the matcher looked at in one text."""
    before = MATCHER.steps
    MATCHER.match_listing({"title": text, "description": text[:1000]})
    return MATCHER.steps - before


@pytest.mark.parametrize("piece", HOSTILE, ids=ascii)
def test_hostile_texts_cost_in_proportion_to_their_length(piece):
    small, large = work(piece * 1_000), work(piece * 8_000)

    assert large <= 10 * small + 1_000
    assert large <= 20 * 8_000 * len(piece)


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters() | st.sampled_from("*●#Ss星灯 tarLn4@·&;<b%"), min_size=1, max_size=12))
def test_no_repetition_makes_more_work_than_it_is_long(piece):
    small, large = work(piece * 200), work(piece * 1_600)

    assert large <= 10 * small + 1_000


def test_every_cap_that_bites_is_told():
    long, often = "x" * 200_001 + " Star Lantern", "Star Lantern " * 3_000
    (cut,), (many,) = (
        [reading.limits for reading in MATCHER.read([{"title": text}])] for text in (long, often)
    )

    assert [(one.code, one.values["limit"]) for one in cut] == [("text.cut", 200_000)]
    assert {one.code for one in many} == {"text.many_hits", "text.many_findings"}
    assert all(render(one, language) for one in (*cut, *many) for language in LANGUAGES)
    assert MATCHER.read([{"title": "Star Lantern"}])[0].limits == ()


def test_a_watchlist_too_long_for_every_layer_says_which_is_left_out():
    names = [
        WatchedName("w", f"{a}{b}{c}{d}", "zh")
        for a in "星灯苔雷霆"
        for b in "潮狐岚霜烬鲸澜墨羽瑶"
        for c in "琉璃凛渊樱砚珀翎焰雾"
        for d in "霞棠鹿薄荷黎曜晷槐岭鹤门人水火山石田土木禾"
    ]
    names += [WatchedName("w", f"星{n}灯", "zh") for n in range(20)]

    assert [one.code for one in TextMatcher(names).restrictions] == ["text.restricted_similar"]
    (told,) = TextMatcher([WatchedName("w", "x" * 5_000, "en")]).restrictions
    assert render(told) == "1 names are longer than 200 characters and are not looked for"
    assert MATCHER.restrictions == ()


@pytest.mark.parametrize("odd", ["", " ", "™", "\u200b", "a", "星", "\ud800", "x" * 5_000, "a b c d e f g"])
def test_an_odd_name_on_the_watchlist_harms_no_other(odd):
    matcher = TextMatcher([WatchedName("odd", odd, "en"), WatchedName("odd", odd, "en"), *NAMES])
    (findings,) = matcher.match_texts(["Star Lantern mug"])

    assert "star-lantern" in {finding.work for finding in findings}
    assert all(v.work == "star-lantern" for v in verdicts(findings) if v.match)


@pytest.mark.parametrize(
    "text",
    [
        "\ud800Star Lantern\udfff",
        "\u202eStar Lantern\u202c",
        "a" * 1_000_000 + " Star",
        "\x00Star\x00 Lantern",
        "",
    ],
)
def test_bad_input_has_a_bounded_answer(text):
    (reading,) = MATCHER.read([{"title": text}])

    assert all(text[f.place.start : f.place.end] == f.place.text for f in reading.findings)
    assert ("Star Lantern" in text.replace("\x00", "")) == bool(reading.findings)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "Star Lantern mug",
                "Ѕtar Lаntern",
                "星灯 周边",
                "\n",
                "",
                "Star",
                "Lantern",
                "雷",
                "霆之爪",
                "ｶﾞ",
                "a&#98;",
                "x\ud800",
            ]
        ),
        max_size=7,
    )
)
def test_many_listings_at_once_are_read_as_one_by_one(texts):
    listings = [{"title": text, "description": text[::-1]} for text in texts]

    assert MATCHER.match_listings(listings) == [MATCHER.match_listing(one) for one in listings]


def test_a_finding_says_which_characters_were_changed():
    (findings,) = MATCHER.match_texts(["新 Ѕt4r L\u200bаntern 挂件"])
    changed = findings[0].place.changed

    assert [(one.text, one.stands_for) for one in changed] == [("Ѕ", "s"), ("4", "a"), ("а", "a")]
    assert all("新 Ѕt4r L\u200bаntern 挂件"[one.start : one.end] == one.text for one in changed)


@pytest.mark.parametrize(
    ("text", "negated"),
    [
        ("Star Lantern not official plush", True), ("Star Lantern unofficial plush", True), ("Star Lantern no es oficial peluche", True), ("星灯 非正版 手办", True),
        ("星灯 不是官方 手办", True), ("Star Lantern official plush", False), ("ほしのランタン 公式ではない グッズ", True), ("별등 공식 아님 굿즈", True), ("Звёздный фонарь не официальный брелок", True),
        ("Star Lantern pas officiel peluche", True), ("Star Lantern nicht offiziell Figur", True), ("Star Lantern não oficial caneca", True), ("Star Lantern non ufficiale tazza", True),
        ("Star Lantern bukan resmi kaos", True), ("Đèn Sao Đêm không chính hãng", True), ("فانوس النجوم غير رسمي دمية", True), ("Star Lantern resmi değil kupa", True), ("โคมดาว ไม่ใช่ของแท้", True),
    ],
)  # fmt: skip
def test_a_negated_official_is_not_official(text, negated):
    strong = max(finding.strength for finding in MATCHER.match_texts([text])[0])

    assert (strong >= 0.85) is negated


def test_words_of_the_owner_decide_about_a_name():
    matcher = TextMatcher([WatchedName("w", "Nimbus", "en", required=("brush",), none_of=("cloud",))])

    assert [
        bool(f) for f in matcher.match_texts(["Nimbus brush pen", "Nimbus pen", "Nimbus cloud brush"])
    ] == [True, False, False]


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=80))
def test_any_text_gives_findings_inside_it(text):
    for finding in MATCHER.match_listing({"title": text, "description": text})[:50]:
        assert text[finding.place.start : finding.place.end] == finding.place.text


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(LATIN + CJK), st.sampled_from(FRAMES))
def test_the_plain_name_is_found_as_a_loop_would_find_it(name, frame):
    text = frame.format(name)
    places = {(f.place.start, f.place.end) for f in MATCHER.match_texts([text])[0]}

    assert (text.index(name), text.index(name) + len(name)) in places


def test_the_tool_reads_lines_and_loses_none(tmp_path):
    watchlist = tmp_path / "w.toml"
    names = ", ".join(f'{{ text = "{t}", lang = "{lang}" }}' for t, lang in WORKS["star-lantern"][:3])
    watchlist.write_text(
        f'[[work]]\nid = "star-lantern"\ntitle = "Star Lantern"\nowner = "x"\nnames = [{names}]\n', "utf-8"
    )
    lines = [
        '{"id": 1, "text": "星灯 周边"}'.encode(), b"nonsense", b'{"id": 3}', b'{"id": 4, "text": "teapot"}', b"[" * 100_000, b'{"id": 6, "text": "\xff"}',
        b'{"id": 7, "text": "' + b"x" * 4_000_000 + b'"}', b'{"id": 8, "text": "S\\ud800tar Lantern"}', b'{"id": 9, "text": "' + b"x " * 150_000 + b'"}',
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "ipguard", "match", "text", "--watchlist", str(watchlist), "--json"],
        input=b"\n".join(lines), capture_output=True, check=False,
    )  # fmt: skip
    rows = [json.loads(line) for line in done.stdout.splitlines()]

    assert done.returncode == 2
    assert Counter("error" in row for row in rows) == {False: 4, True: 5}
    assert [row["line"] for row in rows if "error" in row] == [2, 3, 5, 6, 7]
    assert rows[0]["match"] is True
    assert rows[0]["findings"][0]["why_zh"].startswith("标题中的“星灯”")
    assert rows[7]["findings"][0]["start"] == 0
    assert rows[8]["limits"] == ["Only the first 200000 characters of the title were read"]
