"""What changed since the last night, by the CSV rows of both nights."""

from datetime import date
from typing import Any

from made_morning import AS_OF, event, failed, morning, screened, with_events

from screening.columns import COLUMNS
from screening.report.changes import Changes, changes_since
from screening.report.facts import EarlierNight
from screening.table import cell

LAST_NIGHT = date(2025, 11, 7)


def cells(*findings: Any) -> list[dict[str, str]]:  # noqa: ANN401
    """Return the CSV rows of these findings."""
    rows = morning(findings).rows
    return [{name: cell(row.get(name)) for name in COLUMNS} for row in rows]


def changed(before: list[dict[str, str]], after: list[dict[str, str]]) -> Changes:
    """Return the changes between two nights of these rows."""
    return changes_since(EarlierNight(LAST_NIGHT, tuple(before)), after)


def test_the_same_night_twice_changes_nothing() -> None:
    """Equal rows give no change, and all symbols are compared."""
    rows = cells(screened("AAA.AX"), screened("BBB.AX"))
    found = changed(rows, rows)
    assert not found.has_any
    assert (found.since, found.compared) == (LAST_NIGHT, 2)


def test_a_call_that_flipped_has_both_calls_and_scores() -> None:
    """Only a change between two calls is a change."""
    (row,) = cells(screened())
    found = changed([row | {"prediction": "SELL", "score": "-0.4"}], [row])
    (change,) = found.calls
    before, after = change.before, change.after
    assert (before["prediction"], before["score"]) == ("SELL", "-0.4")
    assert (after["prediction"], after["score"]) == (row["prediction"], row["score"])


def test_a_new_event_is_one_of_another_kind_or_day() -> None:
    """An event with another date is new; the same event a night later is not."""
    (quiet,) = cells(screened())
    (ahead,) = cells(with_events(screened(), event(AS_OF)))
    (moved,) = cells(with_events(screened(), event(LAST_NIGHT)))
    assert [row["symbol"] for row in changed([quiet], [ahead]).events] == ["CBA.AX"]
    assert changed([moved], [ahead]).events
    assert not changed([ahead], [ahead]).events


def test_a_sit_out_that_begins_is_listed_once() -> None:
    """It is listed with its new event, or else as a sit-out."""
    (out,) = cells(with_events(screened(), event(AS_OF)))
    near = out | {"event_skip_trading": "false"}
    assert changed([near], [out]).sat_out == ("CBA.AX",)
    (quiet,) = cells(screened())
    assert changed([quiet], [out]).sat_out == ()


def test_a_sit_out_that_ends_is_a_change() -> None:
    """A stock that failed has not been traded again."""
    (out,) = cells(with_events(screened(), event(AS_OF)))
    (quiet,) = cells(screened())
    found = changed([out], [quiet])
    assert (found.ended, found.begun, found.has_any) == (("CBA.AX",), (), True)
    assert changed([quiet], [out]).begun == (out,)
    assert changed([out], cells(failed("CBA.AX"))).ended == ()


def test_failures_and_recoveries_are_listed() -> None:
    """A new failure has its reason; a recovered symbol is named."""
    good, broken = cells(screened("GONE.AX")), cells(failed("GONE.AX"))
    (row,) = changed(good, broken).failed
    assert row["reason"].startswith("unknown_symbol")
    assert changed(broken, good).recovered == ("GONE.AX",)
    assert changed(broken, good).calls == ()


def test_symbols_that_come_and_go_are_named() -> None:
    """Only symbols of both nights are compared."""
    found = changed(
        cells(screened("AAA.AX"), screened("OLD.AX")),
        cells(screened("AAA.AX"), screened("NEW.AX")),
    )
    assert (found.added, found.dropped, found.compared) == (("NEW.AX",), ("OLD.AX",), 1)


def test_a_csv_of_fewer_columns_is_read_as_far_as_it_goes() -> None:
    """Columns that an older version's CSV lacks are not known."""
    bare = {"symbol": "CBA.AX", "data_status": "ok"}
    found = changed([bare], cells(screened()))
    assert (found.calls, found.compared) == ((), 1)
