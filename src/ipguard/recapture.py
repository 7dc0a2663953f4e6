"""A page asked for once more, now, for a case: over HTTP byte for byte, and as a browser shows it.

Whatever fails is told in the exhibit and hides nothing of the rest.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from types import MappingProxyType
from typing import Protocol
from zoneinfo import ZoneInfo

from crawlers.errors import BrowserUnavailable, CrawlError
from crawlers.exchange import Exchange, Purpose, Request
from crawlers.extract.gallery import largest
from crawlers.extract.page import listing_on, parse
from crawlers.fetch.browser import BrowserPage
from crawlers.fetch.browser_traffic import Traffic
from evidence_store import warc
from evidence_store.canonical import moment
from evidence_store.exhibit import Artefact, Capture, JsonValue, Operator, WireExchange
from ipguard.alerts.queries import AlertStory
from ipguard.capture import dns_exchanges, picture_artefact, sniffed, wire_exchanges

MAX_PICTURES = 30
MAX_TITLE = 500
SOFTWARE = "ipguard; exchanges with x-ipguard-retold are as the browser told them, decoded, not wire bytes"
RENDERINGS = (
    ("screenshot.png", "screenshot", "image/png"),
    ("page.pdf", "rendering", "application/pdf"),
    ("page.mhtml", "rendering", "multipart/related"),
    ("dom.html", "dom", "text/html"),
)
"""Files of a browser capture: name, role, media type."""


class Asks(Protocol):
    """Asks politely: the Fetcher."""

    async def fetch(self, request: Request) -> Exchange:
        """The answer to a request."""
        ...

    async def permit(self, url: str) -> None:
        """Wait until somebody else may ask for an address once."""
        ...


Look = Callable[[str], Awaitable[BrowserPage]]
"""Shows an address to a browser."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a capture is made with."""

    asks: Asks
    heard: Sequence[Exchange]
    """Every exchange that `asks` has made so far, robots.txt and redirects included; it grows."""
    look: Look | None
    """None: HTTP only."""
    operator: Operator
    legal_basis: str
    now: Callable[[], datetime]
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    """For the local time on record."""
    progress: Callable[[int, int], None] = lambda _done, _of: None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be captured, and why."""

    url: str
    purpose: str
    """In words a court reads."""
    pictures: tuple[str, ...] = ()
    """Addresses of its pictures; those that the page names where there are none."""
    about: Mapping[str, JsonValue] = field(default_factory=lambda: MappingProxyType({}))
    """More to be put on record: case, alert."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A capture, and whether the page itself is in it."""

    capture: Capture
    page_kept: bool


def wanted_of(story: AlertStory, case: int) -> Wanted:
    """An alert's page and pictures, for a case."""
    view = story.view
    return Wanted(
        view.listing.url,
        f"A page that seems to copy {view.work.title}, asked for once more for case {case}.",
        tuple(picture.url for picture in story.pictures),
        {
            "case": case,
            "alert": view.id,
            "works": [view.work.id],
            "listing": {
                "source": view.listing.source_id,
                "key": view.listing.key,
                "version": view.listing.version,
                "url": view.listing.url,
                "title": view.listing.title,
            },
            "earlier_exhibits": list(story.exhibits),
        },
    )


async def recapture(means: Means, wanted: Wanted) -> Outcome:
    """Ask for a page and its pictures once more, show it to a browser where there is one, and put all on record.

    Raises:
        CrawlError: nothing at all was said, so there is nothing to keep.
    """
    failures: list[str] = []
    captured_at = means.now()
    page, refusal = await _ask(means, Request(wanted.url), failures)
    urls = (wanted.pictures or _pictures_on(page))[:MAX_PICTURES]
    steps = 1 + len(urls) + (means.look is not None)
    means.progress(1, steps)
    pictures = []
    for number, url in enumerate(urls, 2):
        answer, _ = await _ask(means, Request(url, Purpose.PICTURE), failures)
        pictures.append(answer)
        means.progress(number, steps)
    seen, why_unseen = await _look(means, wanted.url, failures)
    means.progress(steps, steps)
    exchanges = tuple(chain.from_iterable(wire_exchanges(one) for one in means.heard))
    if not exchanges:
        raise refusal or why_unseen or CrawlError("Nothing was said.", url=wanted.url)
    failures += _doubts(means.heard)
    about: dict[str, JsonValue] = {
        "page": _about_page(means, wanted, page, seen, captured_at),
        **({"browser": _about_browser(seen)} if seen is not None else {}),
        **wanted.about,
    }
    capture = Capture(
        requested_url=wanted.url,
        purpose=wanted.purpose,
        legal_basis=means.legal_basis,
        operator=means.operator,
        exchanges=exchanges,
        artefacts=(*_picture_files(pictures), *(_browser_files(seen) if seen is not None else ())),
        failures=tuple(failures),
        about=about,
    )
    shown = seen is not None and bool(seen.screenshot or seen.dom)
    return Outcome(capture, page_kept=page is not None or shown)


async def _ask(
    means: Means, request: Request, failures: list[str]
) -> tuple[Exchange | None, CrawlError | None]:
    try:
        answer = await means.asks.fetch(request)
    except CrawlError as error:
        failures.append(f"{request.purpose.value} {request.url}: {error}")
        return None, error
    if answer.status >= 400:
        failures.append(f"{request.purpose.value} {request.url}: answered with status {answer.status}")
    if answer.truncated:
        failures.append(f"{request.purpose.value} {request.url}: not whole ({answer.truncated})")
    return answer, None


