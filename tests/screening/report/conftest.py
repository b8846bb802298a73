"""A morning's report in a real browser."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from own_browser import Opened
from playwright.sync_api import Browser, Page

from screening.report.facts import Morning
from screening.report.page import morning_report

OpenPage = Callable[..., Opened]


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
