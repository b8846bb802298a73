"""The interval bar: the row's ends on one axis, the ordinary interval beside it."""

from dataclasses import replace

import pytest
from made_morning import AS_OF, event, failed, morning, screened, with_events
from made_rows import DISTRIBUTION

from screening.findings import Outcomes, SymbolFindings
from screening.report.interval_bar import IntervalBar, interval_axis
from screening.report.page import morning_report
from screening.report.views import SymbolView, symbol_views

WIDE = replace(
    DISTRIBUTION,
    outcomes=Outcomes(-0.08, 0.09, 0.5, 0.5),
    ordinary=Outcomes(-0.02, 0.03, 0.5, 0.5),
    reaction="possible",
)


def view_of(findings: SymbolFindings) -> SymbolView:
    """Return the view of one symbol."""
    (view,) = symbol_views(morning([findings]))
    return view


def test_a_reaction_session_has_both_intervals() -> None:
    """The bar of the report's session has the ordinary interval beside it."""
    found = with_events(screened(distribution=WIDE), event(AS_OF))
    bar = view_of(found).interval
    assert bar == IntervalBar(-0.08, 0.09, 0.004, (-0.02, 0.03))
    page = morning_report(morning([found]))
    assert "possible reaction session" in page
    assert page.count("\u22122.00 % to +3.00 %") >= 3


def test_another_session_has_one_interval() -> None:
    """Without a report near, no second interval is drawn."""
    bar = view_of(screened(distribution=WIDE)).interval
    assert bar
    assert bar.ordinary is None
    assert "possible reaction session" not in morning_report(morning([screened()]))


def test_a_symbol_without_a_model_has_its_interval_and_chart() -> None:
    """The centre is 0, and the chart draws the interval at the last close."""
    view = view_of(screened(model=None))
    assert view.interval
    assert view.interval.centre == 0
    assert view.chart
    assert (view.chart.point, bool(view.chart.interval)) == ("", True)
    close = float(view.cells["close"].value)
    ends = f"80 % interval {close * 0.98:.2f} to {close * 1.04:.2f}."
    assert view.chart.description.endswith(f"No model's forecast, {ends}")


def test_a_forecast_without_an_interval_is_drawn_as_a_point() -> None:
    """With too few standardised returns, only the predicted close is known."""
    view = view_of(screened(distribution=replace(DISTRIBUTION, outcomes=None)))
    assert view.interval is None
    assert view.chart
    assert (bool(view.chart.point), view.chart.interval) == (True, "")
    assert view_of(failed("GONE.AX")).interval is None


def test_all_bars_have_room_on_one_axis() -> None:
    """Every end of every bar is between 0 and 100 percent, and 0 is in the middle."""
    bars = [IntervalBar(-0.01, 0.02, 0.0), IntervalBar(-0.1, 0.05, 0.0, (-0.3, 0.2))]
    axis = interval_axis([*bars, None])
    assert all(0 < axis.place(end) < 100 for bar in bars for end in bar.ends)
    assert axis.place(0) == 50
    assert interval_axis([None]).place(0.005) == pytest.approx(50 + 50 / 2.2, abs=0.01)
