"""The fetcher decides: robots.txt, pace, redirects, back-off. Rules are pure beside it, sending is the transport's.

Every hop of a redirect passes the address check, the robots.txt of its own host, and its host's pace. A host that
keeps failing is left alone for a while. We say who we are, and we never pretend to be a browser.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from crawlers.auth import Scheme
from crawlers.errors import (
    AddressRefused,
    CrawlError,
    NoKey,
    RetryLater,
    RobotsRefused,
    TooMuch,
    Unreachable,
)
from crawlers.exchange import Exchange, Headers, Purpose, Request
from crawlers.fetch import pace as pacing
from crawlers.fetch.decoding import ACCEPTED
from crawlers.fetch.limits import LIMITS, MAX_REDIRECTS
from crawlers.fetch.names import Resolver
from crawlers.fetch.pace import PaceStore
from crawlers.fetch.robots import Rules, rules_from, unreachable
from crawlers.fetch.signing import Credential, Signed, sign, struck_text, withheld
from crawlers.fetch.tokens import TokenCache, read_token, token_request
from crawlers.fetch.transport import Transport, http_transport
from crawlers.fetch.urls import host_of, origin_of, redirect_target, redirected

logger = logging.getLogger(__name__)
UNSIGNED = frozenset({Purpose.ROBOTS, Purpose.PICTURE})
"""Purposes for which nobody has to be told who asks."""
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


class Fetcher:
    """Asks politely, one request at a time a host."""

    def __init__(
        self, transport: Transport, manner: Manner, journal: Callable[[Exchange], None] = lambda _: None
    ) -> None:
        self._transport, self._manner, self._journal = transport, manner, journal
        self._rules: dict[str, Rules] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        self._failures: dict[str, int] = {}

    async def fetch(self, request: Request) -> Exchange:
        """The answer to a request, redirects followed and kept in `hops`.

        Raises:
            AddressRefused: a hop leads to an address that is not public, or is no web address.
            RobotsRefused: robots.txt forbids a hop, or could not be read.
            NoKey: the host wants to know who asks, and there is no key, or it does not take ours.
            RetryLater: the host asks for a pause (429, 503), is not free soon, or keeps failing.
            Unreachable: no usable answer. TooMuch: too many redirects.
        """
        hops: list[Exchange] = []
        asked = request
        while True:
            self._credential(asked)
            await self._ask_robots(asked)
            answer = await self._send(asked)
            target = redirect_target(answer)
            if target is None:
                return replace(answer, request=request, hops=tuple(hops))
            hops.append(answer)
            if len(hops) > MAX_REDIRECTS:
                raise TooMuch(f"More than {MAX_REDIRECTS} redirects.", url=request.url)
            asked = redirected(asked, target, answer.status)

    async def permit(self, url: str) -> None:
        """Wait until somebody else, a browser, may ask for `url` once: robots.txt allows it and it is the host's turn.

        Raises:
            AddressRefused, RobotsRefused, RetryLater: as `fetch` does.
        """
        await self._ask_robots(Request(url))
        host = host_of(url)
        async with self._turn(host):
            await self._wait_for(host, self._gap(url), url)

    async def _ask_robots(self, request: Request) -> None:
        rules = await self._rules_of(request.url)
        if rules.unreadable:
            raise RobotsRefused(
                f"robots.txt could not be read, so nothing is asked: {rules.unreadable}",
                url=request.url,
                whole_host=True,
            )
        if not rules.allows(request.url, PRODUCT):
            raise RobotsRefused("robots.txt does not allow us this address.", url=request.url)

    async def _rules_of(self, url: str) -> Rules:
        origin = origin_of(url)
        known = self._rules.get(origin)
        if known is not None and known.fresh(self._manner.now()):
            return known
        async with self._turn(f"robots {origin}"):
            known = self._rules.get(origin)
            if known is None or not known.fresh(self._manner.now()):
                known = await self._read_robots(origin)
                self._rules[origin] = known
                if words := known.clamped(PRODUCT):
                    logger.warning("%s: %s", origin, words)
        return known

    async def _read_robots(self, origin: str) -> Rules:
        """Read robots.txt; its redirects are followed across hosts, the rules are for `origin` (RFC 9309 §2.3.1.2)."""
        asked = Request(f"{origin}/robots.txt", Purpose.ROBOTS)
        for _ in range(MAX_REDIRECTS + 1):
            try:
                answer = await self._send(asked)
            except (AddressRefused, RetryLater):
                raise
            except CrawlError as error:
                return unreachable(str(error), now=self._manner.now())
            target = redirect_target(answer)
            if target is None:
                return rules_from(
                    answer.status, answer.body, now=self._manner.now(), truncated=answer.truncated
                )
            asked = replace(asked, url=target)
        return rules_from(404, b"", now=self._manner.now())

    async def _send(self, request: Request) -> Exchange:
        """One hop, with what its host wants to know; a token that is no longer taken is asked for once more."""
        credential = self._credential(request)
        if credential is None:
            return await self._exchange(request, Signed(request))
        token = await self._token(credential)
        answer = await self._exchange(request, sign(request, credential, self._manner.now(), token))
        if answer.status == 401 and token:
            self._manner.tokens.forget(credential)
            token = await self._token(credential)
            answer = await self._exchange(request, sign(request, credential, self._manner.now(), token))
        return answer

    async def _exchange(self, request: Request, signed: Signed, *, kept: bool = True) -> Exchange:
        """Send when it is the host's turn, and put on record what may be; `kept` False puts nothing there."""
        host = host_of(request.url)
        async with self._turn(host):
            await self._wait_for(host, self._gap(request.url), request.url)
            headers = (*self._manner.identity.headers(), *signed.headers)
            try:
                answer = await self._transport.send(signed.request, headers, LIMITS[request.purpose])
            except CrawlError as error:
                error.args, error.url = (struck_text(str(error), signed.secrets),), request.url
                if isinstance(error, Unreachable):
                    self._note_failure(host)
                raise
        answer = withheld(answer, request, signed) if signed.request is not request else answer
        if kept:
            self._journal(answer)
        self._refuse_when_asked_to_wait(host, answer)
        return answer

    def _note_failure(self, host: str) -> None:
        failures = self._failed(host)
        if failures >= pacing.FAILURES_TO_OPEN:  # the circuit opens, for every worker
            self._manner.pace.postpone(host, pacing.back_off(failures, self._manner.now()))

    def _credential(self, request: Request) -> Credential | None:
        if request.purpose in UNSIGNED:
            return None
        credential = self._manner.credentials.get(origin_of(request.url))
        if credential is not None and credential.missing:
            raise NoKey(credential.missing, url=request.url)
        return credential

    async def _token(self, credential: Credential) -> str:
        """The token of OAUTH2, from the cache or from its endpoint; that exchange is never on record."""
        if credential.auth.scheme is not Scheme.OAUTH2:
            return ""
        async with self._turn(f"token {credential.auth.token_url}"):
            now = self._manner.now()
            if known := self._manner.tokens.get(credential, now):
                return known
            asked = token_request(credential)
            await self._ask_robots(asked)
            answer = await self._exchange(
                asked, Signed(asked, secrets=tuple(credential.values.values())), kept=False
            )
            token = read_token(credential.auth, answer, now)
            self._manner.tokens.put(credential, token)
            return token.value

    def _gap(self, url: str) -> float:
        rules = self._rules.get(origin_of(url))
        asked = rules.delay_seconds(PRODUCT) if rules else 0.0
        return max(self._manner.min_gap_seconds, asked)

    async def _wait_for(self, host: str, gap_seconds: float, url: str) -> None:
        now = self._manner.now()
        at = self._manner.pace.reserve(host, gap_seconds, now)
        wait = (at - now).total_seconds()
        if wait > self._manner.longest_wait_seconds:
            why = " It keeps failing." if self._failures.get(host, 0) >= pacing.FAILURES_TO_OPEN else ""
            raise RetryLater(
                f"{host} is not to be asked before {at:%H:%M:%S} UTC.{why}", not_before=at, url=url
            )
        if wait > 0:
            await self._manner.sleep(wait)

    def _refuse_when_asked_to_wait(self, host: str, answer: Exchange) -> None:
        now = self._manner.now()
        said = pacing.retry_after(answer.header("retry-after"), now) or pacing.limit_reached(
            answer.header("x-ratelimit-remaining"), answer.header("x-ratelimit-reset"), now
        )
        if answer.status not in (429, 503) and not (answer.status == 403 and said):  # GitHub says it with 403
            self._failures.pop(host, None)
            return
        failures = self._failed(host)
        until = said or pacing.back_off(failures, now)
        self._manner.pace.postpone(host, until)
        raise RetryLater(
            f"{host} answered {answer.status} and asks for a pause until {until:%H:%M:%S} UTC.",
            not_before=until,
            url=answer.url,
        )

    def _failed(self, host: str) -> int:
        self._failures[host] = self._failures.get(host, 0) + 1
        return self._failures[host]

    def _turn(self, key: str) -> asyncio.Lock:
        return self._turns.setdefault(key, asyncio.Lock())


@asynccontextmanager
async def open_fetcher(
    manner: Manner,
    *,
    local_hosts: frozenset[str] = frozenset(),
    resolve: Resolver | None = None,
    trust: ssl.SSLContext | None = None,
    journal: Callable[[Exchange], None] = lambda _: None,
    accept_bad_certificates: bool = False,
) -> AsyncIterator[Fetcher]:
    """A fetcher over real HTTP, closed with the block; arguments as for `http_transport`."""
    async with http_transport(
        now=manner.now,
        resolve=resolve,
        local_hosts=local_hosts,
        trust=trust,
        accept_bad_certificates=accept_bad_certificates,
    ) as transport:
        yield Fetcher(transport, manner, journal)
