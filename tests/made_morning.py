"""Reports for tests: invented findings, rows and prices of any number of symbols."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from made_rows import ACTIVE, DISTRIBUTION

from config.settings import BlendSettings, GuardSettings, SentimentSettings
from features.component import Component
from features.indicators import indicator_frame
from features.sentiment import NewsSentiment, news_sentiment
from features.votes import technical, trend
from market_data.headlines import Headline
from market_data.sessions import sessions_between
from modelling.forecasting import Forecast
from modelling.freshness import ModelState
from modelling.model_metadata import ModelMetadata
from risk_guard.assessment import assess
from risk_guard.events import Event
from risk_guard.known_events import KnownEvents
from risk_guard.market_context import MarketContext
from screening.findings import (
    HeadlineFindings,
    IndicatorFindings,
    ModelFindings,
    PastReaction,
    PriceFindings,
    SymbolFindings,
)
from screening.price_changes import CallRange, PriceChanges
from screening.price_states import symbol_state
from screening.report.facts import (
    Evidence,
    ExchangeSession,
    Morning,
    NightFacts,
    PastResults,
    PricePath,
    price_path,
)
from screening.row import build_row
from screening.table import rank

AS_OF = date(2025, 11, 10)
RUN_AT = datetime(2025, 11, 10, 8, 30, tzinfo=UTC)
FACTS = NightFacts(
    as_of=AS_OF,
    sessions=(ExchangeSession("XASX", AS_OF, AS_OF),),
    run_at=RUN_AT,
    source="folder",
    news_engine="lexicon",
    coverage_needed=0.5,
    lookahead_days=7,
    blend=BlendSettings(),
)
METADATA = ModelMetadata.model_construct(
    grade="good",
    training_date=RUN_AT - timedelta(days=2),
    skill=0.9871234567,
    directional_accuracy=0.5312,
    majority_rate=0.52,
    last_session=date(2025, 11, 8),
    data_points=233,
    epochs_run=31,
    loss_ratio=5.2512,
    loss_ratio_vs_persistence=1.0002,
    rejected=None,
)
"""The fields of a model that the report shows."""

UNKNOWN = KnownEvents((), gaps=("no_calendar: the calendar has no line of it",))
NO_NEWS = "no_news: no headline in the last 72 hours"


def morning(findings: Sequence[SymbolFindings], **changes: Any) -> Morning:  # noqa: ANN401
    """Return the facts of a report on these findings, with a chart per symbol."""
    rows = rank(
        (build_row(one, RUN_AT, BlendSettings()) for one in findings), BlendSettings()
    )
    paths = {one.symbol: path_of(one.symbol) for one in findings if not one.failure}
    values: dict[str, Any] = {"night": FACTS, "rows": rows, "findings": findings}
    return Morning(**({**values, "paths": paths} | changes))


def screened(symbol: str = "CBA.AX", **changes: Any) -> SymbolFindings:  # noqa: ANN401
    """Return the findings of a symbol with a fresh model and no news or events."""
    table = indicators_of(symbol)
    close = float(table["close"].iloc[-1])
    last = {str(name): float(value) for name, value in table.iloc[-1].items()}
    findings = SymbolFindings(
        symbol=symbol,
        as_of=AS_OF,
        forecast_session=date(2025, 11, 11),
        prices=PriceFindings(Path("p"), len(table), "AUD", "folder", ()),
        indicators=IndicatorFindings(
            Path("i"), last, trend(table), technical(table), ACTIVE
        ),
        model=ModelFindings(
            ModelState("fresh", 2),
            METADATA,
            Forecast(close * 1.004, 0.004, -0.015, 0.021, 0.64),
        ),
        distribution=DISTRIBUTION,
        events=guarded(UNKNOWN),
        headlines=HeadlineFindings((), reason=NO_NEWS),
        news=NewsSentiment(Component.missing(NO_NEWS), "lexicon", 0),
    )
    return replace(findings, **changes)


def guarded(known: KnownEvents) -> Any:  # noqa: ANN401
    """Return the guard's assessment of known events only."""
    return assess(known, "XASX", AS_OF, MarketContext(), GuardSettings())


def with_events(findings: SymbolFindings, *events: Event) -> SymbolFindings:
    """Return the findings with these events known."""
    known = KnownEvents(tuple(sorted(events, key=lambda one: one.first)))
    return replace(findings, known_events=known, events=guarded(known))


