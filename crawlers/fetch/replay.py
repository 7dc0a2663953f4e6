"""Answers from saved exchanges: for tests, and for reading old evidence again with a newer adapter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from crawlers.errors import Unreachable
from crawlers.exchange import Exchange, Headers, Request
from crawlers.fetch.limits import Limits


class ReplayTransport:
    """Gives each saved answer for its URL, in the order saved; the last one again and again."""

    def __init__(self, saved: Iterable[Exchange]) -> None:
        self._saved: dict[str, list[Exchange]] = {}
        self.asked: list[str] = []
        for exchange in saved:
            self._saved.setdefault(exchange.url, []).append(exchange)

    async def send(self, request: Request, headers: Headers, limits: Limits) -> Exchange:  # noqa: ARG002 — the port's
        """The saved answer for the request's URL."""
        self.asked.append(request.url)
        answers = self._saved.get(request.url)
        if not answers:
            raise Unreachable("Nothing was saved for this address.", url=request.url)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return replace(answer, request=request)
