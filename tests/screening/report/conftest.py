"""A real browser if it is installed; without it, its tests are skipped."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from screening.report.facts import Morning
from screening.report.page import morning_report

NAMES = ("chromium", "chromium-browser", "google-chrome")

OpenPage = Callable[..., "Opened"]


class Opened:
    """A page with all that it logged, raised or requested."""

    def __init__(self, page: Page) -> None:
        """Listen to the page from its start."""
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        page.on("request", lambda request: self.requests.append(request.url))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give Chromium, without a window, for the tests of one file."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        pytest.skip("no Chromium is installed; on Debian: apt-get install chromium")
    with sync_playwright() as play:
        # Root has no sandbox in a container; the pages are our own.
        started = play.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[OpenPage]:
    """Give a function that opens a morning's report as a file."""
    opened: list[Page] = []

    def opening(
        morning: Morning,
        scheme: str = "light",
        width: int = 1200,
        *,
        java_script: bool = True,
    ) -> Opened:
        path = tmp_path / "report.html"
        path.write_text(morning_report(morning), encoding="utf-8")
        page = browser.new_page(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,  # type: ignore[arg-type]
            java_script_enabled=java_script,
        )
        opened.append(page)
        listened = Opened(page)
        page.goto(path.as_uri())
        return listened

    yield opening
    for page in opened:
        page.close()
