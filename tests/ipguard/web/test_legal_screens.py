"""Legal staff go from a case to a bundle and a report, look at an exhibit safely, and a stranger checks what they got."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from console_data import fill
from sqlalchemy import delete
from starlette.testclient import TestClient

from evidence_store.exhibit import Artefact, Capture, Operator, WireExchange
from ipguard.alerts.decisions import decide
from ipguard.alerts.tables import AlertExhibitRow, SightRow
from ipguard.cases.pages import SORTS
from ipguard.cases.states import STATES
from ipguard.cases.store import add_alert, new_case
from ipguard.checking import look
from ipguard.database.engine import transaction
from ipguard.demo import art, products
from ipguard.evidence import export_case, open_store
from ipguard.exhibits import Opened
from ipguard.keeping import place_hold
from ipguard.people.links import make_link
from ipguard.people.tables import PersonRow
from ipguard.web.access import create_console_key
from ipguard.web.app import create_app
from ipguard.web.case_story import DEEDS, SENTENCES
from ipguard.web.cases import LETTERS
from ipguard.web.exhibit_origin import LASTS, Origin, create_exhibit_app
from ipguard.web.language import catalogue
from ipguard.web.verify_page import A_MINUTE, NOT_CHECKED, PLAIN, Turns

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
OWN = {"Origin": "http://127.0.0.1"}
APART = "http://127.0.0.1:8766"
PAGE = b"<html><script>parent.alert(1)</script><h1>Moon Harbor</h1><img src=/x.png></html>"
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"
    % (len(PAGE), PAGE)
)


class Clock:
    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


class Place:
    """A console with one case of one listing and one exhibit, and a bundle of it."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.workspace, self.engine = fill(folder, self.clock)
        wire = WireExchange(
            "https://moon-harbor.example/0",
            b"GET /0 HTTP/1.1\r\n\r\n",
            ANSWER,
            NOON,
            NOON,
            "203.0.113.7",
            443,
        )
        photo = Artefact(
            "picture.png", "picture", "image/png", products.png(art.emblem("star-lantern", size=64))
        )
        with open_store(self.workspace, self.clock) as store:
            [kept] = store.keep(
                [
                    Capture(
                        "https://moon-harbor.example/0",
                        "listing",
                        "legitimate interest",
                        Operator("ana", "test"),
                        (wire,),
                        (photo,),
                    )
                ]
            )
            place_hold(store, [kept.exhibit_id], matter="2026-Civ-41", who="ana", why="litigation")
        self.exhibit = kept.exhibit_id
        with transaction(self.engine) as session:
            # the exhibits that the sample data invents were never kept
            session.execute(delete(AlertExhibitRow))
            session.add(
                AlertExhibitRow(alert_id=1, exhibit_id=kept.exhibit_id, alert_version=1, kept_at=NOON)
            )
            new_case(session, "Moon Harbor <b>", by="ana", now=NOON)
            decide(session, 1, version=1, decision="infringing", by="ana", now=NOON)
            session.flush()
            session.add(
                SightRow(decision_id=1, way="alone", dwell_ms=1500, listing_version=1, alert_version=1)
            )
            add_alert(session, 1, 1, by="ana", now=NOON)

    def app(self):
        def export(case: int, by: str, progress) -> None:
            export_case(self.workspace, self.engine, case, by=by, now=self.clock, progress=progress)

        return create_app(
            self.workspace, engine=self.engine, now=self.clock, export=export, exhibits_at=APART
        )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = Place(tmp_path_factory.mktemp("legal") / "ws")
    yield made
    made.engine.dispose()


