"""A report as PDF/A-3a that is PDF/UA-1 as well, set by typst: the same report gives the same bytes.

Before anything is set, every character is looked up in the fonts at hand. One that cannot be drawn is printed as its
code point, with a footnote that names it; where a whole script is missing, the report is refused and says what to do.
"""

from __future__ import annotations

import re
import tempfile
import unicodedata
from importlib.resources import files
from pathlib import Path

from evidence_store.bundles.papers.fonts import Typeface, typeface
from evidence_store.bundles.papers.setting import Standard, need_typst, set_pdf
from ipguard.reports import charts
from ipguard.reports.model import (
    Block,
    Commands,
    Counts,
    Facts,
    Lines,
    Map,
    Pictures,
    Report,
    Table,
    Text,
    Trend,
    Warn,
)
from ipguard.reports.words import speaker

STANDARDS: tuple[Standard, ...] = ("a-3a", "ua-1")
ATTACHED = "report.json"
SUBTAG = re.compile(r"[a-z]{2,3}")


def report_pdf(report: Report) -> bytes:
    """The report as PDF.

    Raises:
        PdfUnavailable: typst or fontTools is not installed, or there is no font for what has to be printed.
        EvidenceError: typst refuses.
    """
    need_typst()
    setting = _Setting(report, typeface(report.language))
    with tempfile.TemporaryDirectory(prefix="ipguard-report-") as name:
        place = Path(name)
        data = setting.data(place)
        setting.face.refuse_without_cjk()
        (place / ATTACHED).write_bytes(report.data)
        template = files("ipguard.reports.templates").joinpath("report.typ").read_bytes()
        return set_pdf(place, template, data, at=report.at, standards=STANDARDS)


class _Setting:
    """Turns a report into what the template prints."""

    def __init__(self, report: Report, face: Typeface) -> None:
        self.face = face
        self._report, self._say = report, speaker(report.language)
        self._pictures = 0
        self._noted: set[str] = set()
        """Characters that have a footnote already."""

    def data(self, place: Path) -> dict[str, object]:
        """Everything, as the template reads it; pictures are written into `place`."""
        report, say = self._report, self._say
        at = report.at
        sections = [
            {
                "heading": self._plain(section.heading),
                "new_page": section.new_page,
                "level": section.level,
                "blocks": [self._block(block, place) for block in section.blocks],
            }
            for section in report.sections
        ]
        return {
            "language": report.language,
            "fonts": list(self.face.families),
            "document_title": self.face.visible(report.title.text),
            "author": self.face.visible(report.by),
            "date": [at.year, at.month, at.day, at.hour, at.minute, at.second],
            "label": self._plain(report.label),
            "title": self._text(report.title),
            "subtitle": self._plain(report.subtitle),
            "made": self._plain(f"{say('made')}: {at:%Y-%m-%d %H:%M:%S} UTC · {say('made_by')}: {report.by}"),
            "reference": self._plain(report.reference),
            "foot": self._plain(report.foot),
            "attached": ATTACHED,
            "contents": self._plain(say("contents")),
            "sections": sections,
        }

    def _block(self, block: Block, place: Path) -> dict[str, object]:
        if isinstance(block, Facts):
            rows = [[self._plain(name), [self._text(one) for one in lines]] for name, lines in block.rows]
            return {"kind": "facts", "rows": rows}
        if isinstance(block, Table):
            return {
                "kind": "table",
                "head": [self._plain(name) for name in block.head],
                "widths": list(block.widths),
                "numbers": sorted(block.numbers),
                "rows": [[self._text(cell) for cell in row] for row in block.rows],
            }
        if isinstance(block, Lines):
            return {
                "kind": "lines",
                "points": block.points,
                "lines": [self._text(one) for one in block.lines],
            }
        if isinstance(block, Warn):
            return {"kind": "warn", "text": self._plain(block.text)}
        if isinstance(block, Commands):
            return {"kind": "commands", "lines": [self.face.visible(line) for line in block.lines]}
        if isinstance(block, Counts):
            items = [[self._plain(name), self._plain(value)] for name, value in block.items]
            return {"kind": "counts", "items": items}
        if isinstance(block, Pictures):
            return {"kind": "pictures", "pictures": [self._picture(*one, place) for one in block.pictures]}
        return self._chart(block, place)

    def _chart(self, block: Map | Trend, place: Path) -> dict[str, object]:
        font = self.face.families[0]
        if isinstance(block, Map):
            svg, keys = charts.map_svg(block, style=charts.PRINT_STYLE, font=font), []
        else:
            svg = charts.trend_svg(block, style=charts.PRINT_STYLE, font=font)
            keys = [self._plain(name) for name, _ in block.series]
        self._pictures += 1
        name = f"chart-{self._pictures}.svg"
        (place / name).write_text(self.face.visible(svg), "utf-8")
        caption = self.face.visible(block.caption)
        return {
            "kind": "chart",
            "file": name,
            "alt": caption,
            "caption": self._plain(block.caption),
            "keys": keys,
        }

    def _picture(self, data: bytes, caption: str, place: Path) -> dict[str, object]:
        self._pictures += 1
        name = f"picture-{self._pictures}.jpg"
        (place / name).write_bytes(data)
        return {"file": name, "alt": self.face.visible(caption), "caption": self._plain(caption)}

    def _plain(self, text: str) -> dict[str, object]:
        return self._text(Text(text))

    def _text(self, text: Text) -> dict[str, object]:
        parts: list[object] = []
        for part, seen in self.face.parts(text.text):
            if seen:
                parts.append(part)
                continue
            code = f"U+{ord(part):04X}"
            note = "" if part in self._noted else unicodedata.name(part, "")
            self._noted.add(part)
            parts.append({"code": f"<{code}>", "note": f"{code} {note}" if note else ""})
        language = text.language.lower().split("-")[0]
        region = "TW" if text.language.lower().startswith(("zh-hant", "zh-tw")) else ""
        return {
            "parts": parts,
            "language": language if SUBTAG.fullmatch(language) else "",
            "region": region,
            "exact": text.exact,
            "bold": text.bold,
        }
