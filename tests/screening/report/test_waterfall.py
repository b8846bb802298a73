"""From the components to the score: the bars add up to the score of the CSV."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_morning import RUN_AT, failed, screened
from made_rows import ACTIVE

from config.settings import BlendSettings
from features.component import Component
from modelling.forecasting import Forecast
from modelling.freshness import ModelState
from screening.columns import COLUMNS
from screening.findings import IndicatorFindings, ModelFindings
from screening.report.waterfall import axis_for, waterfall
from screening.row import build_row
from screening.table import cell

SHARES = st.floats(0, 1)
COMPONENTS = st.builds(Component, st.floats(-1, 1), SHARES)


def cells(findings: Any) -> dict[str, str]:  # noqa: ANN401
    """Return the findings' CSV row as text."""
    row = build_row(findings, RUN_AT, BlendSettings())
    return {name: cell(row.get(name)) for name in COLUMNS}


@given(SHARES, COMPONENTS, COMPONENTS)
def test_the_bars_lead_from_zero_to_the_score(
    chance: float, trend: Component, technical: Component
) -> None:
    """Each bar starts at the end of the bar before; the last bar ends at the score."""
    base = screened()
    assert base.indicators
    indicators = IndicatorFindings(
        base.indicators.path,
        base.indicators.last,
        trend,
        technical,
        ACTIVE,
    )
    forecast = Forecast(100.0, 0.0, -0.1, 0.1, chance)
    model = ModelFindings(ModelState("fresh", 0), None, forecast)
    row = cells(screened(indicators=indicators, model=model))
    *steps, score = waterfall(row).values()
    assert [start for start, _ in steps] == [0.0, *(end for _, end in steps[:-1])]
    assert steps[-1][1] == pytest.approx(float(row["score"]))
    assert score == (0.0, float(row["score"]))


def test_the_haircut_never_adds() -> None:
    """The haircut's bar points to where the score was without the LSTM."""
    fall = waterfall(cells(screened()))
    lstm, haircut = fall["lstm"], fall["haircut"]
    assert (lstm[1] - lstm[0]) * (haircut[1] - haircut[0]) < 0
    assert haircut[1] - haircut[0] == pytest.approx(-0.2 * (lstm[1] - lstm[0]))


def test_a_missing_component_has_no_bar() -> None:
    """Without a model, LSTM and haircut have no bar; a failed row has no bars."""
    unusable = ModelFindings(ModelState("missing", None, "none"), None, None)
    assert set(waterfall(cells(screened(model=unusable)))) == {
        "trend",
        "technical",
        "score",
    }
    assert waterfall(cells(failed("GONE.AX"))) == {}


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), max_size=5))
def test_every_bar_is_on_the_axis(spans: list[tuple[float, float]]) -> None:
    """All bars and both thresholds lie between 0 and 100 percent, 0 in the middle."""
    thresholds = BlendSettings(buy_above=0.7, sell_below=-0.2)
    axis = axis_for([dict(zip("abcde", spans, strict=False))], thresholds)
    assert axis.place(0) == 50
    for score in [0.7, -0.2, *(end for span in spans for end in span)]:
        assert 0 <= axis.place(score) <= 100
