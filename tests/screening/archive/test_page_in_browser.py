"""The archive in Chromium: barriers, width, requests."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from made_calls import SESSIONS, night_of
from made_nights import failed_row, publish, publish_scored, row
from own_browser import Opened
from playwright.sync_api import Browser

from config.settings import Settings
from screening.archive.write import write_archive
from storage.home import Home


@pytest.fixture(scope="module")
def page_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an archive with each kind of content."""
    home, at = Home(tmp_path_factory.mktemp("home")), night_of(SESSIONS[-1])
    publish_scored(home, 50, at)
    replay = {"run_at": at.isoformat(), "event_skip_trading": True}
    publish(home, SESSIONS[51], row("A.AX", SESSIONS[51], "HOLD", **replay))
    publish(home, SESSIONS[52], failed_row("A.AX", SESSIONS[52]))
    return Path(write_archive(home, Settings(), at))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_has_no_barrier(
    browser: Browser, page_path: Path, scheme: str, width: int
) -> None:
    """Axe finds nothing, nothing is wider than the screen, nothing is requested."""
    page = browser.new_page(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    opened = Opened(page)
    page.goto(page_path.as_uri())
    page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert opened.complaints == []
    assert len(opened.requests) == 1
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.close()


def test_a_night_leads_to_its_report(browser: Browser, page_path: Path) -> None:
    """The link of a line opens the report's file."""
    page = browser.new_page()
    page.goto(page_path.as_uri())
    page.get_by_role("link", name=str(SESSIONS[52])).click()
    assert page.url.endswith(f"/reports/html/{SESSIONS[52]}_morning_report.html")
    page.close()
