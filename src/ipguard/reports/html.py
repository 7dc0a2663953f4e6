"""A report as one HTML file: nothing is loaded from anywhere, no script, pictures inside, ready to print."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ipguard.reports import charts
from ipguard.reports.model import Map, Report, Trend
from ipguard.reports.words import speaker

HTML_LANGUAGES = {"en": "en", "zh": "zh-Hans", "ja": "ja"}


def report_html(report: Report) -> bytes:
    """The report as HTML."""
    style = files("ipguard.reports.templates").joinpath("report.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        _templates()
        .get_template("report.html")
        .render(
            report=report,
            say=speaker(report.language),
            language=HTML_LANGUAGES[report.language],
            style=Markup(style),  # noqa: S704 — our own file
            policy=f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'",
        )
        .encode("utf-8", "xmlcharrefreplace")
    )


def _drawn(block: Map | Trend) -> Markup:
    svg = charts.map_svg(block) if isinstance(block, Map) else charts.trend_svg(block)
    return Markup(svg)  # noqa: S704 — escaped where it is drawn


def _picture(data: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"


@lru_cache(maxsize=1)
def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader("ipguard.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        drawn=_drawn,
        key=lambda n: Markup(charts.key_svg(n)),  # noqa: S704
        picture=_picture,
        kind=lambda block: type(block).__name__,
    )
    return made
