"""Fold-outs: headlines, links, charts, and the reasons of missing values."""

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
    """Only a plain web address becomes a link."""
    assert web_address(text) == ""


@given(st.text())
def test_no_text_becomes_another_kind_of_link(text: str) -> None:
    """Every text gives an http or https link, or no link."""
    found = web_address(text)
    assert found in ("", text)
    assert not found or found.lower().startswith(("http://", "https://"))


def test_the_heaviest_headlines_are_shown() -> None:
    """Of headlines that were read, those of the largest weights come first."""
    old = headline("an old word", published_at=RUN_AT - timedelta(hours=60))
    read = with_news(screened(), old, headline("CBA.AX falls"), polarity=-0.05)
    first, second = view_of(read).headlines
    assert (first.title, second.title) == ("CBA.AX falls", "an old word")
    assert (first.polarity, first.tone) == ("\u22120.05", "neutral")


def test_unread_headlines_are_shown_without_a_polarity() -> None:
    """Without a language model the titles are listed without polarity."""
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
    """The number of headlines is limited, and the others are counted."""
    many = with_news(screened(), *(headline(f"CBA.AX {n}") for n in range(20)))
    settings = ReportSettings(max_headlines=9, max_headlines_total=5)
    (view,) = symbol_views(morning([many], settings=settings))
    assert (len(view.headlines), view.headlines_left) == (5, 15)


def test_an_endless_title_is_cut() -> None:
    """A long title is cut."""
    (line,) = view_of(with_news(screened(), headline("CBA.AX " + "x" * 9999))).headlines
    assert len(line.title) == 240


def test_the_largest_scores_get_charts() -> None:
    """If not all charts can be drawn, the largest scores of both signs have one."""
    rows = [
        {"symbol": name, "score": score}
        for name, score in {"A": 0.1, "B": -0.5, "C": 0.3, "D": None}.items()
    ]
    assert symbols_with_chart(rows, 2) == {"B", "C"}


def test_a_missing_chart_has_a_reason() -> None:
    """A missing chart has its reason: failed, not drawn, or unreadable."""
    assert view_of(failed("GONE.AX")).no_chart.startswith("unknown_symbol")
    few = ReportSettings(max_charts=0)
    (view,) = symbol_views(morning([screened()], paths={}, settings=few))
    assert "draws 0" in view.no_chart
    (view,) = symbol_views(morning([screened()], paths={}))
    assert "could not be read" in view.no_chart


def test_every_missing_value_has_a_reason() -> None:
    """Every empty cell of every row has a reason."""
    unusable = ModelFindings(
        ModelState("rejected", 1, "graded overfitting"), None, None
    )
    for found in (screened(), screened(model=unusable), failed("GONE.AX")):
        cells = view_of(found).cells.values()
        assert all(one.reason or one.value for one in cells)
        assert not any(one.reason and one.value for one in cells)


def test_a_rejected_models_reason_is_at_its_numbers() -> None:
    """A rejected model's forecast is missing because it was rejected."""
    unusable = ModelFindings(
        ModelState("rejected", 1, "graded overfitting"), None, None
    )
    cells = view_of(screened(model=unusable)).cells
    for column in ("predicted_return", "predicted_close", "lstm_direction"):
        assert cells[column].reason == "graded overfitting"
    untrained = replace(screened(model=unusable), training_failure="too_short: 90.")
    assert view_of(untrained).cells["lstm_weight"].reason == "too_short: 90"


@pytest.mark.parametrize(
    ("days", "badge"),
    [
        (0, "earnings today"),
        (1, "earnings in 1 session"),
        (3, "earnings in 3 sessions"),
    ],
)
def test_the_badge_counts_sessions(days: int, badge: str) -> None:
    """The badge has the event and its distance in sessions."""
    found = with_events(screened(), event(AS_OF + timedelta(days=days)))
    assert view_of(found).event_badge == badge


def test_the_badge_of_an_unknown_calendar_says_so() -> None:
    """The badge distinguishes unknown, expected and past events."""
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
    """A model that predicts no change has no accuracy, and the page has the reason."""
    found = screened()
    assert found.model
    without = found.model.metadata.model_copy(update={"directional_accuracy": None})
    cells = view_of(replace(found, model=replace(found.model, metadata=without))).cells
    assert cells["model_directional_accuracy"].reason == "the model predicts no change"


def test_no_model_has_no_direction_either() -> None:
    """Without a model, the reason is that of the model."""
    state = ModelState("missing", None, reason="no_model: there is none")
    cells = view_of(screened(model=ModelFindings(state, None, None))).cells
    assert cells["model_directional_accuracy"].reason == "no_model: there is none"


def test_a_forecast_of_no_change_has_a_note() -> None:
    """The fold-out explains a forecast of no change."""
    still = Forecast(100.0, 0.0, -0.015, 0.021, 0.55)
    model = ModelFindings(ModelState("fresh", 2), None, still)
    assert "predicts no change" in view_of(screened(model=model)).forecast_note
    assert view_of(screened()).forecast_note == ""
