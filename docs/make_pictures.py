"""Photographs a running console for the README: `python docs/make_pictures.py LINK`, the link that `ipguard serve` prints."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent / "pictures"
SHOTS = (
    ("alert", "/alerts", "en", "light", 1400),
    ("alert-zh", "/alerts?look=layover", "zh-CN", "dark", 1400),
    ("case", "/cases/1", "en", "light", 1280),
    ("sources", "/sources", "en", "light", 1280),
    ("reports", "/reports", "zh-CN", "light", 1280),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("link")
    given = parser.parse_args()
    base = given.link.split("/enter")[0]
    HERE.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        state = None
        for name, path, locale, theme, width in SHOTS:
            context = browser.new_context(
                viewport={"width": width, "height": 880},
                locale=locale,
                color_scheme=theme,
                storage_state=state,
            )
            page = context.new_page()
            if state is None:
                page.goto(given.link)
                state = context.storage_state()
            page.goto(base + path)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=HERE / f"{name}.png")
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
