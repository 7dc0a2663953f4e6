"""A Certificate Transparency log behind the static interface (C2SP static-ct-api), by names tiles where it has them.

A names tile (Sunlight) holds the names of 256 certificates in a tenth of the bytes; a log without them is read by
its data tiles. The last, partial tile is read too, and goes on where it ended once it has grown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from crawlers.adapter import Outcome, Page, Policy, Query
from crawlers.adapters import ct_position
from crawlers.adapters.ct_position import Position
from crawlers.exchange import Exchange, Purpose, Request, State
from crawlers.extract.answers import not_the_form
from crawlers.extract.transparency import (
    TILE,
    BadEntry,
    checkpoint_size,
    read_data_tile,
    read_names_tile,
    tile_path,
)

NAMES, DATA = "names", "data"


@dataclass(frozen=True, slots=True)
class StaticCt:
    """One log, from its monitoring prefix."""

    prefix: str
    policy: Policy
    lookback: int = ct_position.LOOKBACK
    name: str = "static-ct"
    version: str = "1"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The log's host."""
        return (urlsplit(self.prefix).netloc.lower(),)

    def start(self, query: Query) -> Sequence[Request]:
        """The checkpoint; what it says decides which tiles are asked for."""
        state = dict(query.position or {})
        return [Request(f"{self.prefix}/checkpoint", Purpose.FEED, label="checkpoint", state=state)]

    def read(self, exchange: Exchange) -> Page:
        """A checkpoint or a tile, by what was asked."""
        if exchange.truncated:
            return Page(Outcome.ERROR, note=f"The log's answer was cut ({exchange.truncated}).")
        try:
            if exchange.request.label in (NAMES, DATA):
                return self._tile(exchange)
            return self._checkpoint(exchange)
        except BadEntry as error:
            return not_the_form(exchange, f"The log answers in another form: {error}")

    def _checkpoint(self, exchange: Exchange) -> Page:
        if exchange.status != 200:
            return not_the_form(exchange, "There is no checkpoint here")
        state = exchange.request.state
        here, wrong = ct_position.at_size(state, checkpoint_size(exchange.body), self.lookback)
        if wrong:
            return Page(Outcome.CHANGED, note=wrong)
        feed = str(state.get("feed") or NAMES)
        if here.at_the_head:
            return Page(Outcome.EMPTY, note="No new entries.", position=_written(here, feed))
        return Page(Outcome.OK, requests=(self._ask(here, feed),), position=_written(here, feed))

    def _tile(self, exchange: Exchange) -> Page:
        feed = exchange.request.label
        here = ct_position.position_in(exchange.request.state)
        if here is None:
            return Page(Outcome.CHANGED, note="It is not known which entries were asked for.")
        width = int(str(exchange.request.state.get("width", TILE)))
        if exchange.status == 404:
            return self._not_there(here, feed, width, exchange)
        if exchange.status != 200:
            return not_the_form(exchange, "The log does not hand out a tile that it must have")
        found = (read_names_tile if feed == NAMES else read_data_tile)(exchange.body)
        if len(found.entries) != width:
            raise BadEntry(f"{len(found.entries)} entries in a tile of {width}")
        new = replace(found, entries=found.entries[here.next % TILE :])
        page, note = ct_position.yielded(new, "entries")
        after = Position(here.next // TILE * TILE + width, max(here.size, here.next // TILE * TILE + width))
        requests = () if after.at_the_head else (self._ask(after, feed),)
        words = f"{note} {after.say()}".strip()
        return replace(page, requests=requests, note=words, position=_written(after, feed))

    def _not_there(self, here: Position, feed: str, width: int, exchange: Exchange) -> Page:
        """A partial tile goes once it is full; a log without names tiles has data tiles."""
        if width < TILE and not exchange.request.state.get("grown"):
            return Page(
                Outcome.OK,
                requests=(self._ask(here, feed, grown=True),),
                note="The tile has grown meanwhile.",
            )
        if feed == NAMES:
            return Page(Outcome.OK, requests=(self._ask(here, DATA),), note="The log has no names tiles.")
        return not_the_form(exchange, "The log does not hand out a tile that it must have")

    def _ask(self, here: Position, feed: str, *, grown: bool = False) -> Request:
        """The tile that holds the next entry, as wide as the log was when we asked."""
        number = here.next // TILE
        width = TILE if grown else min(TILE, here.size - number * TILE)
        state: State = {**here.state, "width": width, "grown": grown}
        url = f"{self.prefix}/tile/{feed}/{tile_path(number, width)}"
        return Request(url, Purpose.FEED, label=feed, state=state)


def make(base_url: str, policy: Policy, options: Mapping[str, object]) -> StaticCt:
    """The adapter for the log at this monitoring prefix."""
    return StaticCt(base_url.rstrip("/"), ct_position.policy_of(policy), ct_position.lookback_in(options))


def _written(here: Position, feed: str) -> State:
    return {**here.state, "feed": feed}
