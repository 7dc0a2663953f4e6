"""Two processes never run the same source; a dead one's source is run by the next."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from ipguard.database.engine import reading, transaction
from ipguard.errors import WrongUse
from ipguard.jobs.claims import (
    FIRST_PAUSE,
    LEASE,
    Claim,
    LeaseLost,
    claim_due,
    claim_named,
    fail,
    finish,
    held_by,
    release,
    release_all,
    renew,
)
from ipguard.jobs.engine import Job
from ipguard.jobs.engine_local import LocalEngine
from ipguard.jobs.lease import Keeper
from ipguard.jobs.lock import nobody_sweeps, only_service, sweeping
from ipguard.jobs.schedule import Clock, owner_name, tick
from ipguard.sources.tables import SourceRow

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def add(engine: Engine, *hosts: str, due: datetime | None = NOON) -> None:
    with transaction(engine) as session:
        for number, host in enumerate(hosts):
            source = SourceRow(
                id=f"s{number:03}", adapter="shopify", base_url=f"https://{host}", created_at=NOON
            )
            source.next_run_at = due
            session.add(source)


def claim(engine: Engine, *, owner: str = "me", now: datetime = NOON, limit: int = 10) -> list[Claim]:
    with transaction(engine) as session:
        return claim_due(session, owner=owner, now=now, limit=limit)


def source(engine: Engine, name: str = "s000") -> SourceRow:
    with reading(engine) as session:
        found = session.get(SourceRow, name)
        assert found is not None
        return found


def test_a_source_is_claimed_once_until_its_lease_is_dead(engine: Engine) -> None:
    add(engine, "a.example")
    [first] = claim(engine)
    assert claim(engine, owner="you", now=NOON + LEASE - timedelta(seconds=1)) == []
    [second] = claim(engine, owner="you", now=NOON + LEASE)
    for late in (lambda s: renew(s, first, NOON), lambda s: finish(s, first, next_run_at=NOON)):
        with pytest.raises(LeaseLost), transaction(engine) as session:
            late(session)
    with transaction(engine) as session:
        assert fail(session, first, "too late", now=NOON) is None
        release(session, first)
        renew(session, second, NOON + LEASE)
        finish(session, second, next_run_at=NOON + DAY)
    row = source(engine)
    assert (row.lease_owner, row.last_error, row.next_run_at) == ("", "", NOON + DAY)


def test_what_is_not_due_or_switched_off_is_not_claimed(engine: Engine) -> None:
    add(engine, "a.example", due=NOON + timedelta(seconds=1))
    assert claim(engine) == []
    with transaction(engine) as session:
        row = session.get(SourceRow, "s000")
        assert row is not None
        row.enabled, row.next_run_at = False, NOON
        session.add(row)
    assert claim(engine) == []
    with transaction(engine) as session:
        assert len(claim_named(session, ["s000"], owner="me", now=NOON)) == 1
        assert claim_named(session, ["s000"], owner="you", now=NOON) == []


def test_two_sources_of_one_host_are_not_claimed_together(engine: Engine) -> None:
    add(engine, "a.example", "www.a.example", "b.example")
    first = claim(engine)
    assert [c.source_id for c in first] == ["s000", "s002"]
    assert claim(engine, owner="you") == []
    with transaction(engine) as session:
        assert held_by(session, "me", NOON) == 2
        finish(session, first[0], next_run_at=NOON + DAY)
    assert [c.source_id for c in claim(engine, owner="you")] == ["s001"]


def test_a_source_that_is_not_there_is_named(engine: Engine) -> None:
    add(engine, "a.example")
    with pytest.raises(WrongUse, match="no source nowhere"), transaction(engine) as session:
        claim_named(session, ["s000", "nowhere"], owner="me", now=NOON)


def test_each_failure_waits_twice_as_long_up_to_the_interval(engine: Engine) -> None:
    add(engine, "a.example")
    moment, pauses = NOON, []
    for _ in range(10):
        [mine] = claim(engine, now=moment)
        with transaction(engine) as session:
            again = fail(session, mine, "the shop is down", now=moment)
        assert again is not None
        pauses.append(again - moment)
        moment = again
    assert pauses[:3] == [FIRST_PAUSE, FIRST_PAUSE * 2, FIRST_PAUSE * 4]
    assert pauses[-1] == DAY
    assert (source(engine).attempts, source(engine).last_error) == (10, "the shop is down")


def test_leases_of_the_dead_are_freed_when_nobody_else_lives(engine: Engine) -> None:
    add(engine, "a.example", "b.example")
    claim(engine, limit=1)
    claim(engine, owner="you", limit=1)
    with transaction(engine) as session:
        assert release_all(session, owner="you") == ["s001"]
        assert release_all(session) == ["s000"]


CLAIMER = """
import sys
from datetime import UTC, datetime, timedelta
from ipguard.database.engine import make_engine, transaction
from ipguard.jobs.claims import claim_due, finish
now = datetime(2026, 11, 24, 12, tzinfo=UTC)
engine = make_engine(sys.argv[1])
sys.stdin.readline()
while True:
    with transaction(engine) as session:
        claims = claim_due(session, owner=sys.argv[2], now=now, limit=7)
    if not claims:
        break
    for claim in claims:
        print(claim.source_id, flush=True)
        with transaction(engine) as session:
            finish(session, claim, next_run_at=now + timedelta(days=1))
