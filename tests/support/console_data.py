"""A workspace with invented works, listings, pictures and alerts, for tests of the console."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Engine

from crawlers.listing import Listing, Price, Seller
from evidence_store.exhibit import Operator
from ipguard.alerts.raising import write_alerts
from ipguard.database.engine import make_engine, transaction
from ipguard.demo import art, products
from ipguard.hunting.tables import HuntRow
from ipguard.listings.store import keep_listings
from ipguard.listings.tables import ListingRow
from ipguard.matching.finding import Finding, PicturePlace, Reason, TextPlace
from ipguard.matching.score import verdict
from ipguard.rights.tables import NameRow, PictureRow, WorkRow
from ipguard.settings import Workspace
from ipguard.sources.store import NewSource, add_source
from ipguard.sources.tables import RunRow, StepRow
from ipguard.wiring import PictureStore
from ipguard.workspace import make_workspace

HOSTILE = '星灯 <script>alert(1)</script> "quoted" & T恤'
OPERATOR = Operator("test", "test")


def fill(folder: Path, now: Callable[[], datetime], *, alerts: int = 4) -> tuple[Workspace, Engine]:
    """Make a workspace and fill it; the first alert has a hostile title."""
    workspace = make_workspace(folder, now=now)
    engine = make_engine(workspace.database_url)
    store = PictureStore(workspace.pictures)
    reference = store.put(products.png(art.key_visual("star-lantern", size=320)))
    photo = store.put(products.jpeg(products.shirt(art.key_visual("star-lantern"), 3)))
    moment = now()
    with transaction(engine) as session:
        session.add(
            WorkRow(
                id="star-lantern",
                title="Star Lantern",
                owner="Example Co.",
                created_at=moment,
                updated_at=moment,
            )
        )
        session.flush()
        session.add(NameRow(work_id="star-lantern", text="星灯", language="zh", kind="title"))
        session.add(
            PictureRow(
                work_id="star-lantern",
                sha256=reference,
                file_name="key.png",
                media_type="image/png",
                width=320,
                height=320,
            )
        )
        session.add(
            HuntRow(edition=1, version="w", state="running", pictures=3, pictures_total=9, started_at=moment)
        )
        add_source(session, NewSource("https://moon-harbor.example", "shopify", "harbor"), now=moment)
        run = RunRow(
            source_id="harbor",
            state="finished",
            started_at=moment,
            ended_at=moment,
            note="4 listings read from 1 pages.",
        )
        session.add(run)
        session.flush()
        session.add(
            StepRow(
                run_id=int(str(run.id)),
                position=1,
                at=moment,
                kind="page",
                url="https://moon-harbor.example/<b>",
                outcome="ok",
                note="fine",
            )
        )
        listings = [
            Listing(
                f"l{n}", f"https://moon-harbor.example/{n}", HOSTILE if n == 0 else f"星灯 周边 {n}",
                Price(Decimal("9.90"), "USD", "9.90"), seller=Seller(name="<i>夜市小铺</i>"), pictures=(f"https://moon-harbor.example/{n}.jpg",),
            )
            for n in range(alerts)
        ]  # fmt: skip
        kept = keep_listings(
            session, "harbor", listings, read_by="shopify@1", run_id=int(str(run.id)), step=1, now=moment
        )
        place = PicturePlace(
            photo,
            reference,
            "features",
            ((265, 270), (535, 270), (535, 540), (265, 540)),
            ((0, 0), (320, 0), (320, 320), (0, 320)),
            40,
            points=tuple(
                ((265 + x * 270 / 320, 270 + y * 270 / 320), (float(x), float(y)))
                for x in range(40, 300, 60)
                for y in range(30, 300, 50)
            ),
        )
        for n, one in enumerate(kept):
            text = Finding(
                "text",
                "1",
                "star-lantern",
                0.9 - n / 100,
                Reason("text.exact", {"name": "星灯", "text": "星灯", "field": "title"}),
                TextPlace("title", 0, 2, "星灯", "星灯", "exact"),
            )
            picture = Finding(
                "picture",
                "1",
                "star-lantern",
                0.9,
                Reason("picture.part", {"reference": "key.png", "points": 40, "percent": 11, "share": 100}),
                place,
            )
            row = session.get_one(ListingRow, one.id)
            write_alerts(
                session,
                row,
                [verdict([text, picture])],
                {"star-lantern": f"01a20de5-0000-7000-8000-{n:012d}"},
                moment,
            )
    return workspace, engine
