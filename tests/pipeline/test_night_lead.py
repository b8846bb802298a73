"""The night's report says what New York had done by the night's own as-of session."""

from pathlib import Path

from own_updates import AS_OF, publish_night

from screening.report.report_file import report_path
from storage.home import Home


def test_the_report_names_the_lead_before_the_night(
    market: Path, tmp_path: Path
) -> None:
    """The last close before Sydney's, and the session that the update will use."""
    _, closes = publish_night(tmp_path, market, "AAA.AX")
    page = report_path(Home(tmp_path).morning_reports, AS_OF).read_text()
    move = closes["2025-11-07"] / closes["2025-11-06"] - 1
    sentence = f"XASX: ^GSPC {move:+.2%} in its session of 2025-11-07"
    assert sentence in page
    assert "It closes on 2025-11-10 before the next opening" in page
