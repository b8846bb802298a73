"""A real browser if it is installed; without it, its tests are skipped."""

from collections.abc import Iterator

import pytest
from own_browser import chromium
from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give Chromium, without a window, for the tests of one file.

    Playwright's event loop runs until then. Prefect, which later tests of the process
    use, must not find it.
    """
    with chromium() as started:
        yield started
