"""An event in words: the same message for every channel, before any mark-up. Pure.

Texts come from hostile pages: control and bidi characters are taken out and lengths bounded here, and every adapter
escapes what is left for its own mark-up.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from importlib.resources import files
from urllib.parse import quote, urlencode

from ipguard.matching.finding import Reason
from ipguard.matching.reasons import render
from ipguard.notify.events import (
    AlertBrief,
    AlertsBack,
    AlertsNew,
    DeadlineNear,
    Digest,
    Event,
    EvidenceTrouble,
    ExportReady,
    Single,
    SourceAlarm,
    Trial,
)

MAX_TEXT = 160
"""Characters of one text of a stranger."""
BIDI = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
CONTROL = dict.fromkeys((*range(0x20), 0x7F, *range(0x80, 0xA0), 0x2028, 0x2029), " ") | dict.fromkeys(BIDI)


@dataclass(frozen=True, slots=True)
class Link:
    """A page of the console."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Item:
    """One thing of a section."""

    title: str
    facts: str = ""
    link: Link | None = None
    picture: str = ""
    """SHA-256."""


@dataclass(frozen=True, slots=True)
class Section:
    """Things of one kind."""

    heading: str
    items: tuple[Item, ...] = ()
    more: str = ""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """What is told, in one language."""

    id: str
    kind: str
    at: datetime
    language: str
    title: str
    sections: tuple[Section, ...]
    foot: str

    @property
    def link(self) -> Link | None:
        """The first link, for channels that show one."""
        links = [link for section in self.sections for link in section.links]
        return links[0] if links else None


@dataclass(frozen=True, slots=True)
class Voice:
    """How a channel is spoken to."""

    language: str = "en"
    console: str = ""
    """Where the console is reached; empty leaves links out."""
    zone: tzinfo = UTC

    def link(self, text: str, path: str) -> Link | None:
        """A link to a page of the console, where it is known how to reach it."""
        return Link(text, self.console.rstrip("/") + path) if self.console else None


def say(key: str, language: str, **values: object) -> str:
    """A sentence."""
    return sentences()[language][key].format_map(values)


@lru_cache(maxsize=1)
def sentences() -> Mapping[str, Mapping[str, str]]:
    """Language → key → pattern."""
    return tomllib.loads(files("ipguard.notify").joinpath("sentences.toml").read_text("utf-8"))


def plain(text: str, length: int = MAX_TEXT) -> str:
    """One line of bounded length that cannot turn words round."""
    clean = " ".join(text[: length * 8].translate(CONTROL).encode("utf-8", "replace").decode("utf-8").split())
    return clean if len(clean) <= length else clean[: length - 1] + "…"


def cut_bytes(text: str, limit: int) -> str:
    """A text of at most so many bytes of UTF-8, ending in … where it was cut."""
    data = text.encode("utf-8", "replace")
    if len(data) <= limit:
        return text
    return data[: max(limit - 3, 0)].decode("utf-8", "ignore") + "…"


def message_of(event: Event, voice: Voice) -> Message:
    """An event in the words of a channel."""
    language = voice.language
    if isinstance(event, Digest):
        title = say("digest", language, day=event.at.astimezone(voice.zone).strftime("%Y-%m-%d"))
        sections = tuple(_section(part, voice) for part in event.parts)
        sections = sections or (Section(say("nothing", language)),)
    else:
        sections = (_section(event, voice),)
        title = sections[0].heading
    return Message(event.id, event.kind, event.at, language, title, sections, say("foot", language))


def _section(event: Single, voice: Voice) -> Section:
    language = voice.language
    match event:
        case AlertsNew() | AlertsBack():
            return _alerts(event, voice)
        case SourceAlarm():
            heading = say("source_alarm", language, source=plain(event.source))
            words = render(Reason(event.code, event.values), language)
            return _linked(heading, words, voice, "open_source", f"/sources/{quote(event.source, safe='')}")
        case DeadlineNear():
            key = f"deadline_{event.what}"
            key = key if key in sentences()[language] else "deadline_case"
            heading = say(key, language, due=event.due.isoformat(), title=plain(event.title))
            return _linked(heading, "", voice, "open_page", event.path)
        case ExportReady():
            facts = say(
                "export_facts",
                language,
                file_name=plain(event.file_name),
                exhibits=event.exhibits,
                sha256=event.sha256,
            )
            heading = say("export_ready", language, title=plain(event.title))
            return _linked(heading, facts, voice, "open_case", f"/cases/{event.case_id}")
        case EvidenceTrouble():
            return Section(say("evidence_trouble", language), (Item(plain(event.words, 400)),))
        case Trial():
            return Section(say("test", language), (Item(say("test_facts", language, by=plain(event.by))),))


def _linked(heading: str, words: str, voice: Voice, key: str, path: str) -> Section:
    link = voice.link(say(key, voice.language), path)
    items = (Item(plain(words, 400)),) if words else ()
    return Section(heading, items, links=(link,) if link else ())


def _alerts(event: AlertsNew | AlertsBack, voice: Voice) -> Section:
    key = event.kind.replace(".", "_") + ("_one" if event.total == 1 else "")
    left = event.total - len(event.alerts)
    titles = {one.work: one.work_title for one in event.alerts}
    links = [voice.link(say("open_queue", voice.language), "/alerts")] if len(event.works) != 1 else []
    for work in event.works[:8]:
        text = say("open_work", voice.language, work=plain(titles.get(work, work), 60))
        links.append(voice.link(text, "/alerts?" + urlencode({"state": "open", "work": work})))
    return Section(
        say(key, voice.language, count=event.total),
        tuple(_item(one, voice) for one in event.alerts),
        say("more", voice.language, count=left) if left > 0 else "",
        tuple(link for link in links if link),
    )


def _item(alert: AlertBrief, voice: Voice) -> Item:
    language = voice.language
    facts = say(
        "alert_facts",
        language,
        work=plain(alert.work_title, 80),
        score=f"{alert.score:.2f}",
        price=plain(f"{alert.price} {alert.currency}") if alert.price else say("no_price", language),
        seller=plain(alert.seller, 60) or say("no_seller", language),
        source=plain(alert.source),
    )
    path = f"/alerts/{alert.id}?" + urlencode({"state": "open", "work": alert.work}, quote_via=quote)
    return Item(
        f"#{alert.id} {plain(alert.title)}",
        facts,
        voice.link(say("open_alert", language), path),
        alert.picture,
    )
