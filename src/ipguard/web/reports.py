"""Reports: what was found and what became of it; every number opens the list that it counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from markupsafe import Markup

from ipguard.database.engine import reading, transaction
from ipguard.errors import WrongUse
from ipguard.people.audit import audit
from ipguard.people.rights import Right
from ipguard.reports import charts
from ipguard.reports.figures import DIMENSIONS, WHAT, belongs, figures, grouped, over_time
from ipguard.reports.making import Maker, make_summary
from ipguard.reports.markets import market_name
from ipguard.reports.model import FORMATS, Trend
from ipguard.reports.model import LANGUAGES as REPORT_LANGUAGES
from ipguard.reports.periods import Period, period_of
from ipguard.reports.rows import Only, alert_facts, sources_and_works
from ipguard.reports.summary_report import DRAWN, market_map, name_of, period_words
from ipguard.reports.words import speaker
from ipguard.web.desk import desk_of

router = APIRouter()
MOST_ROWS = 25
"""Of a table on the screen; the list and the workbook have them all."""
PAGE = 50
SPANS = (7, 30, 90, 365)
"""Periods that are one click away, days until today."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for."""

    period: Period
    only: Only

    def query(self, **changes: str) -> str:
        """The same with some things changed, as an address has it."""
        given = {
            "since": str(self.period.since or ""),
            "until": str(self.period.until or ""),
            "source": self.only.source,
            "work": self.only.work,
            "seller": "none" if self.only.no_seller else self.only.seller,
            "market": self.only.market,
        }
        return urlencode({name: value for name, value in (given | changes).items() if value})


@router.get("/reports")
def reports(
    request: Request,
    since: str = "",
    until: str = "",
    source: str = "",
    work: str = "",
    seller: str = "",
    market: str = "",
) -> Response:
    """Figures of a period."""
    desk = desk_of(request)
    desk.require(request)
    asked = _asked(since, until, source, work, seller, market)
    now = desk.now()
    say = speaker("zh" if desk.language(request).startswith("zh") else "en")
    with reading(desk.engine) as session:
        alerts = alert_facts(session, asked.only)
        sources, works = sources_and_works(session)
    markets = grouped(alerts, asked.period, "market")
    starts, series = over_time(alerts, asked.period, DRAWN, now=now)
    trend = Trend(
        starts,
        tuple((say(f"what.{what}"), numbers) for what, numbers in series.items()),
        say("trend_caption"),
    )
    told = market_map(markets, say)

    def link(code: str) -> str:
        return f"/reports/list?{asked.query(what='standing', market=code)}"

    whole = figures(alerts, asked.period)
    return desk.page(
        request,
        "reports.html",
        {
            "asked": asked, "say": say, "whole": whole, "what": WHAT, "told_period": period_words(asked.period, say),
            "tables": [(d, grouped(alerts, asked.period, d)) for d in DIMENSIONS[:-1]],
            "markets": markets, "map": Markup(charts.map_svg(told, link=link)), "map_caption": told.caption,  # noqa: S704
            "trend": Markup(charts.trend_svg(trend)),  # noqa: S704 — escaped where it is drawn
            "trend_told": trend, "key": lambda n: Markup(charts.key_svg(n)),  # noqa: S704
            "name_of": name_of, "key_of": _key_of, "sources": sources, "works": works, "most_rows": MOST_ROWS,
            "spans": [(days, str(now.date() - timedelta(days=days - 1))) for days in SPANS],
            "report_languages": REPORT_LANGUAGES, "formats": FORMATS,
            "market_options": [(g.key or "none", name_of(g, "market", say)) for g in markets],
        },
    )  # fmt: skip


@router.get("/reports/list")
def listed(
    request: Request,
    what: str = "found",
    since: str = "",
    until: str = "",
    source: str = "",
    work: str = "",
    seller: str = "",
    market: str = "",
    after: int = 0,
) -> Response:
    """The alerts that a number counts, newest first."""
    desk = desk_of(request)
    desk.require(request)
    if what not in WHAT:
        raise WrongUse("There is no such number.")
    asked = _asked(since, until, source, work, seller, market)
    language = desk.language(request)
    say = speaker("zh" if language.startswith("zh") else "en")
    with reading(desk.engine) as session:
        counted = [one for one in alert_facts(session, asked.only) if belongs(one, what, asked.period)]
    rest = [one for one in counted if not after or one.alert < after]
    shown = rest[:PAGE]
    older = f"/reports/list?{asked.query(what=what, after=str(shown[-1].alert))}" if len(rest) > PAGE else ""
    return desk.page(
        request,
        "report_list.html",
        {
            "asked": asked, "what": what, "say": say, "total": len(counted), "shown": shown, "older": older,
            "first": f"/reports/list?{asked.query(what=what)}" if after else "",
            "told_period": period_words(asked.period, say),
            "market_of": lambda code: market_name(code, say.language) if code else say("unknown_market"),
        },
    )  # fmt: skip


@router.post("/reports/file")
def report_file(
    request: Request,
    token: str = Form(),
    language: str = Form("en"),
    form: str = Form("pdf"),
    since: str = Form(""),
    until: str = Form(""),
    source: str = Form(""),
    work: str = Form(""),
    seller: str = Form(""),
    market: str = Form(""),
) -> Response:
    """The figures as PDF, HTML or workbook; the digest goes on record."""
    desk = desk_of(request)
    who = desk.act(request, token, Right.EXPORT)
    asked = _asked(since, until, source, work, seller, market)
    maker = Maker(desk.workspace, desk.engine, who.by, desk.now())
    made = make_summary(maker, asked.period, asked.only, language=language, form=form)
    with transaction(desk.engine) as session:
        audit(session, who, "report.summary", "", {"file": made.name}, desk.now())
    headers = {"Content-Disposition": f'attachment; filename="{made.name}"'}
    return Response(made.data, media_type=made.media_type, headers=headers)


def _asked(since: str, until: str, source: str, work: str, seller: str, market: str) -> Asked:
    """What the address asks for; `none` is a seller or a market that is not told."""
    named = "" if seller == "none" else seller
    only = Only(source, work, named, market, no_seller=seller == "none")
    return Asked(period_of(since, until), only)


def _key_of(dimension: str, key: str) -> Mapping[str, str]:
    """What an address has for one source, work, seller or market."""
    return {dimension: key or "none"}
