"""A Chromium of this machine, started clean: a fresh profile, no extensions, no talk of its own, one way out."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from crawlers.errors import BrowserUnavailable

if TYPE_CHECKING:
    from playwright.async_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FEATURES_OFF = (
    "AutofillServerCommunication", "CertificateTransparencyComponentUpdater", "DialMediaRouteProvider",
    "DnsOverHttps", "GlobalMediaControls", "HttpsUpgrades", "InterestFeedContentSuggestions", "LazyFrameLoading",
    "MediaRouter", "NetworkPrediction", "OptimizationGuideModelDownloading", "OptimizationHints", "PaintHolding",
    "Translate",
)  # fmt: skip
QUIET = (
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    f"--disable-features={','.join(FEATURES_OFF)}",
    "--disable-quic",
    "--disable-sync",
    "--metrics-recording-only",
    "--enable-automation",  # pages may know, and the whole command line can be read back
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
    "--safebrowsing-disable-auto-update",
    "--disable-gpu",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",  # else UDP would pass by the gate
)
MISSING = (
    "Install Chromium (Debian: apt install chromium), or name one: [crawling] chromium in ipguard.toml. "
    "Pages are kept as HTTP until then."
)


@dataclass(frozen=True, slots=True)
class Started:
    """A running browser, and how it was started."""

    browser: Browser
    version: str
    """Product and version as it says itself."""
    user_agent: str
    flags: tuple[str, ...]
    """The whole command line behind the program's name, as the browser reports it."""
    sandboxed: bool


def find_chromium(executable: str = "") -> str:
    """Path of the Chromium to use: the one named, else the first of this machine.

    Raises:
        BrowserUnavailable: there is none.
    """
    if executable:
        if path := shutil.which(executable):
            return path
        raise BrowserUnavailable(
            f"Browser capture is not available: {executable} is no program", hint=MISSING
        )
    found = next((path for name in NAMES if (path := shutil.which(name))), "")
    if not found:
        raise BrowserUnavailable("Browser capture is not available: there is no Chromium here", hint=MISSING)
    return found


@asynccontextmanager
async def started(executable: str, gate_port: int) -> AsyncIterator[Started]:
    """Run a browser whose only way out is the gate on `gate_port`; ended and forgotten with the block.

    Raises:
        BrowserUnavailable: Playwright is missing, or Chromium does not start.
    """
    path = find_chromium(executable)
    try:
        from playwright.async_api import Error, async_playwright
    except ImportError as error:
        raise BrowserUnavailable(
            "Browser capture is not available: Playwright is not installed",
            hint='Install it: pip install "ipguard[browser]"; pages are kept as HTTP until then.',
        ) from error
    async with AsyncExitStack() as stack:
        home = stack.enter_context(TemporaryDirectory(prefix="ipguard-browser-", ignore_cleanup_errors=True))
        playwright = await stack.enter_async_context(async_playwright())
        try:
            browser, sandboxed = await _launch(playwright, path, _flags(gate_port), home)
            stack.push_async_callback(browser.close)
            session = await browser.new_browser_cdp_session()
            about = await session.send("Browser.getVersion")
            line = await _command_line(browser)
        except Error as error:
            first = str(error).strip().splitlines()[0]
            raise BrowserUnavailable(
                f"Browser capture is not available: {path} does not start: {first[:300]}", hint=MISSING
            ) from error
        yield Started(
            browser, str(about["product"]), str(about["userAgent"]), line or _flags(gate_port), sandboxed
        )


async def _launch(
    playwright: Playwright, path: str, flags: tuple[str, ...], home: str
) -> tuple[Browser, bool]:
    """Start it inside Chromium's own sandbox where this machine allows that, else without."""
    from playwright.async_api import Error

    wanted = [True, False] if os.geteuid() != 0 else [False]  # root has no sandbox
    for sandboxed in wanted:
        try:
            browser = await playwright.chromium.launch(
                executable_path=path, headless=True, args=list(flags), chromium_sandbox=sandboxed,
                ignore_default_args=["--disable-popup-blocking"], env=dict(_environment(home)), timeout=30_000,
                handle_sigint=False,
            )  # fmt: skip
        except Error:
            if not sandboxed:
                raise
            continue
        return browser, sandboxed
    raise AssertionError("unreachable")


async def _command_line(browser: Browser) -> tuple[str, ...]:
    """The command line as the browser knows it; nothing where it does not tell."""
    from playwright.async_api import Error

    try:
        session = await browser.new_browser_cdp_session()
        said = await session.send("Browser.getBrowserCommandLine")
    except Error:
        return ()
    return tuple(str(word) for word in said["arguments"][1:])


def _flags(gate_port: int) -> tuple[str, ...]:
    """All traffic goes to the gate, loopback too; the browser itself resolves no name."""
    return (
        *QUIET,
        f"--proxy-server=http://127.0.0.1:{gate_port}",
        "--proxy-bypass-list=<-loopback>",
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    )


def _environment(home: str) -> Mapping[str, str]:
    """Nothing of the user's: no proxies, no preferences, no certificates of theirs."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    folders = {name: str(Path(home)) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "TMPDIR")}
    return {**kept, **folders, "LANG": "C.UTF-8"}
