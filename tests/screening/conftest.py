"""A real browser if it is installed; without it, its tests are skipped."""

from collections.abc import Iterator

import pytest
from own_browser import chromium
from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give Chromium, without a window, for all tests of one process."""
    with chromium() as started:
        yield started
