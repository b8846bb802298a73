"""Fold-outs: headlines, links, charts, and why a value lacks."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_morning import (
    AS_OF,
    RUN_AT,
    event,
    failed,
    headline,
    morning,
    screened,
    with_events,
    with_news,
)

from config.settings import ReportSettings
from features.component import Component
from features.sentiment import NewsSentiment
from modelling.forecasting import Forecast
from modelling.freshness import ModelState
from screening.findings import HeadlineFindings, ModelFindings, SymbolFindings
from screening.report.views import (
    SymbolView,
    symbol_views,
    symbols_with_chart,
    web_address,
)


def view_of(findings: SymbolFindings) -> SymbolView:
    """Return the view of one symbol."""
    (view,) = symbol_views(morning([findings]))
    return view


@pytest.mark.parametrize(
    "text", ["https://a.example/b?c=d&e=%20#f", "http://a.example", "HTTPS://A.EXAMPLE"]
)
def test_web_addresses_are_linked(text: str) -> None:
    """Addresses of http and https stay as they are."""
    assert web_address(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "javascript:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "//a.example",
        "https:",
        "https://[",
        "https://a.example/ onload=x",
        "https://a.example/\x00",
        "https://a.example/" + "x" * 3000,
        "file:///etc/passwd",
    ],
)
def test_other_addresses_are_not(text: str) -> None:
    """Nothing but a plain web address becomes a link."""
    assert web_address(text) == ""


@given(st.text())
def test_no_text_becomes_another_kind_of_link(text: str) -> None:
    """Whatever comes from outside, a link is http or https."""
    found = web_address(text)
    assert found in ("", text)
    assert not found or found.lower().startswith(("http://", "https://"))


def test_the_heaviest_headlines_are_shown() -> None:
    """Of headlines that were read, those that weigh most come first."""
    old = headline("an old word", published_at=RUN_AT - timedelta(hours=60))
    read = with_news(screened(), old, headline("CBA.AX falls"), polarity=-0.05)
    first, second = view_of(read).headlines
    assert (first.title, second.title) == ("CBA.AX falls", "an old word")
    assert (first.polarity, first.tone) == ("\u22120.05", "neutral")


def test_unread_headlines_are_shown_without_a_polarity() -> None:
    """Without a language model the titles are there, the polarity is not."""
    found = screened(
        headlines=HeadlineFindings((headline("CBA.AX falls"),)),
        news=NewsSentiment(Component.missing("FinBERT is not here"), "finbert", 1),
    )
    view = view_of(found)
    assert [(one.title, one.polarity) for one in view.headlines] == [
        ("CBA.AX falls", "")
    ]
    assert view.cells["finbert_direction"].reason == "FinBERT is not here"


def test_a_large_night_shows_fewer_headlines_each() -> None:
    """The sum of headlines is bounded, and what is left out is counted."""
    many = with_news(screened(), *(headline(f"CBA.AX {n}") for n in range(20)))
    settings = ReportSettings(max_headlines=9, max_headlines_total=5)
    (view,) = symbol_views(morning([many], settings=settings))
    assert (len(view.headlines), view.headlines_left) == (5, 15)


def test_an_endless_title_is_cut() -> None:
    """No headline can fill the page."""
    (line,) = view_of(with_news(screened(), headline("CBA.AX " + "x" * 9999))).headlines
    assert len(line.title) == 240


def test_the_largest_scores_get_charts() -> None:
    """Where not all can be drawn, the strongest calls of both signs are."""
    rows = [
        {"symbol": name, "score": score}
        for name, score in {"A": 0.1, "B": -0.5, "C": 0.3, "D": None}.items()
    ]
    assert symbols_with_chart(rows, 2) == {"B", "C"}


def test_a_missing_chart_has_a_reason() -> None:
    """Failed, not drawn, or unreadable: the place of the chart says which."""
    assert view_of(failed("GONE.AX")).no_chart.startswith("unknown_symbol")
    few = ReportSettings(max_charts=0)
    (view,) = symbol_views(morning([screened()], paths={}, settings=few))
    assert "draws 0" in view.no_chart
    (view,) = symbol_views(morning([screened()], paths={}))
    assert "could not be read" in view.no_chart


def test_every_missing_value_has_a_reason() -> None:
    """No cell of any row is empty without a sentence."""
    silent = ModelFindings(ModelState("rejected", 1, "graded overfitting"), None, None)
    for found in (screened(), screened(model=silent), failed("GONE.AX")):
        cells = view_of(found).cells.values()
        assert all(one.reason or one.value for one in cells)
        assert not any(one.reason and one.value for one in cells)


def test_a_silent_models_reason_stands_at_its_numbers() -> None:
    """A rejected model's forecast is missing because it was rejected."""
    silent = ModelFindings(ModelState("rejected", 1, "graded overfitting"), None, None)
    cells = view_of(screened(model=silent)).cells
    for column in ("probability_up", "predicted_close", "lstm_direction"):
        assert cells[column].reason == "graded overfitting"
    untrained = replace(screened(model=silent), training_failure="too_short: 90.")
    assert view_of(untrained).cells["probability_up"].reason == "too_short: 90"


@pytest.mark.parametrize(
    ("days", "badge"),
    [
        (0, "earnings today"),
        (1, "earnings in 1 session"),
        (3, "earnings in 3 sessions"),
    ],
)
def test_the_badge_counts_sessions(days: int, badge: str) -> None:
    """The badge says what is near, and how many sessions away."""
    found = with_events(screened(), event(AS_OF + timedelta(days=days)))
    assert view_of(found).event_badge == badge


def test_the_badge_of_an_unknown_calendar_says_so() -> None:
    """Nobody knows, something is expected, something has been: three words."""
    assert view_of(screened()).event_badge == "unknown"
    window = event(
        AS_OF, "basel_iii", last=AS_OF + timedelta(days=20), status="estimated"
    )
    assert view_of(with_events(screened(), window)).event_badge == "basel_iii expected"
    past = event(AS_OF - timedelta(days=4))
    assert (
        view_of(with_events(screened(), past)).event_badge == "earnings 2 sessions ago"
    )


def test_a_model_without_a_direction_has_its_reason() -> None:
    """One that predicts no change is right in no direction, and the page says why."""
    found = screened()
    assert found.model
    silent = found.model.metadata.model_copy(update={"directional_accuracy": None})
    cells = view_of(replace(found, model=replace(found.model, metadata=silent))).cells
    assert cells["model_directional_accuracy"].reason == "the model predicts no change"


def test_no_model_has_no_direction_either() -> None:
    """Then the reason is that of the model."""
    state = ModelState("missing", None, reason="no_model: there is none")
    cells = view_of(screened(model=ModelFindings(state, None, None))).cells
    assert cells["model_directional_accuracy"].reason == "no_model: there is none"


def test_a_forecast_of_no_change_is_told() -> None:
    """The fold-out says why the model has a direction all the same."""
    still = Forecast(100.0, 0.0, -0.015, 0.021, 0.55)
    model = ModelFindings(ModelState("fresh", 2), None, still)
    assert "predicts no change" in view_of(screened(model=model)).forecast_note
    assert view_of(screened()).forecast_note == ""
