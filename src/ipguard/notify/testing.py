"""The contract of the port Notifier. Subclass `NotifierContract`, say how yours is made and what its receiver heard."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import get_args

import pytest

from ipguard.notify.events import (
    KINDS,
    AlertBrief,
    AlertsBack,
    AlertsNew,
    DeadlineNear,
    Digest,
    Event,
    EvidenceTrouble,
    ExportReady,
    Single,
    SourceAlarm,
    Trial,
    event_id,
)
from ipguard.notify.port import Notifier, Undelivered

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOSTILE = (
    "星灯 <!channel> <@U123> @all @所有人 <script>alert(1)</script> [free](https://evil.example) "
    "<at id=all></at> *bold* `code` \r\nBcc: a@evil.example \u202egnp.exe &amp; <b>"
)
"""A title that tries to call everybody, to be a link, a header, and to turn words round."""


def alert(number: int, *, title: str = HOSTILE, length: int = 1) -> AlertBrief:
    """An invented alert; `length` repeats its texts."""
    many = title * length
    return AlertBrief(
        number,
        1,
        many,
        "star-lantern",
        "Star Lantern",
        0.91,
        "harbor",
        many,
        "https://evil.example/",
        "9.90",
        "USD",
    )


def samples(length: int = 1, count: int = 3) -> tuple[Event, ...]:
    """One event of every kind, its texts hostile."""
    alerts = tuple(alert(n, length=length) for n in range(1, count + 1))
    long = HOSTILE * length
    singles: tuple[Single, ...] = (
        AlertsNew(event_id("new", length), NOON, count + 40, alerts, ("star-lantern",)),
        AlertsBack(event_id("back", length), NOON, count, alerts, ("star-lantern", "moon")),
        SourceAlarm(event_id("alarm", length), NOON, "harbor", "health.blocked", {"why": long}),
        DeadlineNear(event_id("near", length), NOON, "case", long, date(2026, 12, 1), "/cases/1"),
        ExportReady(event_id("export", length), NOON, 1, long, "case-1.zip", "ab" * 32, 4),
        EvidenceTrouble(event_id("trouble", length), NOON, long),
        Trial(event_id("test", length), NOON, "somebody"),
    )
    return (*singles, Digest(event_id("digest", length), NOON, singles))


class NotifierContract:
    """What every notifier must do."""

    forbidden: Sequence[str] = ("<!channel>", "<@U123>", "@all", "@所有人", "<script", "<at ", "\u202e")
    """Must not stand in what the receiver gets."""
    max_bytes: int = 1_000_000
    """The documented limit of one message."""
    secret: str = ""
    """Must not stand in any error."""

    def make(self) -> Notifier:
        """A notifier whose receiver answers."""
        raise NotImplementedError

    def make_refused(self) -> Notifier:
        """A notifier whose receiver refuses everything."""
        raise NotImplementedError

    def heard(self) -> Sequence[bytes]:
        """What the receiver got so far, as it came."""
        raise NotImplementedError

    def text_of(self, received: bytes) -> str:
        """What came, decoded."""
        return received.decode("utf-8")

    def test_every_kind_of_event_is_told_once_and_calls_nobody(self) -> None:
        """Texts of listings are neither mark-up nor mentions."""
        notifier, before = self.make(), len(self.heard())
        told = samples()
        assert {event.kind for event in told} >= set(KINDS)
        assert len(told) == len(get_args(Single)) + 1
        for event in told:
            notifier.notify(event)
        got = [self.text_of(one) for one in self.heard()[before:]]
        assert len(got) == len(told)
        for text in got:
            for never in self.forbidden:
                assert never not in text, (never, text)
        assert "Star Lantern" in got[0]

    def test_a_message_of_any_length_stays_within_the_limit_and_says_how_many_there_are(self) -> None:
        """A page that is all title does not make a message fail."""
        notifier, before = self.make(), len(self.heard())
        for event in samples(length=400, count=15):
            notifier.notify(event)
        got = self.heard()[before:]
        assert len(got) == len(samples())
        assert all(len(one) <= self.max_bytes for one in got)
        assert "55" in self.text_of(got[0])

    def test_a_refusal_is_told_in_our_own_words_without_the_secret(self) -> None:
        """Nothing but Undelivered leaves a notifier."""
        with pytest.raises(Undelivered) as refusal:
            self.make_refused().notify(samples()[0])
        if self.secret:
            assert self.secret not in f"{refusal.value} {refusal.value.hint}"
