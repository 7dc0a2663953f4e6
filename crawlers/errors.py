"""What can go wrong while asking, by whose fault it is.

CrawlError
├── Refused            the other side, or our own rules, say no: do not try again as it stands
│   ├── AddressRefused     the name leads to an address that is not public
│   ├── RobotsRefused      robots.txt forbids it, or could not be read
│   └── NoKey              the host wants to know who asks, and there is no key, or it does not take ours
├── RetryLater         the other side asks us to wait (429, 503, Retry-After), or its circuit is open
├── Unreachable        no answer: DNS, connection, TLS or time-out
├── TooMuch            the answer passed a cap: bytes, time or redirects
├── Unreadable         an answer came, but an adapter cannot make sense of it
├── BrowserUnavailable no browser can be started on this machine
└── BadSource          the source as configured cannot work: the admin's to mend
"""

from __future__ import annotations

from datetime import datetime


class CrawlError(Exception):
    """Base of every error that leaves this package; `hint` says what to try."""

    hint: str = ""

    def __init__(self, message: str, *, url: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.url = url
        if hint:
            self.hint = hint


class Refused(CrawlError):
    """Asking is not allowed as it stands; asking again changes nothing."""


class AddressRefused(Refused):
    """The host leads to an address that is not public; nothing was connected."""

    hint = "If this is your own test shop, add the source with --local."


class RobotsRefused(Refused):
    """robots.txt forbids this URL to us, or could not be read (RFC 9309 §2.3.1.4)."""

    hint = "Ask the shop for permission, or look at the page by hand and import it."

    def __init__(self, message: str, *, url: str = "", hint: str = "", whole_host: bool = False) -> None:
        super().__init__(message, url=url, hint=hint)
        self.whole_host = whole_host
        """The file could not be read, so nothing on this host may be asked; otherwise it is this address only."""


class NoKey(Refused):
    """The host is only asked with a key, and there is none, or it does not take ours. Nothing was asked of it."""

    hint = "Set the variables it names, or write them into the key file of the workspace."


class RetryLater(CrawlError):
    """The host asks for a pause; `not_before` is when it may be asked again (aware UTC)."""

    hint = "Nothing to do: the schedule asks again by itself."

    def __init__(self, message: str, *, not_before: datetime, url: str = "", hint: str = "") -> None:
        super().__init__(message, url=url, hint=hint)
        self.not_before = not_before


class Unreachable(CrawlError):
    """No usable answer came back: name, connection, TLS or time-out."""

    hint = "Check the address in a browser; the shop may be down or gone."


class TooMuch(CrawlError):
    """The answer passed a cap and was cut; `kept` says how many bytes were kept."""

    def __init__(self, message: str, *, url: str = "", kept: int = 0, hint: str = "") -> None:
        super().__init__(message, url=url, hint=hint)
        self.kept = kept


class Unreadable(CrawlError):
    """An adapter cannot make sense of an answer; names the adapter and the field."""

    def __init__(self, message: str, *, adapter: str, field: str = "", url: str = "") -> None:
        super().__init__(message, url=url)
        self.adapter = adapter
        self.field = field


class BrowserUnavailable(CrawlError):
    """No browser can be started here; asking over HTTP works all the same."""


class BadSource(CrawlError):
    """The source as configured cannot work."""

    hint = "Add it again under another name with what it needs, and pause this one."
