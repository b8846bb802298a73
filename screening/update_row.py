"""The columns of the update before the opening, and its rows. Pure.

Returns are fractions. Columns that begin with `night_` hold what the night said.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from screening.columns import TEXT_COLUMNS, TRUTH_COLUMNS, TRUTHS
from screening.table import cell
from storage.paths import StoragePath

Row = dict[str, Any]

IN_THE_OPENING_PRICE = (
    "The gap is in the opening price: it informs an order's limit and a holder's "
    "morning, and earns nothing by itself."
)
"""The sentence that every text with an expected gap has."""

UPDATE_COLUMNS = (
    "symbol exchange as_of forecast_session run_at live close currency prediction "
    "score lead lead_base_session lead_session lead_return lead_pairs fitted_slope "
    "slope_shrinkage lead_slope lead_r2 fitted_gap_slope gap_slope_shrinkage "
    "lead_gap_slope expected_gap expected_open predicted_return predicted_return_low "
    "predicted_return_high probability_up return_scale night_predicted_return "
    "night_predicted_return_low night_predicted_return_high night_probability_up "
    "night_return_scale event_status event_type event_date event_skip_trading "
    "night_event_status night_event_type night_event_date night_event_skip_trading "
    "event_changed changed reason"
).split()

KEPT = [*UPDATE_COLUMNS[:4], "close", "currency", "prediction", "score"]
"""Columns that are those of the night's row."""

EVENT_COLUMNS = ("event_status", "event_type", "event_date", "event_skip_trading")
"""What is compared with the night."""

NIGHT_COLUMNS = (
    *("predicted_return", "predicted_return_low", "predicted_return_high"),
    *("probability_up", "return_scale", *EVENT_COLUMNS),
)
"""Columns of the night's row that get the prefix `night_`."""


def update_csv_path(folder: StoragePath, as_of: date) -> StoragePath:
    """Return the path of the CSV of the update of a night."""
    return folder / f"{as_of.isoformat()}_morning_update.csv"


UPDATE_NAME = "_morning_update.html"
"""End of the name of an update's page, after the as-of date."""


def update_page_path(folder: StoragePath, as_of: date) -> StoragePath:
    """Return the path of the page of the update of a night."""
    return folder / f"{as_of.isoformat()}{UPDATE_NAME}"


def night_part(night: Mapping[str, str]) -> Row:
    """Return the columns that come from the night's row; None if not known."""
    kept = {name: _value(name, night.get(name, "")) for name in KEPT}
    return kept | {
        f"night_{name}": _value(name, night.get(name, "")) for name in NIGHT_COLUMNS
    }


def _value(column: str, text: str) -> str | float | bool | None:
    if not text:
        return None
    if column in TRUTH_COLUMNS:
        return TRUTHS[text]
    return text if column in TEXT_COLUMNS else float(text)


def with_changes(row: Row) -> Row:
    """Return the row with `event_changed` and the sentence `changed`.

    `event_changed` is empty if the calendars were not asked.
    """
    asked = row.get("event_status") is not None
    events = list(_event_changes(row)) if asked else []
    sentences = [*_interval_changes(row), *events]
    return row | {
        "event_changed": bool(events) if asked else None,
        "changed": " ".join(f"{sentence}." for sentence in sentences) or None,
    }


def _interval_changes(row: Row) -> Iterable[str]:
    up, before = row.get("probability_up"), row.get("night_probability_up")
    if up is None or before is None:
        return
    low, high = row["predicted_return_low"], row["predicted_return_high"]
    night = (row[f"night_predicted_return_{end}"] for end in ("low", "high"))
    yield f"P(up) from {before:.0%} to {up:.0%}"
    yield f"interval from {_interval(*night)} to {_interval(low, high)}"


def _interval(low: float, high: float) -> str:
    return f"{low:+.2%} to {high:+.2%}"


def _event_changes(row: Row) -> Iterable[str]:
    """Yield what the calendars say otherwise than on the night."""
    now = [cell(row.get(name)) for name in EVENT_COLUMNS]
    before = [cell(row.get(f"night_{name}")) for name in EVENT_COLUMNS]
    if now == before:
        return
    yield f"event from {_event(before)} to {_event(now)}"
    if now[3] == "true" != before[3]:
        yield "the night's call was made without this sit-out; check it"
    elif before[3] == "true" != now[3]:
        yield "the night sat out; the call stays as it was published"


def _event(cells: list[str]) -> str:
    status, kind, day, _ = cells
    return " ".join(part for part in (status or "not known", kind, day) if part)
