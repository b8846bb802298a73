"""The event and news cells of a row: traceable, and empty if not known."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_events import AS_OF, event, window
from made_rows import ACTIVE, rising

from config.settings import BlendSettings, GuardSettings
from features.component import Component
from features.indicators import INDICATORS
from features.sentiment import NewsSentiment
from modelling.forecasting import Forecast
from modelling.freshness import ModelState
from risk_guard.assessment import assess
from risk_guard.events import Event
from risk_guard.known_events import KnownEvents
from risk_guard.market_context import Hedge, MarketContext, Volatility
from screening.columns import COLUMNS
from screening.findings import (
    IndicatorFindings,
    ModelFindings,
    PriceFindings,
    SymbolFindings,
)
from screening.row import build_row

RUN_AT = datetime(2025, 11, 10, 8, 30, tzinfo=UTC)
AROUND = MarketContext(-0.2, Volatility(1.5, spike=True), Hedge(1.1, 0.6))
NEWS = NewsSentiment(Component(-0.2, 0.5), "lexicon", 4)
TIERS = ((0.80, 0.70), (0.50, 0.45), (0.25, 0.20), (0.0, 0.0))


def row_of(
    *events: Event,
    gaps: tuple[str, ...] = (),
    around: MarketContext = AROUND,
    news: NewsSentiment = NEWS,
    probability_up: float = 0.9,
) -> dict[str, Any]:
    """Return the row of a good symbol with these events and news."""
    last = {"close": 100.0} | dict.fromkeys(INDICATORS, 1.5)
    forecast = Forecast(101.0, 0.01, -0.02, 0.04, 0.75)
    findings = SymbolFindings(
        symbol="CBA.AX",
        as_of=AS_OF,
        forecast_session=date(2025, 11, 11),
        prices=PriceFindings(Path("p"), 506, "AUD", "folder", ()),
        indicators=IndicatorFindings(
            Path("i"),
            last,
            Component(0.5, 0.5),
            Component(0.2, 0.6),
            ACTIVE,
        ),
        model=ModelFindings(ModelState("fresh", 0), None, forecast),
        distribution=rising(probability_up),
        news=news,
    )
    known = KnownEvents(events, gaps)
    found = assess(known, "XASX", AS_OF, around, GuardSettings())
    return build_row(replace(findings, events=found), RUN_AT, BlendSettings())


TOMORROW = event(AS_OF + timedelta(days=1), "basel_iii", title="Pillar 3")


def test_every_event_column_is_filled() -> None:
    """Type, day, title, source, distances, risk, haircut, volatility and hedge."""
    row = row_of(TOMORROW)
    expected = {
        "event_status": "confirmed",
        "event_type": "basel_iii",
        "event_date": date(2025, 11, 11),
        "event_title": "Pillar 3",
        "event_source": "event_calendar.csv",
        "days_to_event": 1,
        "sessions_to_event": 1,
        "event_risk_score": 1.0,
        "event_weight_haircut": 0.70,
        "event_skip_trading": True,
        "sentiment_72h": -0.2,
        "volatility_ratio": 1.5,
        "volatility_spike": True,
        "hedge_beta": 1.1,
        "hedge_r2": 0.6,
        "finbert_headlines": 4,
        "finbert_direction": -0.2,
    }
    assert {name: row[name] for name in expected} == expected
    assert set(row) < set(COLUMNS)


def test_a_sit_out_holds_and_keeps_the_score() -> None:
    """The call is HOLD and the position 0, whatever the score."""
    strong = MarketContext(0.9, None, None)
    news = NewsSentiment(Component(1.0, 1.0), "finbert", 9)
    row = row_of(TOMORROW, around=strong, news=news, probability_up=1.0)
    assert row["score"] > 0.30
    assert (row["prediction"], row["position_scale"]) == ("HOLD", 0)
    assert "sat out by the rule `published`: basel_iii 2025-11-11" in row["reason"]


def test_a_quiet_calendar_is_none_not_unknown() -> None:
    """Without an event there is no date and no distance, and the status is known."""
    row = row_of(around=MarketContext())
    assert (row["event_status"], row["event_skip_trading"]) == ("none", False)
    assert row["event_risk_score"] == 0
    assert (row["event_date"], row["days_to_event"]) == (None, None)
    assert (row["volatility_ratio"], row["hedge_beta"]) == (None, None)
    assert row["position_scale"] == 1


def test_nobody_s_answer_is_unknown() -> None:
    """The sit-out is not known either, and the warning has the reason."""
    row = row_of(gaps=("Yahoo answered 429",), around=MarketContext())
    assert (row["event_status"], row["event_skip_trading"]) == ("unknown", None)
    assert row["event_weight_haircut"] == 0.20
    assert "Yahoo answered 429" in row["event_warning"]


def test_a_window_has_no_date() -> None:
    """The title holds both ends of the window; the day is empty."""
    row = row_of(window(AS_OF, AS_OF + timedelta(days=9), title="Pillar 3 report"))
    assert row["event_status"] == "estimated"
    assert row["event_title"] == "Pillar 3 report (2025-11-10 to 2025-11-19)"
    assert (row["event_date"], row["sessions_to_event"]) == (None, None)


@pytest.mark.parametrize("engine", ["finbert", "lexicon"])
def test_the_news_component_has_the_name_of_its_engine(engine: str) -> None:
    """The lexicon is never called FinBERT."""
    row = row_of(news=replace(NEWS, engine=engine))
    assert row["components"] == f"lstm trend technical {engine}"
    assert f", {engine}" in row["reason"]


def test_no_headline_is_missing_with_its_count() -> None:
    """The count is 0, there is no direction, and the others share the weight."""
    row = row_of(news=NewsSentiment(Component.missing("no_news"), "finbert", 0))
    assert (row["finbert_headlines"], row["finbert_direction"]) == (0, None)
    assert row["lstm_weight"] == pytest.approx(0.45 / 0.85)
    assert "finbert is missing (no_news)" in row["reason"]


shares = st.floats(0, 1)
directions = st.floats(-1, 1)
kinds = st.sampled_from(["earnings", "dividend", "basel_iii"])
coming = st.lists(
    st.builds(event, st.integers(0, 9).map(lambda n: AS_OF + timedelta(days=n)), kinds),
    max_size=3,
)


@given(coming, directions, shares, shares, st.booleans())
def test_a_row_can_be_computed_again(
    events: list[Event],
    direction: float,
    sure: float,
    up: float,
    spike: bool,  # noqa: FBT001
) -> None:
    """Score, confidence, haircut and position follow from the row's own columns."""
    around = MarketContext(direction, Volatility(2.0 if spike else 1.0, spike))
    news = NewsSentiment(Component(direction, sure), "finbert", 3)
    row = row_of(*events, around=around, news=news, probability_up=up)
    after = row["lstm_confidence"] * (1 - row["event_weight_haircut"])
    parts = [("lstm", after)]
    parts += [(n, row[f"{n}_confidence"]) for n in ("trend", "technical", "finbert")]
    score = sum(row[f"{n}_weight"] * row[f"{n}_direction"] * c for n, c in parts)
    before = {n: row[f"{n}_confidence"] for n in ("lstm", *dict(parts[1:]))}
    cut = row["event_weight_haircut"]
    sure_of = 100 * (1 - cut) * sum(row[f"{n}_weight"] * c for n, c in before.items())
    assert row["lstm_confidence_after_haircut"] == pytest.approx(after)
    assert row["score"] == pytest.approx(score)
    assert row["confidence"] == pytest.approx(sure_of)
    cut = next(c for floor, c in TIERS if row["event_risk_score"] >= floor)
    assert row["event_weight_haircut"] == cut
    skipped = row["event_skip_trading"]
    assert row["position_scale"] == pytest.approx(0 if skipped else 1 - cut)
    assert row["prediction"] == "HOLD" or not skipped


@given(directions, directions, shares)
def test_worse_news_never_raises_the_score(one: float, other: float, up: float) -> None:
    """At the same event risk, the score falls at most as the news gets worse."""
    worse, better = sorted((one, other))
    scores = [
        row_of(
            around=MarketContext(),
            news=NewsSentiment(Component(direction, 0.5), "finbert", 3),
            probability_up=up,
        )["score"]
        for direction in (worse, better)
    ]
    assert scores[0] <= scores[1] + 1e-12
