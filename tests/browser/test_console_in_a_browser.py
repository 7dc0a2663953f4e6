"""The console in a real Chromium: both languages, both themes, narrow screens, one-key decisions, no script."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import uvicorn
from console_data import fill

from ipguard.web.access import create_console_key
from ipguard.web.app import create_app

pytestmark = pytest.mark.needs("chromium")
PAGES = ["/", "/alerts", "/cases", "/sources", "/runs/1", "/watchlist", "/verify"]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, object]]:
    workspace, engine = fill(tmp_path_factory.mktemp("browser") / "ws", now, alerts=8)
    config = uvicorn.Config(
        create_app(workspace, engine=engine, now=now), host="127.0.0.1", port=0, log_level="error"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    ready = threading.Event()
    while not server.started:
        ready.wait(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}", workspace.folder, workspace
    server.should_exit = True
    thread.join()
    engine.dispose()


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    path = next(p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def enter(chromium, console, **options):
    base, _, workspace = console
    context = chromium.new_context(**options)
    page = context.new_page()
    page.errors = []
    page.on("console", lambda message: page.errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(f"{base}/enter?key={create_console_key(workspace)}")
    return context, page


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_page_is_sound_and_fits_a_narrow_screen(chromium, console, language, theme):
    context, page = enter(
        chromium, console, locale=language, color_scheme=theme, viewport={"width": 390, "height": 800}
    )
    for path in PAGES:
        page.goto(console[0] + path)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
        assert page.locator("h1").count() == 1, path
    assert page.errors == []
    context.close()


def state_of(page) -> str:
    return page.locator(".sheet .chip").first.inner_text()


def test_one_key_decides_and_the_next_one_comes(chromium, console):
    context, page = enter(chromium, console, locale="en")
    page.goto(f"{console[0]}/alerts")
    first = page.locator(".sheet").get_attribute("data-alert")
    page.wait_for_selector("html[data-armed=yes]")
    page.keyboard.press("a")
    page.wait_for_url("**/alerts/*trail*")
    assert page.locator(".sheet").get_attribute("data-alert") != first

    page.wait_for_selector("html[data-armed=yes]")
    page.keyboard.press("z")
    page.wait_for_url(f"**/alerts/{first}*")
    assert state_of(page) == "open"
    assert page.errors == []
    context.close()


def test_keys_hammered_before_the_pictures_are_there_decide_nothing(chromium, console):
    context, page = enter(chromium, console, locale="en")
    waiting = []
    page.route("**/pictures/*", lambda route: waiting.append(route))
    page.goto(f"{console[0]}/alerts", wait_until="commit")
    page.wait_for_selector(".sheet[data-alert]")
    for _ in range(30):
        page.keyboard.press("a")
    assert "trail" not in page.url
    assert state_of(page) == "open"
    for route in waiting:
        route.continue_()
    page.wait_for_selector("html[data-armed=yes]")
    assert state_of(page) == "open"
    context.close()


def test_keys_decide_nothing_where_a_picture_could_not_be_painted(chromium, console):
    context, page = enter(chromium, console, locale="en")
    page.route("**/pictures/*", lambda route: route.abort())
    page.goto(f"{console[0]}/alerts")
    page.wait_for_selector("html[data-armed=no]")
    for key in "aasd1":
        page.keyboard.press(key)
    page.goto(page.url)
    assert "trail" not in page.url
    assert state_of(page) == "open"
    context.close()


def test_no_verdict_stands_out_before_the_reader_has_chosen(chromium, console):
    context, page = enter(chromium, console, locale="en")
    page.goto(f"{console[0]}/alerts")
    looks = page.locator(".decide button").evaluate_all(
        "all => all.map(b => getComputedStyle(b).backgroundColor + getComputedStyle(b).color)"
    )
    assert len(looks) == 7
    assert len(set(looks)) == 1
    context.close()


def test_a_reason_is_one_more_key(chromium, console):
    context, page = enter(chromium, console, locale="en")
    page.goto(f"{console[0]}/alerts")
    chosen = page.locator(".sheet").get_attribute("data-alert")
    page.wait_for_selector("html[data-armed=yes]")
    page.keyboard.press("d")
    page.keyboard.press("3")
    page.wait_for_url("**/alerts/*trail*")
    page.goto(f"{console[0]}/alerts/{chosen}?state=not_infringing")
    assert state_of(page) == "not infringing"
    assert "different work" in page.locator(".history").text_content()
    context.close()


def test_everything_works_without_javascript(chromium, console):
    context, page = enter(chromium, console, locale="en", java_script_enabled=False)
    page.goto(f"{console[0]}/alerts")
    chosen = page.locator(".sheet").get_attribute("data-alert")
    page.wait_for_timeout(400)
    page.click("button[value=infringing]")
    page.goto(f"{console[0]}/alerts/{chosen}?state=infringing")
    assert state_of(page) == "infringing"
    context.close()