"""


def test_two_processes_claim_two_hundred_sources_once_each(engine: Engine, database_url: str) -> None:
    add(engine, *(f"shop{n}.example" for n in range(200)))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIMER, database_url, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    claimed = [line for process in processes for line in process.communicate(timeout=60)[0].split()]
    assert (len(claimed), len(set(claimed))) == (200, 200)


def test_a_tick_claims_no_more_than_there_are_workers_and_carries_plain_json(engine: Engine) -> None:
    add(engine, "a.example", "b.example", "c.example")
    taken: list[Job] = []

    class Takes:
        def defer(self, job: Job) -> None:
            taken.append(job)

        def run(self, stop: threading.Event) -> None:
            stop.wait()

    assert len(tick(engine, Takes(), owner="me", workers=2, now=lambda: NOON)) == 2
    assert tick(engine, Takes(), owner="me", workers=2, now=lambda: NOON) == []
    assert json.loads(json.dumps(dict(taken[0].arguments)))["source"] == "s000"
    assert taken[0].key == "a.example"


def test_the_clock_fires_at_once_and_the_engine_runs_one_job_a_host(engine: Engine) -> None:
    add(engine, "a.example", "b.example", "c.example")
    stop, seen, failures = threading.Event(), [], []

    def sweep(source: str, token: str) -> None:
        seen.append(source)
        if len(seen) == 3:
            stop.set()
        if source == "s001":
            raise RuntimeError("the shop bites")

    local = LocalEngine({"sweep": sweep}, workers=2, failed=lambda job, error: failures.append((job, error)))
    clock = Clock(engine, local, owner=owner_name(), workers=3, now=lambda: NOON)
    ticking = threading.Thread(target=clock.run, args=(stop,))
    ticking.start()
    local.run(stop)
    ticking.join()
    assert sorted(seen) == ["s000", "s001", "s002"]
    assert [(job.arguments["source"], str(error)) for job, error in failures] == [("s001", "the shop bites")]


def test_jobs_of_one_key_never_overlap_and_a_free_key_is_not_held_up() -> None:
    stop, running, overlaps, order = threading.Event(), set(), [], []
    free_ran = threading.Event()

    def work(key: str, number: int) -> None:
        overlaps.append(key in running)
        running.add(key)
        if key == "slow":
            free_ran.wait(10)
        else:
            free_ran.set()
        running.discard(key)
        order.append(number)
        if len(order) == 4:
            stop.set()

    local = LocalEngine({"work": work}, workers=3, failed=lambda job, error: overlaps.append(True))
    for number, key in enumerate(("slow", "slow", "slow", "quick")):
        local.defer(Job("work", {"key": key, "number": number}, key=key))
    local.run(stop)
    assert (overlaps, 3 in order[:2]) == ([False] * 4, True)
    with pytest.raises(KeyError):
        local.defer(Job("unknown"))


def test_jobs_that_wait_for_a_network_share_one_loop_and_never_two_of_a_key() -> None:
    stop, together, failures = threading.Event(), asyncio.Barrier(60), []
    running: set[str] = set()

    async def ask(key: str, last: bool) -> None:
        assert key not in running
        running.add(key)
        if not last:
            await together.wait()  # passes only when sixty run at once
        running.discard(key)
        if last:
            stop.set()

    local = LocalEngine({"ask": ask}, workers=100, failed=lambda job, error: failures.append(error))
    for number in range(60):
        local.defer(Job("ask", {"key": f"{number}.example", "last": False}, key=f"{number}.example"))
    local.defer(Job("ask", {"key": "0.example", "last": True}, key="0.example"))
    local.run(stop)
    assert (failures, running) == ([], set())


def test_one_thread_renews_every_lease_that_is_held(engine: Engine) -> None:
    add(engine, "a.example", "b.example")
    with transaction(engine) as session:
        claims = claim_due(session, owner="me", now=NOON, limit=2)
    later, beaten = NOON + timedelta(minutes=1), threading.Event()

    def renewing(session, claim, now) -> None:
        renew(session, claim, now)
        if claim is claims[1]:
            beaten.set()

    keeper: Keeper = Keeper(engine, lambda: later, renewing, seconds=0.01)
    with keeper, keeper.holding(claims[0]), keeper.holding(claims[1]):
        assert beaten.wait(10)
    with reading(engine) as session:
        until = set(session.scalars(select(SourceRow.lease_until)))
    assert until == {later + LEASE}


def test_a_second_service_on_one_workspace_is_refused_with_words(tmp_path) -> None:
    with (
        only_service(tmp_path),
        pytest.raises(WrongUse, match="Another `ipguard serve`"),
        only_service(tmp_path),
    ):
        raise AssertionError("a second service began")
    with only_service(tmp_path):
        assert (tmp_path / "serve.lock").exists()


def test_leases_are_called_dead_only_while_nobody_sweeps(tmp_path) -> None:
    with sweeping(tmp_path), sweeping(tmp_path), nobody_sweeps(tmp_path) as dead:
        assert not dead
    with nobody_sweeps(tmp_path) as dead:
        assert dead
