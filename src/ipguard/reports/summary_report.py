"""The report of a period: figures, where they come from, and the markets on a map. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from ipguard.reports.figures import DIMENSIONS, WHAT, AlertFacts, Group, belongs, figures, grouped, over_time
from ipguard.reports.markets import market_name
from ipguard.reports.model import (
    Block,
    Counts,
    Facts,
    Lines,
    Map,
    Market,
    Report,
    Section,
    Table,
    Text,
    Trend,
)
from ipguard.reports.periods import Period
from ipguard.reports.rows import Only
from ipguard.reports.words import Speaker, speaker

DRAWN = ("found", "infringing", "gone")
"""What the trend shows."""
MOST_ROWS = 40
"""Of a table of the printed report; the workbook has them all."""


def summary_report(
    alerts: Sequence[AlertFacts],
    period: Period,
    only: Only,
    language: str,
    *,
    at: datetime,
    by: str,
    organisation: str = "",
) -> Report:
    """The report of a period in a language.

    Raises:
        WrongUse: reports are not made in it.
    """
    say = speaker(language)
    told = period_words(period, say)
    whole = figures(alerts, period)
    facts = [(say("period"), (Text(told),))]
    if organisation:
        facts.insert(0, (say("organisation"), (Text(organisation),)))
    facts += [(say(name), (Text(value),)) for name, value in limits(only, say)]
    counts = [(say(f"what.{what}"), f"{whole.counts[what]:,}") for what in WHAT]
    spans = [(say("to_decision"), say.span(whole.to_decision)), (say("to_gone"), say.span(whole.to_gone))]
    starts, series = over_time(alerts, period, DRAWN, now=at)
    trend = Trend(
        starts,
        tuple((say(f"what.{what}"), numbers) for what, numbers in series.items()),
        say("trend_caption"),
    )
    markets = grouped(alerts, period, "market")
    sections = [
        Section("", (Facts(tuple(facts)), Counts((*counts, *spans)))),
        Section(say("trend"), (trend,)),
        Section(say("map"), (market_map(markets, say), _table(markets, "market", say))),
    ]
    for dimension in DIMENSIONS[:-1]:
        rows = grouped(alerts, period, dimension)
        blocks: list[Block] = [_table(rows[:MOST_ROWS], dimension, say)]
        if len(rows) > MOST_ROWS:
            blocks.append(Lines((Text(say("more_rows", n=len(rows) - MOST_ROWS)),)))
        sections.append(Section(say(f"by.{dimension}"), tuple(blocks)))
    meaning = tuple(Text(f"{say(f'what.{what}')}: {say(f'meaning.{what}')}") for what in WHAT)
    sections.append(
        Section(say("meaning_title"), (Lines((*meaning, Text(say("meaning_end"))), points=True),))
    )
    reference = f"SUMMARY-{at:%Y%m%d}"
    return Report(
        kind="summary",
        language=language,
        label=say("summary_report"),
        title=Text(say("summary_title")),
        subtitle=told,
        reference=reference,
        at=at,
        by=by,
        foot=f"{say('summary_title')} · {told} · {at:%Y-%m-%d %H:%M} UTC",
        sections=tuple(sections),
        data=_data(alerts, period, only, reference, at),
    )


def period_words(period: Period, say: Speaker) -> str:
    """A period in words."""
    if period.since and period.until:
        return f"{period.since} – {period.until}"
    if period.since:
        return say("since", day=period.since)
    return say("until", day=period.until) if period.until else say("always")


def limits(only: Only, say: Speaker) -> list[tuple[str, str]]:
    """What a report is limited to: key of its name, value as people read it."""
    market = say("unknown_market") if only.market == "none" else market_name(only.market, say.language)
    given = {"source": only.source, "work": only.work, "seller": only.seller, "market": market}
    if only.no_seller:
        given["seller"] = say("unknown_seller")
    return [(name, value) for name, value in given.items() if value]


def name_of(group: Group, dimension: str, say: Speaker) -> str:
    """What a group is called: a market by its name, an unknown one as such."""
    if dimension == "market":
        return market_name(group.key, say.language) if group.key else say("unknown_market")
    return group.name or say("unknown_seller")


def market_map(markets: Sequence[Group], say: Speaker) -> Map:
    """The markets as tiles; a shade stands for copies that are still offered."""
    tiles = tuple(
        Market(group.key, name_of(group, "market", say), group.figures.counts["standing"])
        for group in markets
        if group.key
    )
    return Map(tiles, say("map_caption"))


def _table(rows: Sequence[Group], dimension: str, say: Speaker) -> Block:
    if not rows:
        return Lines((Text(say("nothing_counted")),))
    head = (say(dimension), *(say(f"what.{what}") for what in WHAT), say("gone_after"))
    cells = tuple(
        (
            Text(name_of(group, dimension, say)),
            *(Text(f"{group.figures.counts[what]:,}") for what in WHAT),
            Text(say.span(group.figures.to_gone)),
        )
        for group in rows
    )
    return Table(head, cells, (4, *(2 for _ in WHAT), 2), frozenset(range(1, len(head))))


def _data(alerts: Sequence[AlertFacts], period: Period, only: Only, reference: str, at: datetime) -> bytes:
    """The figures, and which alerts each of them counts."""
    whole = figures(alerts, period)
    value = {
        "format": "ipguard-report/1",
        "kind": "summary",
        "reference": reference,
        "at": at.isoformat(),
        "since": str(period.since or ""),
        "until": str(period.until or ""),
        "only": asdict(only),
        "counts": dict(whole.counts),
        "alerts": {what: [one.alert for one in alerts if belongs(one, what, period)] for what in WHAT},
    }
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode()
