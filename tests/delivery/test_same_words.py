"""Page, terminal, Prefect's state and message say the same about a run."""

from dataclasses import replace

import pytest
from made_morning import AS_OF, FACTS, failed, morning, screened

from cli.tables import show_summary
from config.settings import BlendSettings
from delivery.night_message import NightRows, night_message
from screening.report.facts import EarlierNight
from screening.report.page import morning_report
from screening.summary import RunSummary
from screening.table import csv_cells, csv_path
from storage.home import Home
from tasks.publish import final_state


def test_four_places_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """Each has the outcome's counts, and the three of a run its name too."""
    found = [screened("AAA.AX"), failed("GONE.AX"), failed("NO.AX")]
    facts = morning(found, night=replace(FACTS, coverage_needed=0.3))
    failures = {r["symbol"]: r["reason"] for r in facts.rows if "score" not in r}
    csv = csv_path(Home.at(".").screening_csv, AS_OF)
    symbols = ("AAA.AX", "GONE.AX", "NO.AX")
    summary = RunSummary(
        AS_OF, symbols, failures, 1.0, rows=facts.rows, csv=csv, min_coverage=0.3
    )
    cells = [csv_cells(row) for row in facts.rows]
    message = night_message(NightRows(AS_OF, cells, (), None, BlendSettings(), 0.3, ""))
    show_summary(summary)
    state = final_state(summary)
    counts = "1 of 3 symbols usable, 2 failed"
    assert f'<h2 id="verdict-title">{counts}</h2>' in morning_report(facts)
    assert counts in message.subject
    assert message.text.startswith(f"{state.name}: {counts}.")
    assert f"{state.name}: {counts};" in capsys.readouterr().out
    assert str(state.message).startswith(f"{counts}, in 1 s")
    assert summary.verdict == f"{state.name}: {counts}"


def test_a_sit_out_that_ends_is_on_the_page() -> None:
    """As it is in the message."""
    facts = morning([screened("AAA.AX")])
    (cells,) = [csv_cells(row) for row in facts.rows]
    earlier = EarlierNight(AS_OF, (cells | {"event_skip_trading": "true"},))
    page = morning_report(morning([screened("AAA.AX")], earlier=earlier))
    assert "Sit-out ends" in page
    night = NightRows(AS_OF, [cells], (), earlier, BlendSettings(), 0.5, "")
    assert "Sit-out ends: AAA.AX" in night_message(night).text
