"""Asking others about hits: the registry of a domain, and its name servers. Nobody is asked about anything else.

A registry's answer may name people. So it is not kept as it was: what is read of it is written down, with the digest
of the answer; what name servers say is kept message by message.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, cast

from sqlalchemy import Engine

from crawlers.adapter import Outcome, Policy, Query
from crawlers.adapters import rdap
from crawlers.crawl import BLOCKED_STATUS, Fetches
from crawlers.errors import BadSource, CrawlError, Refused, RetryLater
from crawlers.extract.bootstrap import Services, own_services, read_services, service_of
from crawlers.fetch.records import Records
from crawlers.listing import Kind
from crawlers.plain import plain
from ipguard.database.engine import reading, transaction
from ipguard.errors import WrongUse
from ipguard.jobs.claims import Claim, renew
from ipguard.listings.lookups import NAMES, REGISTRATION, Told, keep_told, to_ask_about
from ipguard.matching.domains.reading import Domain, read_domain
from ipguard.sources.runs import Asked, write_step
from ipguard.sources.tables import RunRow

ASKED_A_RUN = 200
"""Hits asked about in one run; the rest is asked about in the next."""
POLICY = Policy("B", "public-register")


class AsksNames(Protocol):
    """Asks name servers: `crawlers.fetch.records.DnsRecords`."""

    async def look_up(self, name: str) -> Records:
        """What they say about a name; never raises for what a server does."""
        ...


@dataclass(frozen=True, slots=True)
class Informants:
    """Who is asked."""

    registries: Services
    names: AsksNames


def registries(file: Path | None) -> Services:
    """Which registry answers for which names: from this file, else the table that comes with the crawlers.

    Raises:
        WrongUse: the file cannot be read.
    """
    if file is None:
        return own_services()
    try:
        return read_services(file.read_bytes())
    except (OSError, BadSource) as error:
        raise WrongUse(f"{file} cannot be read: {error}", hint="Correct crawling.rdap_services.") from error


async def enquire(
    database: Engine,
    informants: Informants,
    fetcher: Fetches,
    claim: Claim,
    run_id: int,
    now: Callable[[], datetime],
) -> None:
    """Ask about every domain of this source that is a hit and was not asked about yet.

    A registry that asks for a pause is left alone until the next run.

    Raises:
        LeaseLost: another process runs this source by now.
    """
    resting: set[str] = set()
    for listing_id, name in _hits(database, claim.source_id, NAMES):
        told = _names_told(await informants.names.look_up(name))
        _write(database, claim, run_id, listing_id, f"dns:{name}", told, now())
    for listing_id, name in _hits(database, claim.source_id, REGISTRATION):
        base = service_of(name, informants.registries)
        if base in resting:
            continue
        try:
            url, told = await _registration(fetcher, base, registered_name(name))
        except RetryLater as error:
            resting.add(base)
            note = f"{error} The next run asks again."
            _step(database, claim, run_id, Asked(REGISTRATION, error.url or base, "skipped", note), now())
            continue
        _write(database, claim, run_id, listing_id, url, told, now())


def registered_name(name: str) -> str:
    """What was registered of a host name: the label before the public suffix, and the suffix."""
    domain = read_domain(name)
    if not isinstance(domain, Domain) or not domain.free:
        return name
    return ".".join(domain.ascii.split(".")[len(domain.free) - 1 :])


def _hits(database: Engine, source_id: str, kind: str) -> Iterator[tuple[int, str]]:
    with reading(database) as session:
        rows = to_ask_about(session, source_id, kind, Kind.DOMAIN.value, ASKED_A_RUN)
    yield from ((cast(int, row.id), row.title) for row in rows)


async def _registration(fetcher: Fetches, base: str, name: str) -> tuple[str, Told]:
    """What a registry says, and under which address it was asked."""
    if not base:
        note = f"No registry is known that tells about names under .{name.rpartition('.')[2]}."
        return f"rdap:{name}", Told(REGISTRATION, "skipped", note)
    adapter = rdap.make(base, POLICY, {})
    (request,) = adapter.start(Query(name))
    try:
        answer = await fetcher.fetch(request)
    except RetryLater:
        raise
    except CrawlError as error:
        outcome = "skipped" if isinstance(error, Refused) else "error"
        return request.url, Told(REGISTRATION, outcome, str(error))
    if answer.status in BLOCKED_STATUS:
        return request.url, Told(REGISTRATION, "blocked", f"The registry refuses us: status {answer.status}.")
    page = adapter.read(answer)
    facts = {"asked": request.url, "answer_sha256": hashlib.sha256(answer.body).hexdigest()}
    if page.outcome is Outcome.OK:
        said = rdap.registration_in(json.loads(answer.body))
        facts |= cast("dict[str, str]", plain(said))
    return request.url, Told(REGISTRATION, page.outcome.value, page.note, facts)


def _names_told(said: Records) -> Told:
    messages = [
        {
            "server": one.server,
            "asked_at": one.asked_at.isoformat(),
            "question": b64encode(one.question).decode(),
            "answer": b64encode(one.answer).decode(),
        }
        for one in said.messages
    ]
    facts = {
        "name": said.name,
        "answered": said.outcome,
        "records": plain(said.records),
        "messages": messages,
    }
    outcome = "ok" if said.records else "empty" if said.outcome else "error"
    return Told(NAMES, outcome, said.note, facts)


def _write(
    database: Engine, claim: Claim, run_id: int, listing_id: int, url: str, told: Told, now: datetime
) -> None:
    with transaction(database) as session:
        renew(session, claim, now)
        keep_told(session, listing_id, told, now)
        asked = Asked(told.kind, url, told.outcome, told.note)
        write_step(session, session.get_one(RunRow, run_id), asked, now)


def _step(database: Engine, claim: Claim, run_id: int, asked: Asked, now: datetime) -> None:
    with transaction(database) as session:
        renew(session, claim, now)
        write_step(session, session.get_one(RunRow, run_id), asked, now)
