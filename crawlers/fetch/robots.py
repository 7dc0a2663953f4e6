"""robots.txt (RFC 9309): pure verdicts from what was answered. Parsing is protego's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from protego import Protego

MAX_AGE = timedelta(hours=24)
"""RFC 9309 §2.4: not to be used longer."""
MAX_DELAY_SECONDS = 60.0
"""A longer Crawl-delay is clamped, and that is said."""
MAX_AGE_UNREADABLE = timedelta(minutes=10)
"""A shop that was down for a moment is not shut out for a day."""
PARSED_BYTES = 512_000
"""RFC 9309 §2.5: at least 500 KiB."""

LINE_END = re.compile(r"\r\n|\r|\n")
AGENT = re.compile(r"[ \t]*user[- ]?agent[ \t]*[: \t][ \t]*([^\s/#]*)", re.IGNORECASE)
USED = re.compile(
    r"[ \t]*(allow|disallow|dissallow|dissalow|disalow|diasllow|disallaw|crawl[- ]delay)[ \t]*[: \t]",
    re.IGNORECASE,
)
"""Lines that mean something to us, frequent slips of the pen among them."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a host asks of us."""

    fetched_at: datetime
    parsed: Protego | None
    """None: no rules, or all is forbidden, as `unreadable` says."""
    unreadable: str = ""
    """Why the file could not be had; then everything is forbidden (RFC 9309 §2.3.1.4)."""

    def allows(self, url: str, product: str) -> bool:
        """Whether the product may fetch the URL: longest match wins, allow wins ties."""
        if self.unreadable:
            return False
        return self.parsed is None or bool(self.parsed.can_fetch(url, _whole(product)))

    def delay_seconds(self, product: str) -> float:
        """Crawl-delay in seconds, fractions kept, clamped to 60; 0 where none is asked."""
        if self.parsed is None:
            return 0.0
        asked = self.parsed.crawl_delay(_whole(product))
        return min(max(float(asked), 0.0), MAX_DELAY_SECONDS) if asked is not None else 0.0

    def fresh(self, now: datetime) -> bool:
        """Whether the file may still be used."""
        return now - self.fetched_at < (MAX_AGE_UNREADABLE if self.unreadable else MAX_AGE)

    def clamped(self, product: str) -> str:
        """That a Crawl-delay was longer than we keep to, in words; empty where it was not."""
        asked = self.parsed.crawl_delay(_whole(product)) if self.parsed is not None else None
        if asked is None or asked <= MAX_DELAY_SECONDS:
            return ""
        return f"robots.txt asks for {asked:g} s between requests; {MAX_DELAY_SECONDS:g} s are kept"


def rules_from(status: int, body: bytes, *, now: datetime, truncated: str = "") -> Rules:
    """Rules from an answer: 2xx is parsed, 4xx means no rules, anything else forbids all (RFC 9309 §2.3.1).

    A file that broke off forbids all: what is missing may be the rule that matters. One that is merely too long
    is parsed up to its last whole line.
    """
    if 200 <= status < 300:
        if truncated not in ("", "length"):
            return unreachable(f"robots.txt broke off ({truncated})", now=now)
        kept = body[:PARSED_BYTES]
        if truncated or len(body) > PARSED_BYTES:
            kept = kept[: max(kept.rfind(b"\n"), kept.rfind(b"\r")) + 1]
        return Rules(
            now, Protego.parse(_plain(kept.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")))
        )
    if 400 <= status < 500 and status != 429:
        return Rules(now, None)
    return unreachable(f"robots.txt was answered with status {status}", now=now)


def unreachable(why: str, *, now: datetime) -> Rules:
    """Rules when the file could not be had: everything is forbidden (RFC 9309 §2.3.1.4)."""
    return Rules(now, None, why)


def _plain(text: str) -> str:
    """The lines that we use, so written that the parser reads them as RFC 9309 §2.2 says.

    Lines of other kinds end no group. Of a User-agent line only the product token counts, without a version; and it
    is ours only as a whole, where the parser takes “bot” for “bot-of-ours”.
    """
    kept = []
    for line in LINE_END.split(text):
        if found := AGENT.match(line):
            kept.append(f"User-agent: {found[1] if found[1] == '*' else _whole(found[1])}")
        elif USED.match(line):
            kept.append(line)
    return "\n".join(kept)


def _whole(token: str) -> str:
    return f"={token}="
