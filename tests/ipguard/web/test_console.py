"""The console lets in who it should, escapes what shops say, and decides only about what was shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from console_data import HOSTILE, fill
from starlette.testclient import TestClient

from ipguard.errors import NotConfigured
from ipguard.web.access import SECRET_FILE, create_console_key, read_secret
from ipguard.web.app import create_app
from ipguard.web.language import catalogue, catalogues

PAGES = ["/", "/alerts", "/alerts/1", "/cases", "/sources", "/runs/1", "/watchlist", "/reports"]


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def exported() -> list[int]:
    return []


@pytest.fixture
def console(tmp_path: Path, clock: Clock, exported: list[int]) -> Iterator[TestClient]:
    workspace, engine = fill(tmp_path / "ws", clock)
    app = create_app(
        workspace, engine=engine, now=clock, export=lambda case, _by, _progress: exported.append(case)
    )
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        client.workspace = workspace
        yield client
    engine.dispose()


@pytest.fixture
def inside(console: TestClient) -> TestClient:
    console.get(f"/enter?key={create_console_key(console.workspace)}")
    return console


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


def decide(
    client: TestClient,
    clock: Clock,
    alert: int = 1,
    decision: str = "infringing",
    seconds: float = 1.0,
    **changes: str,
):
    page = client.get(f"/alerts/{alert}").text
    clock.at += timedelta(seconds=seconds)
    form = {name: hidden(page, name) for name in ("token", "version", "mark", "since")} | {
        "decision": decision,
        "until": "3",
        **changes,
    }
    return client.post(
        f"/alerts/{alert}/decide", data=form, headers={"Origin": "http://127.0.0.1"}, follow_redirects=False
    )


@pytest.mark.parametrize("path", PAGES)
def test_nobody_is_let_in_without_the_link(console, path):
    answer = console.get(path)

    assert answer.status_code == 401
    assert "Star Lantern" not in answer.text
    assert "ipguard serve" in answer.text


def test_the_link_lets_one_browser_in_once(console):
    key = create_console_key(console.workspace)

    assert console.get(f"/enter?key={key}").status_code == 200
    console.cookies.clear()
    assert console.get(f"/enter?key={key}").status_code == 401


def test_the_secret_is_private_kept_and_never_half_a_secret(console):
    file = console.workspace.folder / SECRET_FILE

    assert file.stat().st_mode & 0o777 == 0o600
    assert read_secret(console.workspace) == file.read_bytes()
    assert [path.name for path in file.parent.glob("console.*")] == [SECRET_FILE]

    file.write_bytes(b"")
    with pytest.raises(NotConfigured):
        read_secret(console.workspace)


def test_health_needs_no_log_in_and_metrics_do(console):
    assert console.get("/healthz").text == "ok\n"
    assert console.get("/metrics").status_code == 401


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_in_both_languages(inside, path, language):
    answer = inside.get(path, headers={"Accept-Language": language})

    assert answer.status_code == 200
    assert f'<html lang="{"en" if language == "en" else "zh-Hans"}" data-theme="auto">' in answer.text


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_is_held_by_a_strict_policy(inside, path):
    headers = inside.get(path).headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] in ("no-referrer", "same-origin")


def test_what_a_shop_says_is_never_mark_up(inside):
    for path in ("/alerts", "/alerts/1", "/runs/1"):
        page = inside.get(path).text
        assert "<script>alert" not in page
        assert "<i>夜市小铺" not in page
        assert "moon-harbor.example/<b>" not in page
    assert "<mark>星灯</mark> &lt;script&gt;" in inside.get("/alerts/1").text
    assert HOSTILE not in inside.get("/alerts/1").text


def test_the_matched_place_and_every_reason_are_shown(inside):
    page = inside.get("/alerts/1", headers={"Accept-Language": "zh"}).text

    assert 'points="265.0,270.0 535.0,270.0 535.0,540.0 265.0,540.0"' in page
    assert "40 个特征点吻合" in page
    assert "01a20de5-0000-7000-8000-000000000000" in page


def test_pictures_are_written_again_by_us(inside):
    digest = re.search(r"/pictures/([0-9a-f]{64})", inside.get("/alerts/1").text)[1]
    answer = inside.get(f"/pictures/{digest}")

    assert answer.content[:4] == b"RIFF"
    assert answer.headers["content-type"] == "image/webp"
    assert inside.get("/pictures/" + "0" * 64).status_code >= 400
    assert inside.get("/pictures/..%2f..%2fetc%2fpasswd").status_code >= 400


def test_a_decision_leads_to_the_next_alert_and_can_be_taken_back(inside, clock):
    answer = decide(inside, clock)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/alerts/2?")

    page = inside.get(answer.headers["location"]).text
    form = {"token": hidden(page, "token"), "state": "open"}
    back = inside.post("/undo", data=form, headers={"Origin": "http://127.0.0.1"}, follow_redirects=False)
    assert back.headers["location"].startswith("/alerts/1")
    assert 'class="chip open"' in inside.get("/alerts/1").text


def test_a_decision_made_faster_than_anybody_can_look_is_refused(inside, clock):
    answer = decide(inside, clock, seconds=0.1)

    assert answer.status_code == 409
    assert "not on the screen long enough" in answer.text


def test_a_decision_about_another_version_is_refused(inside, clock):
    assert decide(inside, clock, version="9").status_code == 409


def test_not_infringing_needs_a_reason(inside, clock):
    assert decide(inside, clock, decision="not_infringing").status_code == 409
    assert decide(inside, clock, decision="not_infringing:licensed").status_code == 303


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_another_site_cannot_send_our_forms(inside, headers):
    token = hidden(inside.get("/cases").text, "token")

    assert inside.post("/cases", data={"token": token, "title": "x"}, headers=headers).status_code == 403


def test_a_form_without_its_token_is_refused(inside):
    assert (
        inside.post(
            "/cases", data={"token": "no", "title": "x"}, headers={"Origin": "http://127.0.0.1"}
        ).status_code
        == 409
    )


def test_only_our_own_names_are_answered(inside):
    assert inside.get("/", headers={"Host": "evil.example"}).status_code in (400, 403, 421)


def test_a_source_is_paused_and_resumed(inside):
    token = hidden(inside.get("/sources").text, "token")
    for do, words in (("pause", "Resume"), ("resume", "Pause")):
        inside.post(
            "/sources/harbor", data={"token": token, "do": do}, headers={"Origin": "http://127.0.0.1"}
        )
        assert words in inside.get("/sources", headers={"Accept-Language": "en"}).text


def test_the_watchlist_says_how_far_the_search_of_what_was_seen_before_is(inside):
    page = inside.get("/watchlist?lang=zh").text
    assert '<progress value="3" max="9"' in page
    assert "回溯搜索" in page


def sentences() -> set[str]:
    found: set[str] = set()
    for page in files("ipguard.web").joinpath("templates").iterdir():
        text = page.read_text("utf-8")
        found |= set(re.findall(r'_\("([^"]+)"\)', text)) | set(re.findall(r"_\('([^']+)'\)", text))
    return found


def test_no_two_catalogues_say_the_same_sentence_differently():
    said: dict[str, str] = {}
    for place in catalogues("zh-Hans"):
        with place.open("rb") as file:
            for message in read_po(file):
                if message.id:
                    assert said.setdefault(str(message.id), str(message.string)) == str(message.string)


def test_every_sentence_is_said_in_chinese_too():
    assert sentences() - catalogue("zh-Hans").keys() == set()
    assert len(sentences()) > 80


@pytest.mark.parametrize(("look", "shown"), [("region", 2), ("points", 1), ("layover", 4)])
def test_a_match_can_be_looked_at_in_three_ways_without_a_script(inside, look, shown):
    page = inside.get(f"/alerts/1?look={look}").text
    pictures = re.findall(r'src="([^"]+)" alt="[^"]+" width="\d+" height="\d+" data-needed>', page)

    assert len(pictures) == shown
    assert re.findall(r'data-act="(region|points|layover)"', page) == ["region", "points", "layover"]
    assert f'data-act="{look}" aria-current="true"' in page
    for address in pictures:
        answer = inside.get(address)
        assert answer.headers["content-type"] == "image/webp"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.content[8:12] == b"WEBP"


def test_the_way_of_looking_stays_while_the_queue_is_worked_through(inside, clock):
    answer = decide(inside, clock, look="layover")

    assert "look=layover" in answer.headers["location"]


def test_a_way_of_looking_that_does_not_exist_is_the_usual_one(inside):
    assert "/explained/" not in inside.get('/alerts/1?look="><script>').text
    assert inside.get("/alerts/1/explained/nothing").status_code >= 400
