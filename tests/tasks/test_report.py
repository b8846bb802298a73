"""The morning report of a night: what the home's last scorecard says of sit-outs."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from screening.track_record.sit_out_cost import SitOutCost
from storage.home import Home


def test_the_report_shows_what_sitting_out_cost(
    tmp_path: Path, quick_night: Callable[..., Any]
) -> None:
    """A home without calls that were sat out shows the line of its last scorecard."""
    cost = SitOutCost(
        rule="published",
        first=date(2015, 7, 9),
        last=date(2025, 12, 30),
        sessions=2520,
        forgone=0.5,
        worst=728,
        avoided=233,
    )
    home = Home(tmp_path)
    home.sit_out_cost.parent.mkdir(parents=True)
    home.sit_out_cost.write_text(cost.model_dump_json())
    quick_night(tmp_path, "AAA.AX", train="never")
    (page,) = home.morning_reports.iterdir()
    assert "avoided 233 of the 728 worst days" in page.read_text(encoding="utf-8")
