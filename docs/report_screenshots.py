"""Takes pictures of a morning report for the README and the guides.

    uv run python docs/report_screenshots.py REPORT

REPORT is the file that `overnight screen` names at its end; Chromium must be installed.
"""

import shutil
import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

FOLDER = Path(__file__).with_name("screenshots")
Scheme = Literal["light", "dark"]
PICTURES: dict[str, tuple[Scheme, int, int]] = {
    "report": ("light", 1120, 1180),
    "report-dark": ("dark", 1120, 1180),
    "report-phone": ("light", 390, 1180),
}
"""Colour scheme, width and height of each picture, in pixels."""

SHOWN_FROM = {"report-dark": "#symbols", "report-phone": "#ranking"}
"""The element at the top of a picture, if it is not the top of the page."""


def main(report: str) -> None:
    """Write a picture of the report's head, one in dark colours, one of a phone."""
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for name in PICTURES:
            photograph(browser, Path(report).resolve().as_uri(), name)
        browser.close()


def photograph(browser: Browser, address: str, name: str) -> None:
    """Write one picture of the report with its first symbol unfolded."""
    scheme, width, height = PICTURES[name]
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    page.goto(address)
    page.locator("details.symbol summary").first.click()
    page.mouse.move(0, 0)
    page.evaluate(
        "chosen => document.querySelector(chosen).scrollIntoView()",
        SHOWN_FROM.get(name, "body"),
    )
    page.screenshot(path=FOLDER / f"{name}.png")
    page.close()


if __name__ == "__main__":
    main(sys.argv[1])
