"""Offers are told from talk about them: the development set under random names, and what must never be reported."""

import json
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipguard.alerts.findings import from_row, to_row
from ipguard.matching.finding import PagePlace
from ipguard.matching.pages.matcher import PageMatcher, official_hosts
from ipguard.matching.pages.page import MAX_TEXT, Link, Page
from ipguard.matching.pages.reading import page_of_html, page_of_row
from ipguard.matching.reasons import LANGUAGES, render
from ipguard.matching.score import verdicts
from ipguard.matching.text.names import WatchedName
from ipguard.rights.work import Work

ROWS = [json.loads(line) for line in Path("tests/vectors/pages/pages.jsonl").read_text("utf-8").splitlines()]
OFFICIAL = {"w": ("owner-official.example",)}
SERVERS = {"private_server", "server_emulator"}
LETTERS = {
    "zh": "星苔狐潮雷岚霜砂铃樱槐鹭琥珀澜",
    "ja": "ホシコケキツネナミユメカゼ",
    "ko": "별이끼여우파도꿈바람달숲",
    "th": "ดาวหมอกลมฝนป่าทราย",
    "ru": "звмолнксартвеби",
}
SYLLABLES = [
    "ka",
    "mi",
    "no",
    "ru",
    "ta",
    "shi",
    "velo",
    "tron",
    "mar",
    "lux",
    "ven",
    "dor",
    "pix",
    "bel",
    "zar",
    "quo",
    "fen",
]


def name_for(language: str, dice: random.Random) -> str:
    letters = LETTERS.get(language.split("-")[0])
    if letters is None:
        return " ".join("".join(dice.choices(SYLLABLES, k=3)).title() for _ in range(2))
    return "".join(dice.choices(letters, k=8 if language in ("ru", "th") else 4)).title()


def judged(seed: int):
    """Each row of the set under a random name: row, verdict, sort of offer."""
    dice = random.Random(seed)
    names = {row["lang"]: name_for(row["lang"], dice) for row in ROWS}
    matcher = PageMatcher([WatchedName("w", text, lang) for lang, text in names.items()], OFFICIAL)
    for row in ROWS:
        filled = json.loads(json.dumps(row).replace("{N}", json.dumps(names[row["lang"]])[1:-1]))
        best = next(
            (f.place for f in matcher.match_page(page_of_row(filled)) if isinstance(f.place, PagePlace)), None
        )
        yield row, best.verdict if best else "none", best.offer if best else ""


@pytest.fixture(scope="module", params=(1, 2))
def results(request):
    return list(judged(request.param))


def test_the_set_is_large_enough_and_of_every_kind_and_language():
    wanted = [row for row in ROWS if row["expect"] == "report"]

    assert len(wanted) >= 60
    assert len(ROWS) - len(wanted) >= 60
    assert {row["offer"] for row in wanted} == {*SERVERS, "cheat", "pirated_client", "mirror"}
    assert len({row["lang"] for row in wanted}) >= 13


def test_precision_and_recall_stay_above_their_floors(results):
    told = Counter((row["expect"], verdict == "report") for row, verdict, _ in results)
    right, wrong, missed = told["report", True], told["none", True], told["report", False]

    assert right / (right + wrong) >= 0.95
    assert right / (right + missed) >= 0.92


def test_what_is_offered_is_told(results):
    wrong = [
        (row["id"], offer)
        for row, verdict, offer in results
        if row["expect"] == verdict == "report"
        and offer != row["offer"]
        and not {offer, row["offer"]} <= SERVERS
    ]

    assert len(wrong) <= 0.03 * len(results), wrong


def test_news_courts_help_and_questions_are_never_reported(results):
    never = {"court", "news", "troubleshooting", "question", "official"}

    assert [
        row["id"] for row, verdict, _ in results if row.get("family") in never and verdict == "report"
    ] == []


MATCHER = PageMatcher(
    [WatchedName("moss", "Moss Courier", "en"), WatchedName("moss", "苔邮差", "zh"), WatchedName("star", "Star Lantern", "en")],
    {"moss": ("mosscourier.example",), "star": ()},
)  # fmt: skip


def verdict(page: Page) -> str:
    found = MATCHER.match_page(page)
    return found[0].place.verdict if found else "nothing"


ONE_GROUP = {
    "the name": Page("https://a.example", "Moss Courier", "Moss Courier is out."),
    "chat": Page("https://a.example", "Moss Courier", "Join our Discord https://discord.gg/a"),
    "money": Page("https://a.example", "Moss Courier", "Donate with PayPal https://paypal.me/a"),
    "download": Page("https://a.example", "Moss Courier", "Download client https://a.example/client.zip"),
    "no name": Page(
        "https://a.example", "Private server", "GM commands, x100 exp, donate, https://discord.gg/a"
    ),
}