async def _look(means: Means, url: str, failures: list[str]) -> tuple[BrowserPage | None, CrawlError | None]:
    """What the browser shows; it asks as politely as we do."""
    if means.look is None:
        return None, None
    try:
        await means.asks.permit(url)
        page = await means.look(url)
    except BrowserUnavailable as error:
        failures.append(f"browser: {error}. {error.hint}")
        return None, error
    except CrawlError as error:
        failures.append(f"browser {url}: {error}")
        return None, error
    failures += [f"browser: {note}" for note in (*page.notes, *page.refused)]
    return page, None


def _doubts(heard: Sequence[Exchange]) -> list[str]:
    """What is not as sure as it could be: names without messages on record, certificates that were not believed."""
    wires = [one.wire for one in heard if one.wire is not None]
    names = [wire.names_note for wire in wires]
    hosts = [(wire.tls.sni or wire.address, wire.tls.error) for wire in wires if wire.tls is not None]
    tls = [f"{host}: the certificate was not believed: {why}" for host, why in hosts if why]
    return [text for text in dict.fromkeys((*names, *tls)) if text]


def _pictures_on(page: Exchange | None) -> tuple[str, ...]:
    """Addresses of the pictures that a page shows: those of its product, else every one."""
    if page is None or page.status >= 400:
        return ()
    tree = parse(page.body, page.header("content-type") or "")
    listing = listing_on(tree, page.url).listing
    if listing is not None and listing.pictures:
        return listing.pictures
    return tuple(dict.fromkeys(url for image in tree.css("img") if (url := largest(image, page.url))))


def _picture_files(answers: Sequence[Exchange | None]) -> tuple[Artefact, ...]:
    """Each picture once; what is no picture stays in the exchanges alone."""
    bodies = [one.body for one in answers if one is not None and one.status < 300 and not one.truncated]
    found = [picture_artefact("picture", body) for body in bodies if sniffed(body).startswith("image/")]
    return tuple({artefact.name: artefact for artefact in found}.values())


def _browser_files(page: BrowserPage) -> tuple[Artefact, ...]:
    """The renderings, and what was asked for while they came about."""
    contents = (page.screenshot, page.pdf, page.mhtml, page.dom)
    files = [
        Artefact(name, role, media_type, data)
        for (name, role, media_type), data in zip(RENDERINGS, contents, strict=True)
        if data
    ]
    answered = [_wire(one) for one in page.traffic if one.response]
    if answered:
        data = warc.write(str(uuid.uuid4()), answered, software=SOFTWARE)
        files.append(Artefact("browser.warc", "browser-traffic", "application/warc", data))
    return tuple(files)


def _wire(one: Traffic) -> WireExchange:
    wire = one.wire
    return WireExchange(
        one.url, one.request, one.response, one.started_at, one.ended_at, one.address, one.port,
        resolved=wire.resolved if wire else (),
        truncated=one.truncated,
        dns=dns_exchanges(wire.dns) if wire else (),
        own_traffic=one.own_traffic,
    )  # fmt: skip


def _about_page(
    means: Means, wanted: Wanted, page: Exchange | None, seen: BrowserPage | None, captured_at: datetime
) -> dict[str, JsonValue]:
    """What the page was and when; over HTTP where that worked, else as the browser had it."""
    if page is not None:
        final_url, status, title = page.url, page.status, _title(page)
        at = page.started_at
    else:
        final_url, status, title = (seen.final_url, seen.status, seen.title) if seen else ("", 0, "")
        at = seen.captured_at if seen else captured_at
    return {
        "requested_url": wanted.url,
        "final_url": final_url,
        "status": status,
        "title": title,
        "captured_at": moment(at),
        "local_time": at.astimezone(means.zone).isoformat(),
        "time_zone": means.zone.key,
    }


def _title(page: Exchange) -> str:
    node = parse(page.body, page.header("content-type") or "").css_first("title")
    return " ".join(node.text().split())[:MAX_TITLE] if node is not None else ""


def _about_browser(page: BrowserPage) -> dict[str, JsonValue]:
    """With what the renderings were made, and what the browser did besides."""
    return {
        "final_url": page.final_url,
        "status": page.status,
        "title": page.title,
        "started_at": moment(page.started_at),
        "captured_at": moment(page.captured_at),
        "local_time": page.local_time,
        "time_zone": page.time_zone,
        "locale": page.locale,
        "viewport": list(page.viewport),
        "page_size": list(page.page_size),
        "version": page.browser,
        "user_agent": page.user_agent,
        "flags": list(page.flags),
        "sandboxed": page.sandboxed,
        "certificate_error": page.certificate_error,
        "console": list(page.console),
        "exchanges": sum(bool(one.response) for one in page.traffic),
        "retold": sum(one.retold for one in page.traffic),
        "unanswered": [one.url for one in page.traffic if not one.response],
        "own_exchanges": [one.url for one in page.traffic if one.own_traffic],
        "own_hosts_refused": list(page.own_traffic),
        "refused": list(page.refused),
    }
