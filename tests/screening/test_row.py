"""One row: it can be recomputed, and a value not known is empty, with a reason."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from made_rows import ACTIVE, DISTRIBUTION, rising

from config.settings import BlendSettings, GuardSettings
from features.component import Component
from features.indicators import INDICATORS
from features.sentiment import NewsSentiment
from market_data.headlines import Headline
from modelling.forecasting import Forecast
from modelling.freshness import ModelState
from risk_guard.assessment import unknown_events
from risk_guard.known_events import KnownEvents
from screening.columns import COLUMNS
from screening.findings import (
    DistributionFindings,
    HeadlineFindings,
    IndexFindings,
    IndicatorFindings,
    ModelFindings,
    PastReaction,
    PriceFindings,
    SymbolFindings,
)
from screening.row import build_row

RUN_AT = datetime(2025, 11, 10, 8, 30, tzinfo=UTC)
FORECAST = Forecast(
    predicted_close=101.0,
    predicted_return=0.01,
    low=-0.02,
    high=0.04,
    probability_up=0.75,
)


def found(**changes: Any) -> SymbolFindings:  # noqa: ANN401  any field of the findings
    """Return the findings of a good symbol with `changes`."""
    last = {"close": 100.0} | dict.fromkeys(INDICATORS, 1.5)
    findings = SymbolFindings(
        symbol="CBA.AX",
        as_of=date(2025, 11, 10),
        forecast_session=date(2025, 11, 11),
        events=unknown_events("no source", GuardSettings()),
        news=NewsSentiment(Component.missing("no headline"), "finbert"),
        prices=PriceFindings(Path("p"), 506, "AUD", "folder", ()),
        indicators=IndicatorFindings(
            Path("i"),
            last,
            Component(0.5, 0.5),
            Component(-0.2, 0.6),
            ACTIVE,
        ),
        model=ModelFindings(ModelState("fresh", 0), None, FORECAST),
        distribution=DISTRIBUTION,
    )
    return replace(findings, **changes)


def row_of(findings: SymbolFindings) -> dict[str, Any]:
    """Return the findings' row with the default weights."""
    return build_row(findings, RUN_AT, BlendSettings())


def test_a_row_can_be_recomputed_from_its_own_columns() -> None:
    """Score, confidence and haircut follow from the columns beside them."""
    row = row_of(found())
    after = row["lstm_confidence"] * (1 - row["event_weight_haircut"])
    parts = {
        "lstm": after,
        "trend": row["trend_confidence"],
        "technical": row["technical_confidence"],
    }
    score = sum(
        row[f"{name}_weight"] * row[f"{name}_direction"] * confidence
        for name, confidence in parts.items()
    )
    assert row["lstm_confidence_after_haircut"] == pytest.approx(after)
    assert row["score"] == pytest.approx(score)
    assert row["prediction_source"] == "LSTM"
    assert row["components"] == "lstm trend technical"


def test_every_key_is_a_column() -> None:
    """A row holds published columns only, whether good or failed."""
    assert set(row_of(found())) < set(COLUMNS)
    assert set(row_of(found(failure="too_short: 40 sessions"))) < set(COLUMNS)


def test_events_nobody_answered_for_are_unknown_and_cost_a_haircut() -> None:
    """Until a source answers, the status is unknown and the haircut 20 %."""
    row = row_of(found())
    assert row["event_status"] == "unknown"
    assert row["event_weight_haircut"] == 0.20
    assert row["position_scale"] == pytest.approx(0.8)
    assert row["event_type"] is None
    assert row["event_skip_trading"] is None


def test_a_failed_symbol_says_why_and_nothing_else() -> None:
    """A failed row has its reason and no score, call or price."""
    row = row_of(found(failure="too_short: screening needs 55 sessions, got 40"))
    assert row["data_status"] == "failed"
    assert row["reason"].startswith("too_short")
    assert not {"score", "prediction", "close", "rank"} & set(row)


def test_a_missing_lstm_is_named_with_its_reason() -> None:
    """Without a usable model the source is TREND and the reason holds the model's."""
    unusable = ModelFindings(
        ModelState("rejected", 1, "graded overfitting"), None, None
    )
    row = row_of(found(model=unusable))
    assert row["prediction_source"] == "TREND"
    assert row["lstm_direction"] is None
    assert row["lstm_weight"] is None
    assert row["model_status"] == "rejected"
    assert "lstm is missing (graded overfitting)" in row["reason"]


def test_a_failed_training_explains_a_missing_model() -> None:
    """After a failed training, the row has the training's reason."""
    unusable = ModelFindings(ModelState("missing", None, "run `train`"), None, None)
    row = row_of(found(model=unusable, training_failure="too_short: 90 sessions."))
    assert "lstm is missing (too_short: 90 sessions)" in row["reason"]
    assert "run `train`" not in row["reason"]


def test_a_failed_training_is_named_if_the_old_model_is_used() -> None:
    """The older model is used, and the row names the failed training."""
    row = row_of(found(training_failure="training_failed: killed."))
    assert row["prediction_source"] == "LSTM"
    assert "not trained anew (training_failed: killed)" in row["reason"]


def test_a_defect_degrades_and_is_named() -> None:
    """A defect of the prices makes the row degraded, with the defect as reason."""
    prices = PriceFindings(Path("p"), 506, "", "folder", ("2025-02-19 moved -8.1%",))
    row = row_of(found(prices=prices))
    assert row["data_status"] == "degraded"
    assert "2025-02-19 moved -8.1%" in row["reason"]
    assert row["currency"] == "AUD"


