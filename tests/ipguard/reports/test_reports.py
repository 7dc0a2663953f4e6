"""Reports count by one rule, say everything in three languages, print what they can and name what they cannot."""

from __future__ import annotations

import html
import io
import json
import re
import tomllib
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files

import pytest
from console_data import HOSTILE, fill
from pypdf import PdfReader
from sqlalchemy import update

from ipguard.cases.store import add_alert, new_case
from ipguard.cases.tables import CaseExhibitRow
from ipguard.database.engine import reading, transaction
from ipguard.demo import art, products
from ipguard.errors import WrongUse
from ipguard.listings.tables import ListingPictureRow, ListingRow
from ipguard.reports.charts import SHADES, map_svg, shade, trend_svg
from ipguard.reports.figures import DIMENSIONS, WHAT, AlertFacts, belongs, figures, grouped, over_time
from ipguard.reports.making import Maker, make_case_report, make_summary, report_made
from ipguard.reports.markets import TILES, market_name, market_of
from ipguard.reports.model import LANGUAGES, Map, Market, Trend
from ipguard.reports.periods import MOST_STEPS, Period, period_of, steps
from ipguard.reports.rows import Only
from ipguard.wiring import PictureStore

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def alert(n: int, **more: object) -> AlertFacts:
    said = {
        "alert": n,
        "listing": n,
        "title": "t",
        "work": "w",
        "work_title": "W",
        "source": "s",
        "seller": "",
        "market": "JP",
        "found_at": NOON,
    }
    return AlertFacts(**{**said, **more})


def test_a_number_is_always_as_large_as_its_list_and_groups_add_up():
    rows = [
        alert(1, decision="infringing", decided_at=NOON + DAY, gone_at=NOON + 3 * DAY),
        alert(
            2, decision="infringing", decided_at=NOON + 2 * DAY, back_at=NOON + 5 * DAY, seller="b", market=""
        ),
        alert(3, decision="not_infringing", decided_at=NOON + DAY, gone_at=NOON + 2 * DAY),
        alert(
            4, found_at=NOON - 90 * DAY, decision="infringing", decided_at=NOON - 80 * DAY, gone_at=NOON + DAY
        ),
        alert(5),
    ]
    period = period_of("2026-11-24", "2026-11-30")
    told = figures(rows, period)
    assert dict(told.counts) == {
        "found": 4,
        "decided": 3,
        "infringing": 2,
        "not_infringing": 1,
        "gone": 2,
        "back": 1,
        "standing": 1,
    }
    assert (told.to_decision, told.to_gone) == (DAY, timedelta(days=41.5))
    for dimension in DIMENSIONS:
        for what in WHAT:
            assert (
                sum(g.figures.counts[what] for g in grouped(rows, period, dimension))
                == told.counts[what]
                == sum(belongs(one, what, period) for one in rows)
            )
    starts, series = over_time(rows, period, ("found", "gone"), now=NOON + 9 * DAY)
    assert (starts[0], starts[-1], sum(series["found"]), sum(series["gone"])) == (
        "2026-11-24",
        "2026-11-30",
        4,
        2,
    )
    assert figures([], Period()).to_decision is None