@pytest.mark.parametrize("what", ONE_GROUP)
def test_nothing_is_reported_on_one_group_alone(what):
    assert verdict(ONE_GROUP[what]) in ("nothing", "none", "review")


def test_a_fan_site_with_chat_shop_and_download_is_not_reported():
    text = "Guides and builds. Join our Discord, donate on Patreon, download our wallpaper pack: https://a.example/w.zip"

    assert verdict(Page("https://a.example", "Moss Courier fan site", text)) == "nothing"


def test_official_traffic_sent_to_a_local_server_is_reported():
    text = "Moss Courier local play\n127.0.0.1 api.mosscourier.example\nRun it and log in with any name."

    (found,) = MATCHER.match_page(Page("https://a.example", "", text))

    assert found.place.verdict == "report"
    assert "official_redirected" in {sign.cue for sign in found.place.signs}


def test_a_confirmed_label_makes_a_report():
    page = Page("https://github.com/a/b", "a/b", "Moss Courier private server", labels=("status:451",))

    assert verdict(page) == "report"


def test_the_owner_is_never_reported():
    text = (
        "Moss Courier private server x100 exp, download client, donate, join our Discord https://discord.gg/a"
    )

    assert verdict(Page("https://play.mosscourier.example/x", "Moss Courier private server", text)) == "none"
    assert (
        verdict(Page("https://mosscourier.example.evil.example/x", "Moss Courier private server", text))
        == "report"
    )


@pytest.mark.parametrize(
    "written",
    ["Private-Server", "PRIVATE   SERVER", "Ｐｒｉｖａｔｅ Ｓｅｒｖｅｒ", "private\u200b server", "#PrivateServer", "私 服", "私-服", "私伺服器", "프리 서버"],
)  # fmt: skip
def test_words_are_found_however_they_are_written(written):
    text = f"Moss Courier {written} https://discord.gg/a"

    assert verdict(Page("https://a.example", "Moss Courier", text)) == "report"


@pytest.mark.parametrize(
    "said",
    ["no private servers here", "This is not a private server", "anti private server measures", "Sharing a private server gets you banned"],
)  # fmt: skip
def test_what_is_denied_or_forbidden_is_no_offer(said):
    text = f"Moss Courier fan club. {said}. Join our Discord https://discord.gg/a"

    assert verdict(Page("https://a.example", "Moss Courier", text)) in ("nothing", "none")


def test_a_mention_on_a_page_about_something_else_is_not_reported():
    text = "A private server with x50 exp, vote and donate. https://discord.gg/a " + "Our story. " * 90
    text += "The author also likes Moss Courier."

    assert verdict(Page("https://a.example", "Ember private server", text)) in ("nothing", "none")


def test_a_name_that_could_be_anything_counts_only_beside_what_is_offered():
    matcher = PageMatcher([WatchedName("w", "Mira", "en", needs_context=True)], {})
    far = Page(
        "https://a.example",
        "Ember private server",
        "x100 exp https://discord.gg/a " + "So. " * 50 + "By Mira.",
    )
    near = Page("https://a.example", "Mira private server", "x100 exp https://discord.gg/a")

    assert all(f.place.verdict != "report" for f in matcher.match_page(far))
    assert [f.place.verdict for f in matcher.match_page(near)] == ["report"]


def test_two_works_on_one_page_are_judged_by_themselves():
    text = "Moss Courier private server: download client, join our Discord. " + "News of the week. " * 80
    found = MATCHER.match_page(
        Page("https://a.example", "Moss Courier", text + "Star Lantern got a trailer.")
    )

    assert [(f.work, f.place.verdict) for f in found] == [("moss", "report")]


def test_signs_point_at_the_original_characters():
    page = Page(
        "https://a.example", "苔邮差　私服", "上线送满级！　ＧＭ后台 https://discord.gg/a QQ群：123456789"
    )
    (found,) = MATCHER.match_page(page)
    fields = {"title": page.title, "text": page.text}
    placed = [sign for sign in found.place.signs if sign.field in fields]

    assert {sign.group for sign in placed} >= {"name", "mechanics", "community"}
    assert all(fields[sign.field][sign.start : sign.end] == sign.text for sign in placed)


PIECES = ["Moss Courier", "私服", "private server", "no ", "x100 exp", "https://discord.gg/a", "\ud800", "\u202e", "！", "吗？", "127.0.0.1 ", "ａｐｋ", "ﷺ", "ｶﾞ"]  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES) | st.text(max_size=12), max_size=14).map("".join), st.text(max_size=30)
)
def test_any_page_is_answered_and_spans_hold(text, url):
    page = Page(url, "Moss Courier private server", text, links=(Link(url),), labels=(url,))

    for found in MATCHER.match_page(page):
        fields = {"title": page.title, "text": page.text}
        for sign in found.place.signs:
            if sign.field in fields:
                assert fields[sign.field][sign.start : sign.end] == sign.text


