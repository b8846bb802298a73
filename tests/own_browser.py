"""A real browser if it is installed, and a page with all that it logs or requests."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


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


@contextmanager
def chromium() -> Iterator[Browser]:
    """Yield Chromium without a window; without it, the test is skipped."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        pytest.skip("no Chromium is installed; on Debian: apt-get install chromium")
    with sync_playwright() as play:
        # Root has no sandbox in a container; the pages are our own.
        started = play.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()