def with_news(
    findings: SymbolFindings, *headlines: Headline, polarity: float = 0.5
) -> SymbolFindings:
    """Return the findings with these headlines, all read with one polarity."""
    read = dict.fromkeys((one.title for one in headlines), polarity)
    about = (findings.symbol, ())
    settings = SentimentSettings(engine="lexicon")
    news = news_sentiment(headlines, read, about, RUN_AT, settings)
    return replace(findings, headlines=HeadlineFindings(headlines), news=news)


def headline(title: str, url: str = "https://news.example/a", **more: Any) -> Headline:  # noqa: ANN401
    """Return a headline of an hour before the run."""
    at = RUN_AT - timedelta(hours=1)
    return Headline(title, **({"published_at": at, "url": url} | more))


def past_reactions(*moves: float) -> tuple[PastReaction, ...]:
    """Return reactions of these moves, a quarter of a year apart."""
    return tuple(
        PastReaction(AS_OF - timedelta(days=91 * (len(moves) - place)), move, move * 70)
        for place, move in enumerate(moves)
    )


@cache
def large_night(symbols: int) -> Morning:
    """Return a report of many symbols with charts, news, events and a failure."""
    past = past_reactions(0.031, -0.044, 0.012, 0.074, -0.061, 0.024, -0.018, 0.05)
    findings = [
        with_events(
            with_news(
                with_day_change(
                    screened(
                        f"S{number:03}.AX",
                        distribution=replace(DISTRIBUTION, past=past),
                    )
                ),
                *(
                    headline(
                        f"S{number:03} shares are up {place} % after a word on costs",
                        f"https://news.example/markets/s{number:03}-story-{place}.html",
                        provider="Newswire",
                    )
                    for place in range(10)
                ),
            ),
            event(AS_OF + timedelta(days=number % 7)),
            event(AS_OF - timedelta(days=20), "dividend"),
        )
        for number in range(symbols - 1)
    ]
    few = Evidence("too few to tell", "live too few to tell (3); replayed right 51%")
    return morning(
        [*findings, failed("GONE.AX")],
        prices={one.symbol: price_changes_of(one) for one in findings},
        results=PastResults(dict.fromkeys(("BUY", "HOLD", "SELL"), few), "Chance.", ""),
    )


def with_day_change(findings: SymbolFindings) -> SymbolFindings:
    """Return the findings with the return of the night's session."""
    assert findings.indicators
    state = symbol_state(indicators_of(findings.symbol)["close"])
    return replace(findings, indicators=replace(findings.indicators, state=state))


def price_changes_of(findings: SymbolFindings) -> PriceChanges:
    """Return invented closes that change a BUY."""
    assert findings.indicators
    close = round(findings.indicators.last["close"], 2)
    below = CallRange(call="HOLD", low=close - 1, high=close - 0.5)
    same = CallRange(
        call="BUY", low=close - 0.49, high=close + 1, cause="one of four trend votes"
    )
    return PriceChanges(call="BUY", close=close, ranges=(below, same))


def failed(symbol: str) -> SymbolFindings:
    """Return the findings of an unknown symbol."""
    reason = "unknown_symbol: the source must know the symbol, got an empty history."
    return replace(
        screened(symbol), failure=reason, prices=None, indicators=None, model=None
    )


def event(day: date, kind: str = "earnings", **changes: Any) -> Event:  # noqa: ANN401
    """Return a confirmed event of one day."""
    values: dict[str, Any] = {
        "type": kind,
        "first": day,
        "last": day,
        "title": "Full-year result",
        "source": "event_calendar.csv",
        "status": "confirmed",
        "retrieved_at": RUN_AT,
    }
    return Event(**(values | changes))


@cache
def path_of(symbol: str) -> PricePath:
    """Return the data of the symbol's chart."""
    return price_path(indicators_of(symbol), 120)


def indicators_of(symbol: str) -> pd.DataFrame:
    """Return indicators on a random walk; of a number only the last digit counts."""
    return _indicators_of(re.sub(r"\d+(?=\d)", "", symbol))


@cache
def _indicators_of(symbol: str) -> pd.DataFrame:
    sessions = sessions_between("XASX", date(2024, 10, 1), AS_OF)
    generator = np.random.default_rng(list(symbol.encode()))
    close = 50 * np.exp(np.cumsum(generator.normal(0.0005, 0.013, len(sessions))))
    volume = generator.integers(100_000, 900_000, len(sessions)).astype(float)
    spread = {"open": close, "high": close * 1.01, "low": close * 0.99}
    prices = pd.DataFrame({**spread, "close": close, "volume": volume}, index=sessions)
    return indicator_frame(prices)
