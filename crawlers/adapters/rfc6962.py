"""A Certificate Transparency log behind the first interface (RFC 6962 §4): get-sth, then get-entries piece by piece.

A log may hand out fewer entries than were asked for; what came decides where it goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from crawlers.adapter import Outcome, Page, Policy, Query
from crawlers.adapters import ct_position
from crawlers.adapters.ct_position import Position
from crawlers.exchange import Exchange, Purpose, Request
from crawlers.extract.answers import not_the_form
from crawlers.extract.transparency import TILE, BadEntry, read_entries, tree_size

SMALLEST_BATCH = 16


@dataclass(frozen=True, slots=True)
class Rfc6962:
    """One log, from the address before `/ct/v1`."""

    prefix: str
    policy: Policy
    lookback: int = ct_position.LOOKBACK
    batch: int = TILE
    """Entries asked for at once: about 2 MB with their chains."""
    name: str = "rfc6962"
    version: str = "1"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The log's host."""
        return (urlsplit(self.prefix).netloc.lower(),)

    def start(self, query: Query) -> Sequence[Request]:
        """The tree head; its size decides which entries are asked for."""
        state = dict(query.position or {})
        return [Request(f"{self.prefix}/ct/v1/get-sth", Purpose.FEED, label="sth", state=state)]

    def read(self, exchange: Exchange) -> Page:
        """A tree head or entries, by what was asked."""
        try:
            if exchange.request.label == "entries":
                return self._entries(exchange)
            if exchange.truncated:
                return Page(Outcome.ERROR, note=f"The log's answer was cut ({exchange.truncated}).")
            return self._tree_head(exchange)
        except BadEntry as error:
            return not_the_form(exchange, f"The log answers in another form: {error}")

    def _tree_head(self, exchange: Exchange) -> Page:
        if exchange.status != 200:
            return not_the_form(exchange, "There is no tree head here")
        here, wrong = ct_position.at_size(exchange.request.state, tree_size(exchange.body), self.lookback)
        if wrong:
            return Page(Outcome.CHANGED, note=wrong)
        if here.at_the_head:
            return Page(Outcome.EMPTY, note="No new entries.", position=here.state)
        return Page(Outcome.OK, requests=(self._ask(here, self.batch),), position=here.state)

    def _entries(self, exchange: Exchange) -> Page:
        here = ct_position.position_in(exchange.request.state)
        batch = int(str(exchange.request.state.get("batch", self.batch)))
        if here is None:
            return Page(Outcome.CHANGED, note="It is not known which entries were asked for.")
        if exchange.truncated == "length" and batch > SMALLEST_BATCH:
            again = self._ask(here, max(batch // 4, SMALLEST_BATCH))
            return Page(Outcome.OK, requests=(again,), note="Too much at once: fewer entries are asked for.")
        if exchange.truncated:
            return Page(Outcome.ERROR, note=f"The log's answer was cut ({exchange.truncated}).")
        if exchange.status != 200:
            return not_the_form(exchange, "The log does not hand out entries that it must have")
        found = read_entries(exchange.body)
        wanted = min(batch, here.size - here.next)
        if not 0 < len(found.entries) <= wanted:
            raise BadEntry(f"{len(found.entries)} entries where {wanted} were asked for")
        page, note = ct_position.yielded(found, "entries")
        after = Position(here.next + len(found.entries), here.size)
        requests = () if after.at_the_head else (self._ask(after, batch),)
        return replace(page, requests=requests, note=f"{note} {after.say()}".strip(), position=after.state)

    def _ask(self, here: Position, batch: int) -> Request:
        last = min(here.next + batch, here.size) - 1
        url = f"{self.prefix}/ct/v1/get-entries?start={here.next}&end={last}"
        return Request(url, Purpose.FEED, label="entries", state={**here.state, "batch": batch})


def make(base_url: str, policy: Policy, options: Mapping[str, object]) -> Rfc6962:
    """The adapter for the log at `base_url`."""
    prefix = base_url.rstrip("/").removesuffix("/ct/v1")
    return Rfc6962(prefix, ct_position.policy_of(policy), ct_position.lookback_in(options))