def test_steps_of_a_trend_are_few_and_cover_every_day():
    for days in (1, 30, 31, 200, 420, 421, 2000):
        found = list(steps(date(2026, 1, 1), date(2026, 1, 1) + timedelta(days=days - 1)))
        assert found[0] <= date(2026, 1, 1)
        assert len(found) <= max(MOST_STEPS + 1, days // 28 + 1)
        assert found == sorted(set(found))
    for since, until in (("2026-13-01", ""), ("2026-02-01", "2026-01-01")):
        with pytest.raises(WrongUse):
            period_of(since, until)


def test_a_market_is_told_by_settings_then_domain_then_currency_and_else_by_nothing():
    assert market_of("https://shop.example.co.uk", None, "USD") == "GB"
    assert market_of("https://shop.example.co.uk", "jp", "USD") == "JP"
    assert market_of("https://shop.io", None, "KRW") == "KR"
    assert market_of("https://shop.example", None, "USD") == market_of("http://[", None, "") == ""
    assert len(set(TILES.values())) == len(TILES)
    assert (market_name("JP", "zh"), market_name("JP", "ja"), market_name("", "en")) == ("日本", "日本", "")


def test_charts_escape_what_they_are_told_and_shade_by_share():
    svg = map_svg(
        Map((Market("JP", "<b>", 5), Market("BR", "Brazil", 0)), '"cap"'),
        link=lambda code: f"/r?m={code}&x=1",
    )
    assert "<b>" not in svg
    assert "/r?m=JP&amp;x=1" in svg
    assert [shade(n, 10) for n in (0, 1, 10)] == [0, 1, SHADES]
    assert "<script>" not in trend_svg(Trend(("<script>",), (("a", (0,)),), "c"))


def test_every_language_of_reports_says_the_same_with_the_same_placeholders():
    def said(language: str) -> dict[str, set[str]]:
        text = files("ipguard.reports").joinpath("words", f"{language}.toml").read_text("utf-8")
        flat: dict[str, set[str]] = {}
        for key, value in tomllib.loads(text).items():
            for name, words in value.items() if isinstance(value, dict) else [("", value)]:
                flat[f"{key}.{name}"] = set(re.findall(r"\{\w+\}", words))
        return flat

    assert said("zh") == said("en") == said("ja")


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Maker]:
    workspace, engine = fill(tmp_path_factory.mktemp("reports") / "ws", lambda: NOON, alerts=2)
    with transaction(engine) as session:
        session.get_one(ListingRow, 1).title = "=SUM(A1) 星灯 🔥 短袖T恤 ほし \u202e"
        photo = PictureStore(workspace.pictures).put(products.jpeg(art.emblem("star-lantern", size=64)))
        session.execute(
            update(ListingPictureRow).where(ListingPictureRow.listing_id == 1).values(sha256=photo)
        )
        case = int(str(new_case(session, HOSTILE, by="ana", now=NOON).id))
        add_alert(session, case, 1, by="ana", now=NOON)
        session.add(CaseExhibitRow(case_id=case, exhibit_id="0" * 8, number=9, added_at=NOON))
    yield Maker(workspace, engine, "ana", NOON)
    engine.dispose()


def test_the_same_case_at_the_same_moment_gives_the_same_pdf_which_names_what_it_cannot_draw(maker):
    first, again = (make_case_report(maker, 1, language="zh", form="pdf") for _ in range(2))
    assert first.data == again.data
    reader = PdfReader(io.BytesIO(first.data))
    text = "".join(page.extract_text() for page in reader.pages).replace("\n", "")
    assert "<U+1F525>" in text
    assert "U+1F525 FIRE" in text
    assert "<U+202E>" in text
    assert "短袖T恤" in text  # no space is put between the scripts
    told = json.loads(reader.attachments["report.json"][0])
    assert "🔥" in told["listings"][0]["title"]
    assert (
        b"pdfaid" in first.data
        or b"PDF/A" in reader.xmp_metadata.stream.get_data()
        or reader.xmp_metadata is not None
    )
    with reading(maker.database) as session:
        row = report_made(session, first.sha256)
        assert row is not None
        assert (row.kind, row.reference, row.language) == ("case", "CASE-0001", "zh")
    with pytest.raises(WrongUse):
        make_case_report(maker, 99, language="zh", form="pdf")
    with pytest.raises(WrongUse):
        make_case_report(maker, 1, language="fr", form="pdf")


def test_a_case_as_one_html_file_loads_nothing_and_runs_nothing(maker):
    for language in LANGUAGES:
        page = make_case_report(maker, 1, language=language, form="html").data.decode()
        assert "<script" not in page
        assert re.findall(r'(?:src|href)="(?!data:image/jpeg;base64,)', page) == []
        assert "default-src 'none'" in html.unescape(page)
        assert "🔥" in page


def test_a_workbook_holds_no_formula_and_is_the_same_twice(maker):
    first, again = (make_summary(maker, Period(), Only(), language="en", form="xlsx") for _ in range(2))
    assert first.data == again.data
    with zipfile.ZipFile(io.BytesIO(first.data)) as book:
        sheets = "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))
        assert "<f>" not in sheets
        assert "'=SUM(A1)" in sheets
        assert any(name.endswith((".jpg", ".jpeg")) for name in book.namelist())
    assert make_summary(maker, Period(), Only(market="JP"), language="ja", form="pdf").data.startswith(
        b"%PDF-1.7"
    )
