"""The fetcher decides: robots.txt, keys, redirects. Rules are pure beside it, one hop is `sending`'s.

Every hop of a redirect passes the address check, the robots.txt of its own host, and its host's pace. A host that
keeps failing is left alone for a while. We say who we are, and we never pretend to be a browser.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from crawlers.auth import Scheme
from crawlers.errors import AddressRefused, CrawlError, NoKey, RetryLater, RobotsRefused, TooMuch
from crawlers.exchange import Exchange, Purpose, Request
from crawlers.fetch.limits import MAX_REDIRECTS
from crawlers.fetch.manner import PRODUCT
from crawlers.fetch.manner import Identity as Identity
from crawlers.fetch.manner import Manner as Manner
from crawlers.fetch.names import Resolver
from crawlers.fetch.pace import retry_after
from crawlers.fetch.robots import Rules, rules_from, unreachable
from crawlers.fetch.sending import Sender
from crawlers.fetch.signing import Credential, Signed, sign
from crawlers.fetch.tokens import read_token, token_request
from crawlers.fetch.transport import Transport, http_transport
from crawlers.fetch.urls import host_of, origin_of, redirect_target, redirected

logger = logging.getLogger(__name__)
UNSIGNED = frozenset({Purpose.ROBOTS, Purpose.PICTURE})
"""Purposes for which nobody has to be told who asks."""


class Fetcher:
    """Asks politely, one request at a time a host."""

    def __init__(
        self, transport: Transport, manner: Manner, journal: Callable[[Exchange], None] = lambda _: None
    ) -> None:
        self._transport, self._manner = transport, manner
        self._sender = Sender(transport, manner, journal)
        self._rules: dict[str, Rules] = {}

    async def fetch(self, request: Request) -> Exchange:
        """The answer to a request, redirects followed and kept in `hops`.

        Raises:
            AddressRefused: a hop leads to an address that is not public, or is no web address.
            RobotsRefused: robots.txt forbids a hop, or could not be read.
            NoKey: the host wants to know who asks, and there is no key, or it does not take ours.
            RetryLater: the host asks for a pause (429, 503), is not free soon, keeps failing, or was asked enough for
                today.
            Unreachable: no usable answer. TooMuch: too many redirects.
        """
        hops: list[Exchange] = []
        asked = request
        while True:
            credential = self._credential(asked)
            await self._ask_robots(asked)
            answer = await self._send(asked, credential)
            target = redirect_target(answer)
            if target is None:
                return replace(answer, request=request, hops=(*hops, *answer.hops))
            hops.append(answer)
            if len(hops) > MAX_REDIRECTS:
                raise TooMuch(f"More than {MAX_REDIRECTS} redirects.", url=request.url)
            if until := retry_after(answer.header("retry-after"), self._manner.now()):  # RFC 9110 §10.2.3
                self._manner.pace.postpone(host_of(target), until)
            asked = redirected(asked, target, answer.status)

    def allows(self, url: str) -> bool:
        """Whether the robots.txt of an address allows it, as far as it was read already; others are not asked."""
        rules = self._rules.get(origin_of(url))
        return rules is None or rules.allows(url, PRODUCT)

    async def permit(self, url: str) -> None:
        """Wait until somebody else, a browser, may ask for `url` once: robots.txt allows it and it is the host's turn.

        Raises:
            AddressRefused, RobotsRefused, RetryLater: as `fetch` does.
        """
        await self._ask_robots(Request(url))
        host = host_of(url)
        async with self._sender.turn(host):
            await self._sender.wait(host, self._gap(url), url)

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
        async with self._sender.turn(f"robots {origin}"):
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
                answer = await self._sender.exchange(asked, Signed(asked), self._gap(asked.url))
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

    async def _send(self, request: Request, credential: Credential | None) -> Exchange:
        """One hop, with what its host wants to know; a token that is no longer taken is asked for once more."""
        gap = self._gap(request.url)
        if credential is None:
            return await self._sender.ask(request, Signed(request), gap)
        token = await self._token(credential)
        answer = await self._sender.ask(request, self._signed(request, credential, token), gap)
        if answer.status == 401 and token:
            self._manner.tokens.forget(credential)
            token = await self._token(credential)
            answer = await self._sender.ask(request, self._signed(request, credential, token), gap)
        return answer

    def _signed(self, request: Request, credential: Credential, token: str) -> Signed:
        signed = sign(request, credential, self._manner.now(), token)
        if not self._rules[origin_of(request.url)].allows(signed.request.url, PRODUCT):
            raise RobotsRefused("robots.txt does not allow us this address with a key.", url=request.url)
        return signed

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
        async with self._sender.turn(f"token {credential.auth.token_url}"):
            now = self._manner.now()
            if known := self._manner.tokens.get(credential, now):
                return known
            asked = token_request(credential)
            await self._ask_robots(asked)
            signed = Signed(asked, secrets=tuple(credential.values.values()))
            answer = await self._sender.exchange(asked, signed, self._gap(asked.url), recorded=False)
            token = read_token(credential.auth, answer, now)
            self._manner.tokens.put(credential, token)
            return token.value

    def _gap(self, url: str) -> float:
        rules = self._rules.get(origin_of(url))
        asked = rules.delay_seconds(PRODUCT) if rules else 0.0
        return max(self._manner.min_gap_seconds, asked)


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
