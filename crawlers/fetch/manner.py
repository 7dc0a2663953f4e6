"""How we behave, and who we say we are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from crawlers.exchange import Headers, Purpose
from crawlers.fetch.answers import Answers
from crawlers.fetch.decoding import ACCEPTED
from crawlers.fetch.limits import LIMITS, Limits
from crawlers.fetch.pace import PaceStore
from crawlers.fetch.quota import MemoryQuota, Quota
from crawlers.fetch.signing import Credential
from crawlers.fetch.tokens import TokenCache

PRODUCT = "ipguard"
"""Our product token: what robots.txt files may name."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks. Shops see this in every request."""

    version: str
    contact_url: str = ""
    contact_mail: str = ""

    def headers(self) -> Headers:
        """User-Agent and From (RFC 9110 §10.1.5, §10.1.2), and what we can decode."""
        contact = f" (+{self.contact_url})" if self.contact_url else ""
        sender: Headers = (("From", self.contact_mail),) if self.contact_mail else ()
        agent = ("User-Agent", f"{PRODUCT}/{self.version}{contact}")
        return (agent, *sender, ("Accept", "*/*"), ("Accept-Encoding", ACCEPTED))


@dataclass(frozen=True, slots=True)
class Manner:
    """How we behave, and the means to: clock, sleep, the shared pace."""

    identity: Identity
    pace: PaceStore
    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    min_gap_seconds: float = 1.0
    longest_wait_seconds: float = 120.0
    """A host that is free only later than this is not waited for: RetryLater."""
    credentials: Mapping[str, Credential] = field(default_factory=lambda: MappingProxyType({}))
    """Origin → how it is told who asks; no value of it stands in any record."""
    tokens: TokenCache = field(default_factory=TokenCache)
    """Share one among the fetchers of a process: token endpoints count how often they are asked."""
    answers: Answers | None = None
    """Where answers are kept that can be asked about; None asks for everything whole."""
    quota: Quota = field(default_factory=MemoryQuota)
    limits: Mapping[Purpose, Limits] = field(default_factory=lambda: LIMITS)
    """Caps on what is read."""
    per_day: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Host → requests a UTC day at most, robots.txt, tokens and pictures not counted; no limit for others."""
