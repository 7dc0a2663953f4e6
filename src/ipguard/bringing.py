"""What people bring, put to work: a table imported, addresses pasted. The command line and the console call these."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Engine

from crawlers.fetch.browser import BrowserOptions
from evidence_store.exhibit import Operator
from ipguard.asking import fetch_pictures, see_page
from ipguard.evidence import EvidenceVault
from ipguard.intake import Intake, IntakeKit, Order, Seen, paste, take_table
from ipguard.jobs.lock import sweeping
from ipguard.jobs.schedule import owner_name
from ipguard.keeping import stamp_quietly
from ipguard.recapture import Wanted
from ipguard.service import free_the_dead
from ipguard.settings import Workspace
from ipguard.sources.importing import Contents, Manner, read_contents
from ipguard.spool import Spool
from ipguard.wiring import PictureStore, looking_out, make_desk


@dataclass(frozen=True, slots=True)
class Bringer:
    """Who brings something, and where to."""

    workspace: Workspace
    database: Engine
    operator: Operator
    now: Callable[[], datetime]


def preview_table(data: bytes, *, columns: Mapping[str, str] | None = None, currency: str = "") -> Contents:
    """What a table would bring; nothing is written.

    Raises:
        WrongUse: it cannot be read; rows and columns are named.
    """
    return read_contents(data, Manner(columns or {}, currency))


def import_table(
    by: Bringer,
    data: bytes,
    *,
    name: str,
    columns: Mapping[str, str] | None = None,
    currency: str = "",
    pictures: bool = False,
    local_hosts: frozenset[str] = frozenset(),
) -> Intake:
    """Take in a table, all of it or nothing, and flag what it shows; with `pictures` those it names are asked for.

    Raises:
        WrongUse: it cannot be read, or another process works on one of its sources.
    """
    contents = preview_table(data, columns=columns, currency=currency)
    what = f"{name[:200]} (SHA-256 {hashlib.sha256(data).hexdigest()})"
    with _kit(by, None, "UTC", local_hosts) as kit:
        return take_table(kit, contents.brought, what=what, pictures=pictures)


def paste_addresses(
    by: Bringer,
    addresses: Sequence[str],
    order: Order,
    *,
    browser: BrowserOptions | None = None,
    time_zone: str = "UTC",
    local_hosts: frozenset[str] = frozenset(),
) -> Intake:
    """Take in pages by their addresses; those that are asked for are kept as exhibits.

    Raises:
        WrongUse: one of them is no web address; then nothing is asked.
    """
    with _kit(by, browser, time_zone, local_hosts) as kit:
        return paste(kit, addresses, order)


@contextmanager
def _kit(
    by: Bringer, browser: BrowserOptions | None, time_zone: str, local_hosts: frozenset[str]
) -> Iterator[IntakeKit]:
    workspace, database = by.workspace, by.database

    def see(wanted: Wanted) -> Seen:
        seen = see_page(
            workspace, database, wanted,
            operator=by.operator, now=by.now, browser=browser, time_zone=time_zone, local_hosts=local_hosts,
        )  # fmt: skip
        (receipt,) = EvidenceVault(workspace, by.now).keep([seen.outcome.capture])
        return Seen(seen.outcome, seen.heard, seen.page, receipt.exhibit_id)

    free_the_dead(workspace, database)
    with sweeping(workspace.folder), looking_out(workspace, database) as lookout:
        yield IntakeKit(
            database,
            make_desk(workspace, database, lookout, operator=by.operator, now=by.now),
            PictureStore(workspace.pictures),
            partial(Spool, workspace.folder / "spool"),
            see,
            partial(fetch_pictures, workspace, database, now=by.now, local_hosts=local_hosts),
            owner_name(),
            by.operator.id,
            by.now,
        )
    stamp_quietly(workspace, by.now)
