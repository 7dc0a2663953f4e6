"""Coming in with a real Chromium and without a script: by a provider on another site, by an invitation, and out again."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import uvicorn
from openid_provider import CLIENT, SECRET, provider

from ipguard.database.engine import make_engine
from ipguard.settings import Oidc, People, Workspace
from ipguard.web.access import create_console_key
from ipguard.web.app import create_app
from ipguard.workspace import make_workspace

pytestmark = pytest.mark.needs("chromium")
PASSWORD = "sunflower river 9"


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Workspace]]:
    workspace = make_workspace(tmp_path_factory.mktemp("people") / "ws", now=now)
    engine = make_engine(workspace.database_url)
    with provider(now, host="localhost") as other, pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPGUARD_OIDC_SECRET", SECRET)
        other.asks = True
        other.claims = {"sub": "u-1", "preferred_username": "lin", "name": "Lin Mei", "groups": ["ip"]}
        oidc = Oidc(issuer=other.issuer, client_id=CLIENT, label="Staff", roles={"ip": "analyst"})
        settings = workspace.settings.model_copy(update={"people": People(oidc=oidc)})
        workspace = Workspace(workspace.folder, settings)
        app = create_app(workspace, engine=engine, now=now)
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
        thread = threading.Thread(target=server.run)
        thread.start()
        ready = threading.Event()
        while not server.started:
            ready.wait(0.02)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", workspace
        server.should_exit = True
        thread.join()
    engine.dispose()


def test_people_come_in_from_another_site_and_by_an_invitation_without_any_script(console):
    from playwright.sync_api import sync_playwright

    base, workspace = console
    path = next(p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        staff = browser.new_page(java_script_enabled=False, locale="en")
        staff.goto(f"{base}/cases")
        staff.click("text=Sign in with Staff")
        staff.click("text=It is me")
        staff.wait_for_url(f"{base}/")  # the strict cookie came along
        assert staff.locator(".who").inner_text().startswith("Lin Mei")

        admin = browser.new_context(java_script_enabled=False, locale="en").new_page()
        admin.goto(f"{base}/enter?key={create_console_key(workspace)}")
        admin.goto(f"{base}/people")
        admin.fill("#f-name", "hana")
        admin.click("text=Make an invitation")
        link = admin.locator(".secret").inner_text()

        guest = browser.new_context(
            java_script_enabled=False, locale="zh-CN", viewport={"width": 390, "height": 800}
        )
        page = guest.new_page()
        page.goto(link)
        page.fill("#f-password", PASSWORD)
        page.fill("#f-again", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{base}/")
        page.goto(f"{base}/account")
        page.click("text=退出登录")
        page.wait_for_url(f"{base}/signin")
        page.fill("#f-name", "Hana")
        page.fill("#f-password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{base}/")
        page.goto(f"{base}/audit")
        assert "您无权进行此操作" in page.inner_text("h1")
        browser.close()
