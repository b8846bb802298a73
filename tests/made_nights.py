"""Homes with many nights: invented CSVs, reports and calls, for tests."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from made_calls import SESSIONS, call, calls_frame, night_of, outcome, outcomes_frame

from screening.report.report_file import report_path
from screening.table import csv_path, write_csv
from screening.track_record.ledger import Ledger
from storage.home import Home, write_atomic
from storage.paths import StoragePath

NIGHTS = SESSIONS[:-30]


def row(symbol: str, as_of: date, made: str = "BUY", **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a row of a live night: a BUY with an interval of -2 % to +2 %."""
    values = {
        "symbol": symbol,
        "exchange": "XASX",
        "as_of": as_of,
        "run_at": night_of(as_of).isoformat(),
        "data_status": "ok",
        "prediction": made,
        "score": 0.4,
        "predicted_return_low": -0.02,
        "predicted_return_high": 0.02,
        "event_skip_trading": False,
        "reason": "because",
    }
    return values | changes


def failed_row(symbol: str, as_of: date) -> dict[str, Any]:
    """Return the row of a failed symbol."""
    reason = "unknown_symbol: the source has no such symbol."
    return row(symbol, as_of, "", data_status="failed", reason=reason)


def publish(home: Home, as_of: date, *rows: Mapping[str, Any]) -> StoragePath:
    """Write the CSV and a report of a night; return the CSV's path."""
    path = csv_path(home.screening_csv, as_of)
    write_csv(path, rows)
    write_atomic(report_path(home.morning_reports, as_of), "<!doctype html>")
    return path


def publish_scored(home: Home, nights: int, at: datetime) -> None:
    """Publish nights of two symbols, whose calls are all scored after a session."""
    made = []
    for place, as_of in enumerate(NIGHTS[:nights]):
        calls = {"A.AX": "BUY", "B.AX": "SELL" if place % 3 else "HOLD"}
        publish(home, as_of, *(row(name, as_of, one) for name, one in calls.items()))
        made += [call(name, as_of, call=one) for name, one in calls.items()]
    outcomes = [
        outcome(one, 1, 0.01 * (place % 5 - 2), hedged_return=0.01 * (place % 4 - 1))
        for place, one in enumerate(made)
    ]
    ledger = Ledger(home.track_record)
    ledger.append(calls_frame(*made), outcomes_frame(*outcomes), NIGHTS[0], at)
