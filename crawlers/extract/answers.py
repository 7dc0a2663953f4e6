"""JSON answers of documented interfaces: the value, or the page that says why there is none."""

from __future__ import annotations

import json

from crawlers.adapter import Outcome, Page
from crawlers.exchange import Exchange
from crawlers.extract.challenge import challenge_in
from crawlers.extract.page import parse


def json_answer(exchange: Exchange, who: str) -> tuple[object, Page | None]:
    """The JSON value of an answer; where there is none, the page that says what came instead.

    A body that was cut is an error, not a change: asking again may help. `who` begins the sentence.
    """
    if exchange.truncated:
        return None, Page(Outcome.ERROR, note=f"{who}: the answer was cut ({exchange.truncated}).")
    try:
        return json.loads(exchange.body), None
    except (ValueError, RecursionError):
        return None, not_the_form(exchange, f"{who} answers with something that is not JSON")


def not_the_form(exchange: Exchange, note: str) -> Page:
    """The page for an answer in a form that is not known: a challenge blocks us, anything else has changed."""
    if why := standing_in_the_way(exchange):
        return Page(Outcome.BLOCKED, note=why)
    return Page(Outcome.CHANGED, note=f"{note} (status {exchange.status}).")


def standing_in_the_way(exchange: Exchange) -> str:
    """What stands in the way where a web page came instead of data; empty where nothing does."""
    if exchange.body.lstrip()[:1] != b"<":
        return ""
    return challenge_in(parse(exchange.body, exchange.header("content-type") or ""))
