"""What workers share of a host, on both databases: its day's requests, its circuit, its kept answers."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from crawlers.exchange import Exchange, Request, Wire
from crawlers.fetch.answers import MAX_AGE, Kept
from crawlers.fetch.pace import FAILURES_TO_OPEN, PROBE
from ipguard.database.engine import reading
from ipguard.sources.answers import DatabaseAnswers
from ipguard.sources.pace import DatabasePace, open_circuits
from ipguard.sources.quota import DatabaseQuota, spent_today

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = NOON.date()


def test_a_day_has_its_requests_once_however_many_workers_spend_them(engine: Engine):
    def spend(_number: int) -> bool:
        return DatabaseQuota(engine).spend("api.example", 10, DAY)  # a worker that has just been started

    with ThreadPoolExecutor(4) as workers:
        assert sum(workers.map(spend, range(24))) == 10
    with reading(engine) as session:
        assert spent_today(session, DAY) == {"api.example": 10}
    quota = DatabaseQuota(engine)
    assert quota.spend("other.example", 1, DAY)
    assert not quota.spend("none.example", 0, DAY)
    assert quota.spend("api.example", 10, DAY + timedelta(days=1))
    with reading(engine) as session:
        assert spent_today(session, DAY) == {"other.example": 1}  # yesterday's is forgotten, for this host


def test_a_circuit_opens_for_every_worker_lets_one_try_and_closes(engine: Engine):
    one, two = DatabasePace(engine), DatabasePace(engine)
    for number in range(FAILURES_TO_OPEN):
        state = (one if number % 2 else two).failed("shop.example", f"time-out {number}\x00", NOON)
    assert state.since == NOON
    with reading(engine) as session:
        (circuit,) = open_circuits(session)
    until = NOON + timedelta(seconds=240)
    assert (circuit.host, circuit.since, circuit.until, circuit.why) == (
        "shop.example",
        NOON,
        until,
        "time-out 3",
    )
    assert one.reserve("shop.example", 1.0, NOON, 60.0).at == until  # told, and nothing taken

    half = until + timedelta(seconds=1)
    assert two.reserve("shop.example", 1.0, half, 60.0).at == half  # the one try
    assert (
        one.reserve("shop.example", 1.0, half, 60.0).at == half + PROBE
    )  # the others wait for what becomes of it
    again = two.failed("shop.example", "time-out", half)
    assert (again.since, again.at) == (NOON, half + timedelta(seconds=480))

    late = again.at + timedelta(hours=1)
    assert one.reserve("shop.example", 1.0, late, 60.0).failures == FAILURES_TO_OPEN + 1
    one.fine("shop.example", 1.0, late)
    with reading(engine) as session:
        assert open_circuits(session) == []
    assert two.reserve("shop.example", 1.0, late).at == late + timedelta(seconds=1)


def test_kept_answers_outlive_the_process_and_keep_to_their_bounds(engine: Engine):
    def kept(number: int, at: datetime = NOON) -> Kept:
        body = random.Random(number).randbytes(
            4_000
        )  # which does not compress; on the wire it is the same again
        wire = Wire(b"GET /", b"HTTP/1.1 200 OK\r\n\r\n" + body, "192.0.2.1", 80, ("192.0.2.1",))
        asked = Request(f"http://shop.example/{number}")
        return Kept(Exchange(asked, asked.url, 200, (("ETag", '"1"'),), body, at, at, wire=wire))

    answers = DatabaseAnswers(engine)
    answers.put("a", kept(1))
    answers.put("a", kept(2))
    assert DatabaseAnswers(engine).get("a", NOON) == kept(2)
    assert answers.get("a", NOON + timedelta(seconds=1)) is None
    assert answers.get("b", NOON) is None
    answers.forget("a")
    assert answers.get("a", NOON) is None

    answers.put("ancient", kept(1, NOON - MAX_AGE - timedelta(days=1)))
    for number in range(6):
        answers.put(f"n{number}", kept(number, NOON + timedelta(minutes=number)))
    few = DatabaseAnswers(engine, most_bytes=3 * 5_000, sweep_every=1)
    few.put("last", kept(9, NOON + timedelta(hours=1)))
    every = ("ancient", *(f"n{number}" for number in range(6)), "last")
    assert [key for key in every if few.get(key, datetime.min.replace(tzinfo=UTC))] == ["n4", "n5", "last"]