def test_a_note_stands_in_the_reason_and_marks_nothing() -> None:
    """A note on the prices is in the reason, and the row stays `ok`."""
    prices = PriceFindings(Path("p"), 506, "", "folder", (), notes=("moved -8.1%",))
    row = row_of(found(prices=prices))
    assert row["data_status"] == "ok"
    assert "; moved -8.1%" in row["reason"]


def test_a_row_without_components_failed() -> None:
    """If all components are missing the row is failed, not a HOLD."""
    none, good = Component.missing("undefined"), found().indicators
    assert good
    indicators = replace(good, trend=none, technical=none)
    row = row_of(found(indicators=indicators, model=None))
    assert row["data_status"] == "failed"


@pytest.mark.parametrize(
    ("predicted", "up", "direction", "confidence"),
    [
        (0.01, 0.75, 1.0, 0.5),
        (0.01, 0.45, 1.0, 0.1),
        (-0.01, 0.3, -1.0, 0.4),
        (0.0, 0.5, 0.0, 0.0),
        (0.9, 1.0, 1.0, 1.0),
    ],
)
def test_the_lstm_gives_what_its_forecast_adds(
    predicted: float, up: float, direction: float, confidence: float
) -> None:
    """The sign of its predicted return, and twice the change of the probability."""
    forecast = replace(FORECAST, predicted_return=predicted)
    row = row_of(
        found(
            model=ModelFindings(ModelState("fresh", 0), None, forecast),
            distribution=rising(up),
        )
    )
    assert row["lstm_direction"] == direction
    assert row["lstm_confidence"] == pytest.approx(confidence)


def test_without_a_model_the_interval_stays() -> None:
    """A rejected model takes its forecast away, not the distribution."""
    unusable = ModelFindings(ModelState("rejected", 1, "overfitting"), None, None)
    row = row_of(found(model=unusable))
    interval = ("predicted_return_low", "predicted_return_high", "probability_up")
    assert [row[name] for name in interval] == [-0.02, 0.04, 0.75]
    assert row.get("predicted_return") is None
    assert (row["return_scale"], row["distribution_sessions"]) == (0.015, 252)


def test_without_a_distribution_the_row_says_why() -> None:
    """There is no interval, no probability and no LSTM, and the reason is named."""
    missing = DistributionFindings("32 standardised returns; 60 are needed", scale=0.01)
    row = row_of(found(distribution=missing))
    assert row.get("probability_up") is None
    assert row["lstm_weight"] is None
    assert row["return_scale"] == 0.01
    assert "the interval is missing (32 standardised returns" in row["reason"]


def test_a_call_that_nobody_can_act_on_is_hold() -> None:
    """The score stays; the call is HOLD with the reason."""
    strong = replace(DISTRIBUTION, scale=0.001)
    best = IndicatorFindings(
        Path("i"), found().indicators.last, Component(1, 1), Component(1, 1), ACTIVE
    )
    row = row_of(found(distribution=strong, indicators=best))
    assert row["score"] > 0.3
    assert row["prediction"] == "HOLD"
    assert "nobody can act on it: it hardly moves: 0.100% a session" in row["reason"]


@pytest.mark.parametrize(("count", "typical"), [(3, None), (4, 0.025), (5, 0.03)])
def test_the_typical_move_needs_four_reports(count: int, typical: float | None) -> None:
    """It is the median of the sizes of the past reactions."""
    moves = (0.01, -0.02, 0.03, -0.04, 0.05)[:count]
    past = tuple(PastReaction(date(2025, 8, 13), move, move / 0.01) for move in moves)
    row = row_of(found(distribution=replace(DISTRIBUTION, past=past)))
    assert row["event_past_reactions"] == count
    assert row["event_typical_move"] == typical


def test_the_currency_is_what_the_source_says() -> None:
    """A fund in dollars on the London exchange is quoted in dollars."""
    prices = PriceFindings(Path("p"), 506, "USD", "folder", ())
    assert row_of(found(symbol="VUSD.L", prices=prices))["currency"] == "USD"
    unnamed = PriceFindings(Path("p"), 506, "", "folder", ())
    assert row_of(found(symbol="VUSD.L", prices=unnamed))["currency"] == "GBp"


def test_a_refused_index_is_named() -> None:
    """An index with wrong values gives no beta, and the row has the reason."""
    market = IndexFindings(None, "bad_prices: a close leaps.", refused=True)
    row = row_of(found(market=market))
    assert row["hedge_beta"] is None
    assert "hedge_beta is missing (bad_prices: a close leaps)" in row["reason"]


@pytest.mark.parametrize(("count", "text"), [(1, "1 headline is"), (5, "5 headlines")])
def test_headlines_that_could_not_be_used_are_counted(count: int, text: str) -> None:
    """They are counted even if other headlines were read."""
    one = Headline("CBA beats", RUN_AT)
    headlines = HeadlineFindings((one,), unreadable=count)
    assert f"; {text}" in row_of(found(headlines=headlines))["reason"]


def test_what_was_cut_off_the_headlines_stands_in_the_reason() -> None:
    """Each note appears once, with or without a news component."""
    cut_headlines = HeadlineFindings((), notes=("1 headline cut at 1,000 characters",))
    assert (
        "; 1 headline cut at 1,000 characters"
        in row_of(found(headlines=cut_headlines))["reason"]
    )


def test_reports_that_may_be_missing_are_named() -> None:
    """A list of past reports that was cut short is a sentence of the reason."""
    known = KnownEvents((), report_gaps=("Yahoo's list of AAPL was cut short.",))
    row = row_of(found(known_events=known))
    assert "past reports may be missing (Yahoo's list of AAPL was cut" in row["reason"]


def test_past_reactions_that_are_not_known_are_not_zero() -> None:
    """If the distribution failed, their number is empty."""
    row = row_of(found(distribution=DistributionFindings("the disk is full")))
    assert row["event_past_reactions"] is None