@pytest.fixture(scope="module")
def console(place: Place) -> Iterator[TestClient]:
    with TestClient(place.app(), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def inside(place: Place, console: TestClient) -> TestClient:
    console.get(f"/enter?key={create_console_key(place.workspace, place.clock())}")
    return console


def token(client: TestClient) -> str:
    return re.search(r'name="token" value="([^"]*)"', client.get("/cases").text)[1]


def post(client: TestClient, path: str, **form: str):
    return client.post(path, data={"token": token(client), **form}, headers=OWN, follow_redirects=False)


def test_every_tab_and_screen_opens_in_both_languages_and_shows_no_mark_up_of_strangers(inside, place):
    for path in (
        "/cases",
        "/cases?view=board",
        *(f"/cases/1?tab={t}" for t in ("listings", "evidence", "letters", "timeline", "people")),
        f"/exhibits/{place.exhibit}",
        "/reports",
        "/reports/list?what=infringing",
    ):
        for language in ("en", "zh"):
            answer = inside.get(path, headers={"Accept-Language": language})
            assert answer.status_code == 200, path
            assert "<script>alert" not in answer.text
            assert "Moon Harbor <b>" not in answer.text


def test_facts_and_moves_of_a_case_are_made_by_forms_and_stand_on_its_timeline(inside):
    assert (
        post(
            inside,
            "/cases/1/facts",
            title="Moon Harbor <b>",
            counsel_firm="Hu & Wei LLP",
            due_on="2026-11-20",
            value="12,500",
            currency="USD",
        ).status_code
        == 303
    )
    assert post(inside, "/cases/1/facts", title="x", value="many").status_code == 409
    assert post(inside, "/cases/1/move", to="watching").status_code == 409
    assert post(inside, "/cases/1/move", to="ready").status_code == 303
    listed = inside.get("/cases?lang=en&view=table&due=overdue&counsel=wei").text
    assert "12500 USD" in listed
    assert "overdue" in listed
    told = inside.get("/cases/1?tab=timeline&lang=zh").text
    assert "变为“待审阅”" in told
    rows = inside.get("/cases.csv").content.decode("utf-8-sig").splitlines()
    assert "Hu & Wei LLP" in rows[1]
    assert "2026-11-20" in rows[1]
    inside.post("/cases", data={"token": token(inside), "title": "=cmd()"}, headers=OWN)
    assert "'=cmd()" in inside.get("/cases.csv").text


def test_a_chosen_order_is_remembered_and_the_address_wins(inside):
    inside.get("/cases?view=board&sort=deadline")
    assert 'class="board"' in inside.get("/cases").text
    assert 'class="board"' not in inside.get("/cases?view=table").text
    assert '<option value="deadline" selected>' in inside.get("/cases").text


def test_an_exhibit_shows_its_page_from_another_origin_and_its_files_only_as_downloads(inside, place):
    answer = inside.get(f"/exhibits/{place.exhibit}?lang=en")
    assert f"frame-src {APART}" in answer.headers["content-security-policy"]
    address = re.search(rf'<iframe src="{APART}(/[^"]+)"[^>]* sandbox=""', answer.text)[1]
    assert "2026-Civ-41" in answer.text
    assert "1.5 s" in answer.text
    assert "parent.alert" not in answer.text
    opened = Opened(place.workspace, place.clock, inside.app.state.memory)
    origin = Origin(APART, inside.app.state.desk.access.secret)
    apart = TestClient(create_exhibit_app(opened, origin, console=["http://127.0.0.1"], now=place.clock))
    shown = apart.get(address)
    assert shown.content == PAGE
    policy = shown.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "frame-ancestors http://127.0.0.1" in policy
    assert "set-cookie" not in shown.headers
    assert apart.get(address[:-1] + ("0" if address[-1] != "0" else "1")).status_code == 403
    place.clock.at += LASTS
    assert apart.get(address).status_code == 403
    file = inside.get(f"/exhibits/{place.exhibit}/files/exchange.warc")
    assert file.headers["content-disposition"].startswith("attachment")
    assert PAGE in file.content
    assert inside.get(f"/exhibits/{place.exhibit}/files/none").status_code == 409
    assert (
        inside.get(f"/exhibits/{place.exhibit}/pictures/picture.png").headers["content-type"] == "image/webp"
    )
    assert inside.get(f"/exhibits/{place.exhibit}/pictures/exchange.warc").status_code == 409


def test_from_case_to_bundle_to_a_stranger_who_checks_it_and_one_flipped_byte(inside, place):
    assert post(inside, "/cases/2/export").status_code == 409  # it has no exhibits
    answer = post(inside, "/cases/1/export")
    assert answer.status_code == 303
    inside.app.state.exports.of(1).future.result(60)
    page = inside.get("/cases/1?lang=en").text
    bundle = inside.get(re.search(r'href="(/cases/1/bundles/\d+)"', page)[1]).content
    assert zipfile.is_zipfile(io.BytesIO(bundle))
    letter = inside.get(f"/cases/1/bundles/1/letters/{next(iter(LETTERS))}")
    assert "902" in letter.text
    checked = inside.post(
        f"/exhibits/{place.exhibit}/verify", data={"token": token(inside)}, headers=OWN
    ).text
    assert "Everything that could be checked here holds." in checked
    assert "does not hold" not in checked
    with TestClient(place.app(), base_url="http://127.0.0.1") as stranger:

        def hand_in(data: bytes, name: str = "b.zip", language: str = "en") -> str:
            return stranger.post(
                "/verify", files={"bundle": (name, data)}, headers={**OWN, "Accept-Language": language}
            ).text

        good = hand_in(bundle)
        assert "Everything that was checked holds." in good
        assert "The log had" not in good
        assert "核验的内容全部成立。" in hand_in(bundle, language="zh")
        where = bundle.index(PAGE) + 20
        flipped = hand_in(bundle[:where] + bytes([bundle[where] ^ 1]) + bundle[where + 1 :])
        assert "Refused. Do not rely on this bundle." in flipped
        assert re.search(r"changed, added or missing</span> <code>data/items/E-0001/exchange.warc", flipped)
        assert "neither a bundle" in hand_in(b"nothing")
        assert stranger.get("/verify.pyz").content[:2] in (b"#!", b"PK")
        assert stranger.get("/cases").status_code == 401


def test_a_report_that_was_downloaded_is_known_and_a_changed_one_is_not(inside, place):
    made = post(inside, "/cases/1/report", language="zh", form="pdf")
    assert made.headers["content-type"] == "application/pdf"
    with TestClient(place.app(), base_url="http://127.0.0.1") as stranger:
        known = stranger.post("/verify", files={"bundle": ("r.pdf", made.content)}, headers=OWN).text
        assert "This console made exactly this file." in known
        assert "CASE-0001" in known
        assert "Moon Harbor" not in known  # a reference, and nothing of what the case is about
        changed = stranger.post(
            "/verify", files={"bundle": ("r.pdf", made.content + b"\n")}, headers=OWN
        ).text
        assert "This console does not know this file" in changed
    assert post(inside, "/cases/1/report", language="fr").status_code == 409
    assert "制作报告" in inside.get("/cases/1?tab=timeline&lang=zh").text


def test_every_number_of_a_report_opens_a_list_of_just_as_many(inside, place):
    page = inside.get("/reports?lang=en&since=2026-11-01").text
    links = set(re.findall(r'href="(/reports/list\?[^"]+)">(?:<strong>)?([\d,]+)<', page))
    assert len(links) > 20
    for address, number in links:
        listed = inside.get(address.replace("&amp;", "&")).text
        assert f"· {number}</h1>" in listed, address
    assert any(number == "1" and "what=infringing" in address for address, number in links)
    book = post(inside, "/reports/file", form="xlsx", language="zh")
    assert book.content[:2] == b"PK"
    assert post(inside, "/reports/file", form="doc").status_code == 409
    assert inside.get("/reports?since=2026-13-01").status_code == 409


def test_files_that_are_nothing_are_told_so_and_never_break_the_check(tmp_path):
    for data, words in (
        (b"", "neither a bundle"),
        (b"%PDF-1.7 and no more", "carries no data of a report"),
        (b"PK\x03\x04 and no more", ""),
    ):
        (tmp_path / "f").write_bytes(data)
        looked = look(tmp_path / "f")
        assert words in looked.problem
        assert not looked.good
    assert looked.findings[0].state == "failed"


def test_a_reader_may_look_and_export_nothing(place):
    with transaction(place.engine) as session:
        reader = PersonRow(name="rea", role="reader", created_at=NOON, created_by="test")
        session.add(reader)
        session.flush()
        key = make_link(session, reader, "enter", by="test", now=place.clock())
    with TestClient(place.app(), base_url="http://127.0.0.1") as reader:
        reader.get(f"/enter?key={key}")
        assert reader.get("/cases/1").status_code == 200
        own = {"token": "no"}
        for path in ("/cases.csv", "/cases/1/bundles/1", f"/exhibits/{place.exhibit}/files/exchange.warc"):
            assert reader.get(path).status_code == 403, path
        assert reader.post("/cases/1/export", data=own, headers=OWN).status_code in (403, 409)


def test_an_address_that_hands_in_too_much_has_to_wait():
    turns = Turns()
    assert [turns.admit("a", n) for n in range(A_MINUTE + 1)] == [True] * A_MINUTE + [False]
    assert turns.admit("b", 1)
    assert turns.admit("a", 61)


def test_what_the_screens_say_beside_their_templates_is_said_in_chinese_too():
    said = {
        *SENTENCES,
        *DEEDS,
        *LETTERS.values(),
        *STATES,
        *SORTS,
        NOT_CHECKED,
        *(w for pair in PLAIN.values() for w in pair),
    }
    assert said - catalogue("zh-Hans").keys() == set()
