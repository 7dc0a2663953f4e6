"""The report as PDF/A (ISO 19005-2): set by typst, dated by the export, the same story giving the same bytes.

Every page of an exhibit carries its live address, the address after redirects, and the time in UTC and locally: a court
refused prints that showed only a file's path (IP High Court of Japan, 2010-06-29).
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

from evidence_store.bundles.lists import local_time
from evidence_store.bundles.papers.fonts import Typeface, typeface
from evidence_store.bundles.papers.pictures import printable
from evidence_store.bundles.papers.setting import need_typst, set_pdf
from evidence_store.bundles.papers.words import WORDS, Words
from evidence_store.bundles.story import Item, Story
from evidence_store.canonical import Object, parse_moment
from evidence_store.exhibit import JsonValue
from evidence_store.record import File

PICTURE_ROLES = ("screenshot", "overlay", "picture", "reference")
"""Roles of pictures in the order in which people look at them."""
BREAKS = "/?&=-_.,;%"
"""Characters after which a long address may be broken."""
BREAK_HERE = "\N{ZERO WIDTH SPACE}"
LINE_CHARACTERS = 95
"""Of an address in the head of a page."""
MAX_WHY = 60
MAX_PICTURE_BYTES = 64_000_000


def report_pdf(story: Story) -> bytes:
    """The report.

    Raises:
        PdfUnavailable: typst or fontTools is not installed, or there is no font for what has to be printed.
        EvidenceError: typst refuses.
    """
    need_typst()
    face = typeface(story.order.language)
    with tempfile.TemporaryDirectory(prefix="ipguard-report-") as name:
        place = Path(name)
        data = _Setting(story, face, place).data()
        face.refuse_without_cjk()
        template = files("evidence_store.bundles.papers").joinpath("report.typ").read_bytes()
        return set_pdf(place, template, data, at=story.at, standards=["a-2b"])


class _Setting:
    """Turns a story into what the template prints: text that was seen to have glyphs, pictures that were decoded."""

    def __init__(self, story: Story, face: Typeface, place: Path) -> None:
        self._story, self._face, self._place = story, face, place
        self._words: Words = WORDS[story.order.language]
        self._zone = ZoneInfo(story.order.time_zone)
        self._pictures = 0

    def data(self) -> dict[str, object]:
        """Everything, as the template reads it."""
        story, words, show = self._story, self._words, self._face.visible
        exhibits = [self._exhibit(item) for item in story.items]
        custody = [
            [
                show(str(said["at"])),
                one.number,
                show(str(said["kind"])),
                show(f"{said['who']}: {said['why']}"),
            ]
            for one in story.events
            for said in (one.event.fields,)
        ]
        stamps = [[line.authority, stamp.at.isoformat(), show(stamp.signer)] for line, stamp in story.stamps]
        data: dict[str, object] = {
            "words": _shown_words(words, self._face),
            "lang": story.order.language,
            "fonts": list(self._face.families),
            "title": show(story.order.title),
            "author": show(story.order.exported_by),
            "subtitle": f"{show(story.order.reference)} · {len(story.items)} {words.exhibits}",
            "reference": show(story.order.reference),
            "foot": show(f"{story.order.title} · {words.exported} {story.at:%Y-%m-%d %H:%M} UTC"),
            "date": [
                story.at.year,
                story.at.month,
                story.at.day,
                story.at.hour,
                story.at.minute,
                story.at.second,
            ],
            "cover": self._cover(),
            "exhibits": exhibits,
            "exchange_head": ["", words.address_found, "IP", "TLS"],
            "file_head": [words.name, words.role, words.size, words.digest],
            "custody": custody,
            "custody_head": [words.when, words.exhibit, words.what, words.who],
            "stamps": stamps,
            "stamp_head": [words.authority, words.when, words.name],
            "vkey": _breakable(story.vkey),
        }
        data["warnings"] = list(self._warnings())  # last: by now every character was looked up
        return data

    def _cover(self) -> list[list[str]]:
        words, story = self._words, self._story
        rows = [
            [
                words.exported,
                f"{story.at:%Y-%m-%d %H:%M:%S} UTC · {local_time(story.at, self._zone)} {self._zone.key}",
            ],
            [words.exported_by, story.order.exported_by],
        ]
        if story.order.organisation:
            rows.append([words.organisation, story.order.organisation])
        rows += [
            [words.authority, f"{line.authority}: {stamp.signer}, {stamp.at.isoformat()}"]
            for line, stamp in story.stamps
        ]
        return [[label, self._face.visible(value)] for label, value in rows]

    def _warnings(self) -> Iterator[str]:
        words = self._words
        if any(not stamp.has_legal_value for _, stamp in self._story.stamps):
            yield words.no_value
        if not self._story.stamps:
            yield words.no_stamp
        if self._face.spelled_out:
            yield words.missing_glyphs.format(count=self._face.spelled_out)

    def _exhibit(self, item: Item) -> dict[str, object]:
        show = self._face.visible
        url, final = show(item.requested_url), show(item.final_url)
        lines = sum(1 + len(text) // LINE_CHARACTERS for text in (url, final))
        at = parse_moment(item.captured_at)
        return {
            "number": item.number,
            "url": _breakable(url),
            "final_url": _breakable(final),
            "head_lines": min(lines, 30),
            "utc": f"{at:%Y-%m-%d %H:%M:%S} UTC",
            "local": f"{local_time(at, self._zone)} {self._zone.key}",
            "digest": item.record_sha256,
            "facts": [[label, show(value)] for label, value in self._facts(item)],
            "failures": [_breakable(show(str(text))) for text in _list(item.record.get("failures"))],
            "why": [show(text) for text in self._why(item)],
            "exchanges": [self._exchange(n, row) for n, row in enumerate(_list(item.record["exchanges"]), 1)],
            "pictures": list(self._shown(item)),
            "files": [[show(f.name), show(f.role), f"{f.size:,}", f.sha256] for f in item.kept.files],
        }

    def _facts(self, item: Item) -> Iterator[tuple[str, str]]:
        words, record = self._words, item.record
        operator, tool = _object(record.get("operator")), _object(record.get("tool"))
        yield words.purpose, str(record.get("purpose"))
        yield words.legal_basis, str(record.get("legal_basis"))
        yield words.operator, f"{operator.get('id')} ({operator.get('authenticated_by')})"
        yield words.tool, f"{tool.get('name')} {tool.get('version')}, Python {tool.get('python')}"
        yield words.clock, self._clock(_object(_object(record.get("time")).get("clock")))
        yield words.environment, self._environment(_object(record.get("environment")))
        for name, value in _object(record.get("about")).items():
            if isinstance(value, str) and value:
                yield name, value

    def _clock(self, clock: Object) -> str:
        if clock.get("offset_us") is None:
            return self._words.clock_unknown.format(source=clock.get("source"))
        return self._words.clock_known.format(
            source=clock.get("source"), offset=clock["offset_us"], dispersion=clock.get("dispersion_us")
        )

    def _environment(self, environment: Object) -> str:
        found = []
        if proxies := _list(environment.get("proxy_variables")):
            found.append(self._words.proxies.format(names=", ".join(map(str, proxies))))
        if names := _list(environment.get("hosts_names")):
            found.append(self._words.hosts.format(names=", ".join(map(str, names[:20]))))
        return "; ".join(found) or self._words.nothing_between

    def _why(self, item: Item) -> Iterator[str]:
        """Reasons from the analysis file, in the report's language where it has it, else in English."""
        told = 0
        for file in item.kept.files:
            if file.role != "analysis" or file.size > MAX_PICTURE_BYTES:
                continue
            for reason in _reasons(self._story.read(item, file), self._story.order.language):
                if told < MAX_WHY:
                    yield reason
                told += 1

    def _exchange(self, number: int, value: JsonValue) -> list[str]:
        row = _object(value)
        tls = _object(row.get("tls"))
        spoken = str(tls.get("version", "")) + ("" if tls.get("verified", True) else " ✗")
        address = f"{row.get('address')}:{row.get('port')}"
        return [
            str(number),
            _breakable(self._face.visible(str(row.get("url")))),
            address,
            self._face.visible(spoken),
        ]

    def _shown(self, item: Item) -> Iterator[dict[str, object]]:
        pictures = [file for file in item.kept.files if file.role in PICTURE_ROLES]
        for file in sorted(pictures, key=lambda file: PICTURE_ROLES.index(file.role)):
            caption = self._face.visible(f"{file.role}: {file.name}")
            found = printable(self._read(item, file))
            if not found.slices:
                yield {"caption": f"{caption} ({self._words.picture_not_shown})", "file": "", "width": 0}
            for part, data in enumerate(found.slices, 1):
                self._pictures += 1
                name = f"picture-{self._pictures}.jpg"
                (self._place / name).write_bytes(data)
                of = self._words.continued.format(part=part, parts=len(found.slices))
                several = len(found.slices) > 1
                wide = 100 if file.role in ("screenshot", "overlay") else 45
                yield {"caption": f"{caption}, {of}" if several else caption, "file": name, "width": wide}

    def _read(self, item: Item, file: File) -> bytes:
        return self._story.read(item, file) if file.size <= MAX_PICTURE_BYTES else b""


def _reasons(data: bytes, language: str) -> Iterator[str]:
    try:
        verdicts = json.loads(data)
    except (ValueError, RecursionError):
        return
    for verdict in _list(verdicts):
        for finding in _list(_object(verdict).get("findings")):
            why = _object(_object(finding).get("why"))
            text = why.get(language) or why.get("en")
            if isinstance(text, str):
                yield text


def _shown_words(words: Words, face: Typeface) -> dict[str, object]:
    return {
        key: face.visible(value) if isinstance(value, str) else [face.visible(one) for one in value]
        for key, value in asdict(words).items()
    }


def _breakable(text: str) -> str:
    """Long words get places where a line may end; they leave no trace when the text is copied."""
    out, run = [], 0
    for character in text:
        out.append(character)
        run += 1
        if character in BREAKS or run >= 24:
            out.append(BREAK_HERE)
            run = 0
    return "".join(out)


def _object(value: object) -> Object:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[JsonValue]:
    return value if isinstance(value, list) else []
