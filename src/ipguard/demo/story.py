"""The demo, act by act, through the same code as everyday work: only shop, art and goods are invented.

It tells what was planted, found, missed and wrongly flagged; hard cases are planted, so it does miss some.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from evidence_store.bundles.export import BundleSummary
from evidence_store.exhibit import Operator
from evidence_store.verify.verdict import Verdict
from evidence_store.verify.verifier import verify_bundle
from ipguard.alerts.decisions import decide
from ipguard.alerts.queries import AlertView, Filter, list_alerts
from ipguard.asking import recognise_adapter
from ipguard.cases.store import add_alert, new_case
from ipguard.database.engine import make_engine, reading, transaction
from ipguard.demo import art
from ipguard.demo.market import Shop, address_of, draw_pictures, open_shop
from ipguard.demo.planted import CATALOGUE, COURIER, FOX, LANTERN, OUTLET, STREET, WATCHLIST, Planted
from ipguard.errors import WrongUse
from ipguard.evidence import export_case
from ipguard.service import sweep_now
from ipguard.settings import Workspace
from ipguard.sources.store import NewSource, add_source
from ipguard.sweep import SourceReport
from ipguard.wiring import add_watchlist
from ipguard.workspace import make_workspace

MARK = ".ipguard-demo"
"""A folder with this file is a demo of before, and may be replaced."""
OPERATOR = Operator("demo", "demo")
GAP_SECONDS = 0.02
"""The demo shops are our own and on this machine; real shops get a second and more."""
IN_CASE = 5

Advance = Callable[[int, int], None]
Act = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Judged:
    """One planted listing and what became of it."""

    item: Planted
    flagged: tuple[str, ...]
    """Works it was flagged for."""

    @property
    def outcome(self) -> str:
        """found, missed, wrongly flagged, or left alone."""
        if self.item.work is None:
            return "wrongly flagged" if self.flagged else "left alone"
        return "found" if self.item.work in self.flagged else "missed"


@dataclass(frozen=True, slots=True)
class Told:
    """Everything the demo has to tell at its end."""

    workspace: Workspace
    reports: tuple[SourceReport, ...]
    judged: tuple[Judged, ...]
    second_visit: tuple[SourceReport, ...]
    forbidden_asked: tuple[str, ...]
    """Forbidden paths in the shops' own logs: must be empty."""
    bundle: BundleSummary
    verdict: Verdict
    flipped: Verdict
    """Of a copy in which one byte was changed."""


def play(folder: Path, *, now: Callable[[], datetime], act: Act, advance: Advance) -> Told:
    """Play the whole demo in `folder`.

    Args:
        folder: new, empty, or of a demo before (then replaced).
        act: told what begins. advance: told (done, of all).
    """
    _make_room(folder)
    act("Drawing the works and the goods (all by code, CC0)")
    watchlist = _write_watchlist(folder)
    pictures = draw_pictures(advance)
    act("Making a workspace and reading the watchlist")
    workspace = make_workspace(folder / "workspace", now=now)
    add_watchlist(workspace, watchlist, now=now)
    database = make_engine(workspace.database_url)
    with (
        open_shop(OUTLET, pictures) as (outlet, outlet_url),
        open_shop(STREET, pictures) as (street, street_url),
    ):
        act("Looking at two shops on this machine, over real HTTP")
        _add_sources(workspace, database, outlet_url, street_url, now)
        reports = _look(workspace, database, now, advance)
        act("Visiting them again, when one listing has vanished")
        outlet.evening = street.evening = True
        second = _look(workspace, database, now, advance)
        forbidden = tuple(path for shop in (outlet, street) for path in _forbidden(shop))
        judged = _judge(database, {OUTLET: outlet_url, STREET: street_url}, now)
    act("Deciding, opening a case, exporting a bundle")
    case = _open_case(database, now)
    bundle, verdict = export_case(workspace, database, case, by="demo", now=now, progress=advance)
    act("Flipping one byte in a copy of the bundle")
    flipped = verify_bundle(_flip_one_byte(bundle.path, folder / "flipped.zip"))
    database.dispose()
    return Told(workspace, reports, judged, second, forbidden, bundle, verdict, flipped)


def _make_room(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise WrongUse(
                f"{folder} holds other things", hint="Name another folder: ipguard demo --folder NEW"
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()


def _write_watchlist(folder: Path) -> Path:
    place = folder / "watchlist"
    (place / "art").mkdir(parents=True)
    for work in (LANTERN, COURIER, FOX):
        art.key_visual(work).save(place / "art" / f"{work}-key.png")
        art.emblem(work).save(place / "art" / f"{work}-emblem.png")
    file = place / "watchlist.toml"
    file.write_text(WATCHLIST, "utf-8")
    return file


def _add_sources(
    workspace: Workspace, database: Engine, outlet_url: str, street_url: str, now: Callable[[], datetime]
) -> None:
    wanted = [(OUTLET, outlet_url), (STREET, f"{street_url}/all")]
    kinds = [recognise_adapter(workspace, url, local=True, now=now) for _, url in wanted]
    with transaction(database) as session:
        for (name, url), kind in zip(wanted, kinds, strict=True):
            add_source(
                session, NewSource(url, kind, name, local=True, min_gap_seconds=GAP_SECONDS), now=now()
            )


def _look(
    workspace: Workspace, database: Engine, now: Callable[[], datetime], advance: Advance
) -> tuple[SourceReport, ...]:
    done = sweep_now(
        workspace, database, [], everything=True, operator=OPERATOR, now=now,
        progress=lambda at: advance(at.done, at.of),
    )  # fmt: skip
    return done.reports


def _forbidden(shop: Shop) -> list[str]:
    return [path for path in shop.asked if path.startswith(("/members/", "/cart?")) or path == "/cart"]


def _judge(database: Engine, bases: dict[str, str], now: Callable[[], datetime]) -> tuple[Judged, ...]:
    with reading(database) as session:
        views = list_alerts(session, Filter(state=None), now=now(), limit=500)
    flagged: dict[str, list[str]] = {}
    for view in views:
        flagged.setdefault(view.listing.url, []).append(view.work.id)
    return tuple(
        Judged(item, tuple(flagged.get(address_of(item, bases[item.shop]), ()))) for item in CATALOGUE
    )


def _open_case(database: Engine, now: Callable[[], datetime]) -> int:
    with reading(database) as session:
        views: Sequence[AlertView] = list_alerts(session, Filter(work=LANTERN), now=now(), limit=IN_CASE)
    with transaction(database) as session:
        case = new_case(
            session, "Star Lantern: goods at Moon Harbor and on Lantern Street", by="demo", now=now()
        )
        for view in views:
            decide(
                session, view.id, version=view.alert.version, decision="infringing", by="demo", now=now(),
                note="decided by the demo",
            )  # fmt: skip
            add_alert(session, int(str(case.id)), view.id, by="demo", now=now())
        return int(str(case.id))


def _flip_one_byte(bundle: Path, copy: Path) -> Path:
    data = bytearray(bundle.read_bytes())
    data[len(data) // 2] ^= 1
    copy.write_bytes(bytes(data))
    return copy
