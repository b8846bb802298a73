"""The chart's geometry: each point is drawn at its number."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from made_morning import AS_OF, path_of

from screening.report.chart import AHEAD, ForecastPoint, MarkedEvent, price_chart
from screening.report.facts import PricePath

PATH = path_of("CBA.AX")
NUMBERS = re.compile(r"-?\d+(?:\.\d+)?")


def ends(drawn: str) -> tuple[int, int]:
    """Return the height at which a path of relative steps starts, and where it ends."""
    _, first, *moves = map(int, NUMBERS.findall(drawn))
    return first, first + sum(moves[1::2])


def test_the_close_is_drawn_session_by_session() -> None:
    """The path has one step per session; its ends are in the order of the closes."""
    chart = price_chart(PATH, None, [], "XASX")
    assert len(NUMBERS.findall(chart.close)) == 2 * len(PATH.close)
    first, last = ends(chart.close)
    assert (first > last) == (PATH.close[0] < PATH.close[-1])


def test_a_flat_price_is_a_flat_line() -> None:
    """A price that never moves also has a scale."""
    flat = (5.0,) * len(PATH.close)
    chart = price_chart(
        replace(
            PATH, close=flat, sma_20=flat, sma_50=flat, lower_band=flat, upper_band=flat
        ),
        None,
        [],
        "XASX",
    )
    first, last = ends(chart.close)
    assert first == last == 100


def test_averages_start_where_they_are_known() -> None:
    """NaN is not drawn; an average that is never known has no path."""
    count = len(PATH.close)
    unknown = (float("nan"),) * count
    late = (*unknown[:40], *PATH.sma_50[40:])
    chart = price_chart(
        replace(PATH, sma_20=unknown, sma_50=late, lower_band=unknown), None, [], "XASX"
    )
    assert (chart.sma_20, chart.band) == ("", "")
    start = int(NUMBERS.findall(chart.sma_50)[0])
    assert start >= 40 * chart.width / (count + AHEAD)


def test_the_forecast_stands_ahead_with_its_interval() -> None:
    """The dot is right of the last close, and within its interval."""
    forecast = ForecastPoint(PATH.close[-1] * 1.01, PATH.close[-1], 1e3)
    chart = price_chart(PATH, forecast, [], "XASX")
    across, height, _ = map(int, NUMBERS.findall(chart.point))
    assert across > int(NUMBERS.findall(chart.bridge)[0])
    assert chart.description.endswith(f"80 % interval {forecast.low:.2f} to 1,000.00.")
    assert 0 < height < 200
    assert price_chart(PATH, None, [], "XASX").point == ""


@pytest.mark.parametrize("days", [-30, 0, 3, 7])
def test_an_event_is_marked_on_its_session(days: int) -> None:
    """Past events are left of tonight, coming events are right of it."""
    day = AS_OF + timedelta(days=days)
    chart = price_chart(PATH, None, [MarkedEvent("earnings", day, day, "said")], "XASX")
    (mark,) = chart.marks
    assert (mark.left > chart.now) == (days > 0)
    assert 0 < mark.left < 100


def test_events_beyond_the_chart_are_left_out() -> None:
    """Events before the chart's first session or months ahead are not drawn."""
    days = (date(2024, 1, 2), date(2026, 3, 2))
    gone = [MarkedEvent("dividend", day, day, "") for day in days]
    assert price_chart(PATH, None, gone, "XASX").marks == ()


def test_a_window_reaches_from_its_first_day_to_its_last() -> None:
    """A window is cut at the chart's ends."""
    window = MarkedEvent("basel_iii", date(2025, 10, 30), date(2026, 1, 5), "")
    (mark,) = price_chart(PATH, None, [window], "XASX").marks
    assert mark.left < price_chart(PATH, None, [], "XASX").now < mark.right < 100


def test_marks_of_one_day_stand_above_each_other() -> None:
    """Two events of a week do not hide each other."""
    days = (AS_OF, AS_OF + timedelta(days=1))
    near = [MarkedEvent("earnings", day, day, "") for day in days]
    first, second = price_chart(PATH, None, near, "XASX").marks
    assert first.top != second.top


def test_price_ticks_are_round_and_in_the_picture() -> None:
    """Two to six round prices are labelled, each within the chart."""
    for factor in (1e-4, 0.5, 1, 77, 1e6):
        scaled = PricePath(
            PATH.sessions,
            *(
                tuple(value * factor for value in values)
                for values in (
                    PATH.close,
                    PATH.sma_20,
                    PATH.sma_50,
                    PATH.lower_band,
                    PATH.upper_band,
                )
            ),
            volume=PATH.volume,
        )
        ticks = price_chart(scaled, None, [], "XASX").prices
        assert 2 <= len(ticks) <= 6
        assert all(0 <= tick.at <= 100 for tick in ticks)


def test_the_chart_says_in_words_what_it_shows() -> None:
    """The description has the span, the extremes and the last close."""
    text = price_chart(PATH, None, [], "XASX").description
    assert f"from {PATH.sessions[0]} to {AS_OF}" in text
    assert f"the last {PATH.close[-1]:.2f}" in text
    assert text.endswith("No forecast.")
