"""Pages for people as HTML without scripts or remote parts: how to check a bundle, and drafts for a human to sign.

The drafts state facts of the records and leave everything else blank. They follow US FRE 902(11), (13), (14) with
28 USC 1746; China's rules on civil evidence (2019) art. 93-94 and on online litigation (2021) art. 16-17; eIDAS
art. 41-42; and Japanese practice for 証拠説明書.
"""

from __future__ import annotations

import functools
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from evidence_store.bundles.lists import local_time
from evidence_store.bundles.story import LANGUAGES, Item, Story
from evidence_store.canonical import moment, parse_moment

DECLARATIONS = (("us-902.html", "en"), ("cn.html", "zh-Hans"), ("eu.html", "en"), ("jp.html", "ja"))
"""Template and language of each draft."""


def readmes(story: Story, *, has_pdf: bool) -> list[tuple[str, bytes]]:
    """(file name, bytes) of the instructions in every language."""
    return [
        (f"README.{language}.html", _page(story, f"README.{language}.html", language, has_pdf=has_pdf))
        for language in LANGUAGES
    ]


def declarations(story: Story) -> list[tuple[str, bytes]]:
    """(file name, bytes) of every draft."""
    return [(name, _page(story, name, language, has_pdf=True)) for name, language in DECLARATIONS]


def report_html(story: Story) -> bytes:
    """The report for a browser, in English and Chinese side by side; shows pictures straight from the bundle."""
    return _page(story, "report.html", "en", has_pdf=True)


def _page(story: Story, template: str, language: str, *, has_pdf: bool) -> bytes:
    zone = ZoneInfo(story.order.time_zone)

    def local(item: Item) -> str:
        return local_time(parse_moment(item.captured_at), zone)

    values = {
        "lang": language,
        "order": story.order,
        "items": story.items,
        "events": [(one.number, one.event.fields) for one in story.events],
        "stamps": story.stamps,
        "vkey": story.vkey,
        "vkey_base64": story.vkey.split("+", 2)[2],
        "exported_at": moment(story.at),
        "has_pdf": has_pdf,
        "local": local,
        "file_path": lambda item, file: item.path(file).removeprefix("data/"),
        "tools": sorted(
            {f"{_part(item, 'tool', 'name')} {_part(item, 'tool', 'version')}" for item in story.items}
        ),
        "operators": sorted({_part(item, "operator", "id") for item in story.items}),
        "bases": sorted({str(item.record.get("legal_basis")) for item in story.items}),
    }
    return _environment().get_template(template).render(values).encode()


def _part(item: Item, name: str, field: str) -> str:
    part = item.record.get(name)
    return str(part.get(field)) if isinstance(part, dict) else ""


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("evidence_store.bundles.papers"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
