"""The page and the message of an update: sentences, escaping, a real browser."""

from datetime import date
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from delivery.update_message import update_message
from screening.report.update_page import update_page
from screening.update_row import IN_THE_OPENING_PRICE, Row, with_changes
from screening.update_words import UpdateTexts

AS_OF = date(2025, 11, 10)
RUN = "<script>alert(1)</script>"


def row(symbol: str, gap: float | None, **changes: object) -> Row:
    """Return a row of an update; without a gap it has a reason."""
    night: Row = {
        "symbol": symbol,
        "prediction": "BUY",
        "live": True,
        "event_status": "none",
        "night_event_status": "none",
        "night_predicted_return_low": -0.02,
        "night_predicted_return_high": 0.02,
        "night_probability_up": 0.5,
    }
    if gap is None:
        return with_changes(night | {"reason": "^GSPC has a half day"} | changes)
    after = {
        "lead": "^GSPC",
        "lead_return": 0.01,
        "lead_base_session": date(2025, 11, 7),
        "lead_session": AS_OF,
        "expected_gap": gap,
        "expected_open": 10 * (1 + gap),
        "predicted_return_low": -0.01,
        "predicted_return_high": 0.025,
        "probability_up": 0.64,
    }
    return with_changes(night | after | changes)


ROWS = [
    row("AAA.AX", 0.004),
    row("BBB.AX", -0.002, event_status="confirmed", event_type="earnings"),
    row("CCC.AX", None, reason=RUN),
]
UPDATE = UpdateTexts(AS_OF, ROWS, ("a calendar did not answer",))


def test_page_and_message_say_where_the_gap_is() -> None:
    """Both name the changed event and the reason of the stock without an update."""
    page, message = (
        update_page(UPDATE, "2025-11-11"),
        update_message(UPDATE, "day", "p"),
    )
    escaped = IN_THE_OPENING_PRICE.replace("'", "&#39;")
    assert page.count(escaped) == 2
    assert IN_THE_OPENING_PRICE in message.text
    for words in ("event from none to confirmed earnings", "2 of 3 stocks updated"):
        assert words in page
        assert words in message.text
    assert RUN not in page


def test_a_missed_night_says_so() -> None:
    """Page and message name the night, and no gap is shown."""
    missed = UpdateTexts(AS_OF, (), missed=date(2025, 11, 11))
    text = update_message(missed, "2025-11-12", "").text
    assert "The night of 2025-11-11 was never published" in text
    assert IN_THE_OPENING_PRICE not in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
def test_the_page_opens_without_complaints(
    browser: Browser, tmp_path: Path, scheme: str, width: int
) -> None:
    """It passes axe, scrolls only inside its table, and runs no script of a row."""
    path = tmp_path / "update.html"
    path.write_text(update_page(UPDATE, "2025-11-11"), encoding="utf-8")
    page = browser.new_page(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(path.as_uri())
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator("tr[data-symbol]").count() == 3
    assert not [text for text in complaints if "axe" not in text]
    page.close()