def test_a_page_of_one_repeated_word_is_cut_and_told():
    page = Page("https://a.example", "Moss Courier", "private server " * 400_000, labels=("x",) * 10_000)
    (found,) = MATCHER.match_page(page)

    assert found.place.cut == ("text", "labels")
    assert len(found.place.signs) < 100
    assert found.place.verdict == "review"


@pytest.mark.parametrize("piece", ["1", "a-", "a.b.", "x10 ", "1.2.3.4:80 ", "QQ群 ", "private a ", "第1-"])
def test_a_page_of_one_repeated_piece_is_answered(piece):
    """A pattern that is not linear would never come back from these."""
    page = Page("https://a.example", "Moss Courier private server", piece * (MAX_TEXT // len(piece)))
    assert len(MATCHER.match_page(page)) <= 1


def test_a_hundred_thousand_links_are_cut_and_told():
    links = tuple(Link(f"https://mega.nz/file/{n}") for n in range(100_000))
    (found,) = MATCHER.match_page(Page("https://a.example", "Moss Courier private server", "x", links=links))

    assert found.place.cut == ("links",)
    assert found.place.verdict == "report"


def test_five_megabytes_of_html_are_read_in_part():
    body = b"<title>Moss Courier private server</title>" + b"<p>one <b>two</b> three</p>" * 200_000
    page = page_of_html(body, url="https://a.example")

    assert "body" in page.cut
    assert len(page.text) <= MAX_TEXT
    assert MATCHER.match_page(page)[0].place.cut == page.cut


def test_a_finding_survives_being_kept():
    (found,) = MATCHER.match_page(Page("https://a.example", "苔邮差私服", "GM后台 加群 QQ群：123456789"))

    assert from_row(to_row(found, 1, 1), found.work) == found


def test_only_a_report_raises_an_alert():
    report = MATCHER.match_page(Page("https://a.example", "苔邮差私服", "GM后台 QQ群：123456789"))
    review = MATCHER.match_page(Page("https://a.example", "Moss Courier private server", "It is fun."))
    asked = MATCHER.match_page(Page("https://a.example", "Moss Courier private server?", "Is there one?"))

    assert verdicts(report)[0].match
    assert not verdicts(review)[0].match
    assert not verdicts(asked)[0].match
    assert asked[0].place.demoted == ("question",)


@pytest.mark.parametrize("language", LANGUAGES)
def test_reasons_are_sentences_in_every_language(language):
    (found,) = MATCHER.match_page(Page("https://a.example", "苔邮差私服", "GM后台 QQ群：123456789"))

    assert "苔邮差" in render(found.reason, language)
    assert "{" not in render(found.reason, language)


def test_official_hosts_are_whole_hosts_not_sellers_on_a_marketplace():
    sellers = ("shop.moss.example", "market.example/moss", "Moss Official")
    work = Work("moss", "Moss", "O", official_sellers=sellers, official_domains=("moss.example",))

    assert official_hosts([work]) == {"moss": ("moss.example", "shop.moss.example")}


def test_the_command_answers_one_line_a_page(tmp_path):
    watchlist = tmp_path / "w.toml"
    watchlist.write_text(
        '[[work]]\nid = "moss"\ntitle = "Moss Courier"\nowner = "O"\n[[work.names]]\ntext = "Moss Courier"\nlang = "en"\n'
    )
    saved = tmp_path / "page.html"
    saved.write_text(
        "<title>Moss Courier private server</title><p>x100 exp <a href='https://discord.gg/a'>join</a>"
    )
    lines = [
        json.dumps({"id": 1, "url": "https://a.example", "title": "Moss Courier mug", "text": "350 ml"}),
        json.dumps(
            {
                "id": 2,
                "url": "https://a.example",
                "title": "Moss Courier private server",
                "html": "<a href='/c.apk'>client</a>",
                "links": [],
            }
        ),
        "{broken",
        json.dumps({"id": 4}),
    ]
    run = subprocess.run(
        [sys.executable, "-m", "ipguard", "match", "pages", "--watchlist", watchlist, "--json", saved, "-"],
        input="\n".join(lines), capture_output=True, text=True, check=False,
    )  # fmt: skip
    rows = [json.loads(line) for line in run.stdout.splitlines()]

    assert run.returncode == 2
    assert [(r.get("path", r.get("id")), r.get("verdict"), "error" in r) for r in rows] == [
        (str(saved), "report", False), (1, "none", False), (2, "report", False), (None, None, True), (None, None, True),
    ]  # fmt: skip
    assert rows[0]["kind"] == "private_server"
    assert rows[0]["groups"]["community"] == ["https://discord.gg/a"]
