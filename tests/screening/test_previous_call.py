"""The previous call of a symbol: the last earlier night of the same kind."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from screening.previous_call import previous_calls, recent_rows, unsteady_calls
from screening.table import csv_path, write_csv

AS_OF = date(2025, 11, 13)
LIVE, REPLAYED = {"CBA.AX": False}, {"CBA.AX": True}


def publish(folder: Path, day: int, call: str, *, replay: bool, **more: Any) -> None:  # noqa: ANN401
    """Write a night's CSV; a live run is on the day itself, a replay a month later."""
    row = {
        "symbol": "CBA.AX",
        "exchange": "XASX",
        "as_of": f"2025-11-{day:02}",
        "run_at": f"2025-{12 if replay else 11}-{day:02}T08:00:00+00:00",
        "data_status": "ok",
        "prediction": call,
    }
    write_csv(csv_path(folder, date(2025, 11, day)), [row | more])


@pytest.mark.parametrize(("replays", "call"), [(LIVE, "SELL"), (REPLAYED, "BUY")])
def test_live_nights_follow_live_nights_and_replays_replays(
    tmp_path: Path, replays: dict[str, bool], call: str
) -> None:
    """The last night of the other kind is passed over."""
    publish(tmp_path, 10, "SELL", replay=False)
    publish(tmp_path, 11, "HOLD", replay=True)
    publish(tmp_path, 12, "BUY", replay=True)
    assert previous_calls(tmp_path, AS_OF, replays) == {"CBA.AX": call}


def test_later_nights_and_other_symbols_do_not_count(tmp_path: Path) -> None:
    """The night itself and later ones are no earlier nights."""
    publish(tmp_path, 13, "BUY", replay=False)
    publish(tmp_path, 14, "BUY", replay=False)
    publish(tmp_path, 12, "SELL", replay=False, symbol="BHP.AX")
    assert previous_calls(tmp_path, AS_OF, LIVE) == {}


def test_a_failed_row_and_a_damaged_csv_are_passed_over(tmp_path: Path) -> None:
    """An older night has the call then."""
    publish(tmp_path, 10, "HOLD", replay=False)
    publish(tmp_path, 11, "", replay=False, data_status="failed")
    csv_path(tmp_path, date(2025, 11, 12)).write_text("no,csv\n1,2\n", encoding="utf-8")
    assert previous_calls(tmp_path, AS_OF, LIVE) == {"CBA.AX": "HOLD"}


@pytest.mark.parametrize(
    "changed",
    [
        {"run_at": "1900-01-01T00:00:00+00:00"},
        {"run_at": "yesterday"},
        {"exchange": "XXXX"},
        {"as_of": ""},
    ],
)
def test_a_changed_row_does_not_stop_the_night(
    tmp_path: Path, changed: dict[str, str]
) -> None:
    """Its call is passed over, and an older night has the call."""
    publish(tmp_path, 10, "HOLD", replay=False)
    publish(tmp_path, 11, "BUY", replay=False, **changed)
    assert previous_calls(tmp_path, AS_OF, LIVE) == {"CBA.AX": "HOLD"}


def test_a_live_night_is_found_behind_many_replays(tmp_path: Path) -> None:
    """Eleven replays lie between the live night and this one."""
    publish(tmp_path, 1, "SELL", replay=False)
    for day in range(2, 13):
        publish(tmp_path, day, "BUY", replay=True)
    assert previous_calls(tmp_path, AS_OF, LIVE) == {"CBA.AX": "SELL"}


@pytest.mark.parametrize(
    ("calls", "text"),
    [
        (("BUY", "HOLD", "BUY"), "BUY, HOLD, BUY"),
        (("BUY", "BUY", "BUY"), ""),
        (("SELL", "HOLD", "BUY"), ""),
    ],
)
def test_a_call_that_is_back_is_unsteady(
    tmp_path: Path, calls: tuple[str, str, str], text: str
) -> None:
    """Three nights in a row, from the earlier nights' CSVs of the same kind."""
    publish(tmp_path, 10, "SELL", replay=True)
    for day, call in zip((11, 12), calls[:2], strict=True):
        publish(tmp_path, day, call, replay=False)
    earlier = recent_rows(tmp_path, AS_OF, LIVE, count=2)["CBA.AX"]
    row = {"exchange": "XASX", "as_of": "2025-11-13", "prediction": calls[2]}
    assert unsteady_calls(row, earlier) == text


def test_a_call_that_is_back_after_a_week_is_not_unsteady(tmp_path: Path) -> None:
    """The three nights are within three sessions."""
    publish(tmp_path, 4, "BUY", replay=False)
    publish(tmp_path, 12, "HOLD", replay=False)
    earlier = recent_rows(tmp_path, AS_OF, LIVE, count=2)["CBA.AX"]
    row = {"exchange": "XASX", "as_of": "2025-11-13", "prediction": "BUY"}
    assert unsteady_calls(row, earlier) == ""
    assert unsteady_calls(row, earlier[:1]) == ""
