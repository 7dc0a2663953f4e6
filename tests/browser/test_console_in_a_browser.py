"""The console in a real Chromium: every screen in both languages and themes, and the triage contract key by key."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from console_data import fill
from sqlalchemy import select

from ipguard.alerts.decisions import Choice, Deed, Sight, settle
from ipguard.alerts.tables import AlertRow, DecisionRow, SightRow
from ipguard.alerts.views import save_view
from ipguard.cases.store import add_alert, new_case
from ipguard.database.engine import reading, transaction
from ipguard.web.access import create_console_key
from ipguard.web.app import create_app

pytestmark = pytest.mark.needs("chromium")
AXE = Path(__file__).parent.parent / "support" / "vendor" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = {
    "type": "rule",
    "values": ["color-contrast", "html-has-lang", "valid-lang", "button-name", "link-name"],
}
ONES = {"alert_id", "case_id", "run_id", "person_id", "look_id", "decision_id", "listing_id", "exhibit_id"}
"""Parts of an address that a 1 stands for here."""
NOT_SCREENS = re.compile(r"^/(api|enter|language|theme|signin|invite|healthz|metrics|pictures|feeds)\b")
ALERTS = 30
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


class Console:
    """A console that is served, and who is signed in to it."""

    def __init__(self, folder: Path, browser: object) -> None:
        self.workspace, self.engine = fill(folder, now, alerts=ALERTS)
        self.app = create_app(self.workspace, engine=self.engine, now=now)
        self.server = uvicorn.Server(
            uvicorn.Config(self.app, host="127.0.0.1", port=0, log_level="error", lifespan="off")
        )
        self.thread = threading.Thread(target=self.server.run)
        self.browser = browser
        self.state = None

    def start(self) -> None:
        self.thread.start()
        ready = threading.Event()
        while not self.server.started:
            ready.wait(0.02)
        self.base = f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}"
        context, page = self.open(path=f"/enter?key={create_console_key(self.workspace)}")
        page.errors.clear()
        self.state = context.storage_state()
        context.close()

    def open(self, path: str = "/alerts", **options):
        context = self.browser.new_context(storage_state=self.state, **{"locale": "en", **options})
        page = context.new_page()
        page.errors, page.foreign = [], []
        page.on("console", lambda m: page.errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("request", lambda r: page.foreign.append(r.url) if not r.url.startswith(self.base) else None)
        page.goto(self.base + path)
        return context, page

    def decisions(self) -> list[DecisionRow]:
        with reading(self.engine) as session:
            return list(
                session.scalars(select(DecisionRow).where(DecisionRow.session != "").order_by(DecisionRow.id))
            )

    def screens(self) -> list[str]:
        """Every address that a browser can open, with numbers filled in: new screens come by themselves."""
        found = []
        for path in sorted(self.app.state.pages):
            names = [name.partition(":")[0] for name in re.findall(r"{([^}]*)}", path)]
            if NOT_SCREENS.match(path) or "." in path or not ONES.issuperset(names):
                continue
            found.append(re.sub(r"{[^}]*}", "1", path))
        return found


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    from playwright.sync_api import sync_playwright

    path = next(p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        console = Console(tmp_path_factory.mktemp("browser") / "ws", browser)
        furnish(console)
        console.start()
        yield console
        browser.close()
        console.server.should_exit = True
        console.thread.join()
        console.engine.dispose()


def furnish(console: Console) -> None:
    """A case, a decision with what was on the screen, a second look, and a view: no screen is empty."""
    with transaction(console.engine) as session:
        last = session.scalars(select(AlertRow).order_by(AlertRow.id.desc())).first()
        sight = Sight(
            "alone", now(), 900, ({"side": "listing", "sha256": last.picture},), "region", "en", "dark"
        )
        deed = Deed("somebody", now() - timedelta(minutes=1), unsure=True)
        settle(session, last.id, 1, Choice("infringing"), deed, sight=sight)
        case = new_case(session, "Harbor", by="somebody", now=now())
        add_alert(session, case.id, last.id, by="somebody", now=now())
        save_view(session, "admin", "All of harbor", "source=harbor", now())


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_screen_is_sound_accessible_and_fits_a_phone(console, language, theme):
    from playwright.sync_api import Error

    wide = {"width": 1280, "height": 860}
    context, page = console.open(
        path="/", locale=language, color_scheme=theme, viewport={"width": 390, "height": 844}
    )
    context.add_init_script(path=AXE)
    faults = []
    screens = console.screens()
    assert len(screens) > 15
    for path in screens:
        try:
            answer = page.goto(console.base + path)
        except Error as error:
            if "Download" not in str(error):
                faults.append((path, str(error)))
            continue
        if "text/html" not in (answer.headers.get("content-type") or ""):
            continue
        if answer.status == 422:
            page.errors.pop()
            continue  # it asks for something in its address
        if answer.status != 200:
            faults.append((path, answer.status))
            continue
        over = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if over > 0:
            faults.append((path, f"{over} px too wide"))
        if page.locator("h1").count() != 1:
            faults.append((path, "no single heading"))
        whole = (language == "en") == (
            theme == "light"
        )  # the other two differ from these in colours and words only
        if whole:
            page.set_viewport_size(wide)
        found = page.evaluate(
            "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']}).then(r => r.violations"
            ".map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.target.join(' ') + ' ' + n.failureSummary).join('; ')))",
            RULES if whole else COLOURS,
        )
        faults += [(path, one) for one in found]
        page.set_viewport_size({"width": 390, "height": 844})
    assert not faults, "\n".join(f"{path}: {fault}" for path, fault in faults)
    assert page.errors == []
    assert page.foreign == []
    context.close()


def shown(page) -> str:
    return page.locator(".sheet").get_attribute("data-alert")


def armed(page) -> None:
    page.wait_for_selector("html[data-armed=yes]")


def press(page, key: str, after: str = "") -> None:
    """Press a key when decisions are armed, and wait until another alert is shown."""
    armed(page)
    before = shown(page)
    page.keyboard.press(key)
    if after:
        page.keyboard.press(after)
    page.wait_for_selector(f".sheet[data-alert]:not([data-alert='{before}'])")
    armed(page)


def test_the_contract_key_by_key(console):
    context, page = console.open()
    first = shown(page)
    press(page, "a")
    second = shown(page)
    assert int(second) == int(first) + 1
    row = page.locator(".rows li").first
    assert "decided" in row.get_attribute("class"), "it stays where it was"
    assert row.locator(".chip").inner_text() == "infringing"

    press(page, "d", "3")
    third = shown(page)
    press(page, "s")
    press(page, "j")
    press(page, "k")
    made = console.decisions()[-3:]
    assert [(d.decision, d.reason) for d in made] == [
        ("infringing", ""), ("not_infringing", "different_work"), ("later", ""),
    ]  # fmt: skip

    here, url = shown(page), page.url
    page.reload()
    armed(page)
    assert (shown(page), page.url) == (here, url), "reload keeps the place"
    assert page.locator(".rows li.decided").count() == 3
    page.keyboard.press("j")
    page.wait_for_selector(f".sheet[data-alert]:not([data-alert='{here}'])")
    page.go_back()
    page.wait_for_selector(f".sheet[data-alert='{here}']")
    armed(page)

    for key, look in (("p", "points"), ("b", "layover"), ("o", "region")):
        page.keyboard.press(key)
        page.wait_for_selector(f"[data-act={look}][aria-current]")
        armed(page)

    for alert in (third, second, first):
        page.keyboard.press("z")
        page.wait_for_selector(f".sheet[data-alert='{alert}'] .chip.open")
        armed(page)
    assert page.locator(".rows li.decided").count() == 0

    page.keyboard.press("?")
    page.wait_for_selector("#keys:popover-open")
    page.keyboard.press("?")
    page.wait_for_selector("#keys:not(:popover-open)", state="attached")
    page.keyboard.press("/")
    page.keyboard.type("asd")
    assert page.locator("#q").input_value() == "asd", "in a field, letters are letters"
    page.locator("#q").blur()
    standing = len(console.decisions())
    page.keyboard.press("Control+a")
    page.evaluate("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'a', isComposing: true}))")
    page.keyboard.press("x")
    assert page.locator(".tick:checked").count() == 1
    assert len(console.decisions()) == standing
    assert page.errors == []
    context.close()


def test_what_is_ticked_is_decided_together_and_undone_together(console):
    context, page = console.open("/alerts")
    armed(page)
    assert not page.locator(".bulk").is_visible()
    for n in range(3):
        page.locator(".rows .tick").nth(n).check()
    page.locator(".bulk [data-act=bulk-infringing]").click()
    page.wait_for_selector(".rows li.decided")
    assert page.locator(".rows li.decided").count() == 3
    batch = console.decisions()[-3:]
    assert len({d.batch for d in batch}) == 1
    armed(page)
    page.keyboard.press("z")
    page.wait_for_selector(".rows:not(:has(.decided))")
    assert page.errors == []
    context.close()


def test_a_group_is_decided_with_one_key_and_every_listing_gets_its_record(console):
    context, page = console.open("/alerts?group=picture")
    armed(page)
    members = page.locator(".members .tick:checked").count()
    assert members > 5
    page.locator(".members .tick").first.uncheck()
    standing = len(console.decisions())
    page.keyboard.press("a")
    page.wait_for_url("**/alerts?*since*")
    page.wait_for_selector(".desk")
    assert len(console.decisions()) - standing == members, "the lead and all ticked but one"
    armed(page) if page.locator(".sheet[data-alert]").count() else None
    page.locator("[data-act=undo]").click()
    page.wait_for_selector(".members")
    context.close()


def test_hammered_keys_decide_nothing_that_was_not_painted(console):
    context, page = console.open("/alerts", viewport={"width": 1300, "height": 850})
    armed(page)
    standing = {d.id for d in console.decisions()}
    for _ in range(14):
        page.keyboard.press("a")
    page.keyboard.down("a")
    for _ in range(20):
        page.keyboard.down("a")  # held: repeats
    page.keyboard.up("a")
    armed(page)
    with reading(console.engine) as session:
        made = [d for d in console.decisions() if d.id not in standing]
        sights = [session.get(SightRow, d.id) for d in made]
    assert 1 <= len(made) <= 8
    assert all(s.painted_ms is not None and s.painted_ms >= 300 and s.dwell_ms >= 300 for s in sights)
    assert all(s.viewport == "1300x850" and len(s.pictures) == 2 for s in sights)
    context.close()


def test_keys_hammered_before_the_pictures_are_there_decide_nothing(console):
    context, page = console.open("/")
    waiting = []
    page.route("**/pictures/*", lambda route: waiting.append(route))
    page.goto(f"{console.base}/alerts", wait_until="commit")
    page.wait_for_selector(".sheet[data-alert]")
    standing = len(console.decisions())
    for _ in range(30):
        page.keyboard.press("a")
    assert len(console.decisions()) == standing
    while waiting:
        waiting.pop().continue_()
    page.unroute("**/pictures/*")
    armed(page)
    assert len(console.decisions()) == standing
    page.route("**/pictures/*", lambda route: route.abort())
    page.goto(f"{console.base}/alerts?look=layover")
    page.wait_for_selector("html[data-armed=no]")
    for key in "aasd1":
        page.keyboard.press(key)
    assert len(console.decisions()) == standing, "a picture that could not be painted was not seen"
    context.close()


def test_keys_can_be_chosen_and_switched_off(console):
    context, page = console.open("/account/keys")
    page.fill("#k-infringing", "f")
    page.locator("button.strong").click()
    page.goto(f"{console.base}/alerts")
    armed(page)
    standing = len(console.decisions())
    press(page, "f")
    assert len(console.decisions()) == standing + 1
    page.keyboard.press("z")
    page.wait_for_selector(".rows:not(:has(.decided))")
    page.goto(f"{console.base}/account/keys")
    page.locator("input[name=off]").check()
    page.locator("button.strong").click()
    page.goto(f"{console.base}/alerts")
    armed(page)
    for key in "fajdz":
        page.keyboard.press(key)
    assert page.locator(".rows li.decided").count() == 0
    page.goto(f"{console.base}/account/keys")
    page.locator("input[name=off]").uncheck()
    page.locator("button[name=usual]").click()
    context.close()


def test_no_verdict_stands_out_before_the_reader_has_chosen(console):
    context, page = console.open()
    looks = page.locator(".decide > button, .decide .joined > button").evaluate_all(
        "all => all.map(b => getComputedStyle(b).backgroundColor + getComputedStyle(b).color)"
    )
    assert len(looks) == 3
    assert len(set(looks)) == 1
    context.close()


def test_everything_works_without_javascript(console):
    context, page = console.open(java_script_enabled=False)
    chosen = shown(page)
    standing = len(console.decisions())
    page.wait_for_timeout(350)
    page.click(".decide button[value=infringing]")
    assert shown(page) != chosen
    assert page.locator(".rows li.decided").count() == 1
    page.click("[data-act=undo]")
    assert shown(page) == chosen
    page.wait_for_timeout(350)
    page.click("[data-act=not_infringing]")
    page.click("[data-reason='4']")
    assert console.decisions()[-1].reason == "too_generic"
    page.click("[data-act=undo]")
    assert len(console.decisions()) == standing + 2
    context.close()


def test_both_sides_of_a_comparison_zoom_and_move_together(console):
    context, page = console.open("/alerts/1/compare", viewport={"width": 1300, "height": 900})
    page.click("[data-zoom-to='4']")
    page.wait_for_selector("[data-zoom-to='4'][aria-current]")
    panes = page.locator("[data-pane]")
    panes.first.evaluate("pane => { pane.scrollTop = (pane.scrollHeight - pane.clientHeight) / 2 }")
    page.wait_for_function("() => document.querySelectorAll('[data-pane]')[1].scrollTop > 50")
    assert page.locator(".moments li").count() == 1
    assert page.errors == []
    context.close()
