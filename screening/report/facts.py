"""The input of the morning report as frozen values, without clock and files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from config.settings import BlendSettings, ReportSettings
from features.indicators import SMA_20, SMA_50, bollinger_bands
from market_data.prices import CLOSE, VOLUME
from screening.findings import SymbolFindings
from screening.market_state import MarketState
from screening.price_changes import PriceChanges
from screening.row import Row

if TYPE_CHECKING:
    import pandas as pd

    from screening.holdings.night import NightHoldings


@dataclass(frozen=True)
class ExchangeSession:
    """The session screened on an exchange, and the session expected at the start."""

    exchange: str
    as_of: date
    expected: date


@dataclass(frozen=True)
class NightFacts:
    """The facts of one night that hold for all symbols.

    `notices` are sentences on what was missing for all symbols. `coverage_needed` is
    the share of usable symbols below which the run failed. `lookahead_days` are the
    days in which coming events count. `market` is the market's state per exchange.
    `lead` are sentences on what the lead markets had done by the as-of sessions.
    """

    as_of: date
    sessions: tuple[ExchangeSession, ...]
    run_at: datetime
    source: str
    news_engine: str
    coverage_needed: float
    lookahead_days: int
    blend: BlendSettings
    notices: tuple[str, ...] = ()
    market: tuple[MarketState, ...] = ()
    lead: tuple[str, ...] = ()

    @property
    def is_replay(self) -> bool:
        """Return whether any exchange had completed a later session."""
        return any(session.as_of < session.expected for session in self.sessions)


@dataclass(frozen=True)
class PricePath:
    """The last sessions of one symbol, oldest first; NaN if undefined."""

    sessions: tuple[date, ...]
    close: tuple[float, ...]
    sma_20: tuple[float, ...]
    sma_50: tuple[float, ...]
    lower_band: tuple[float, ...]
    upper_band: tuple[float, ...]
    volume: tuple[float, ...]


@dataclass(frozen=True)
class EarlierNight:
    """The rows of an earlier night's CSV, as text by column."""

    as_of: date
    rows: tuple[Mapping[str, str], ...]


@dataclass(frozen=True)
class ReportTable:
    """A table of formatted texts: caption, headings and lines."""

    caption: str
    headings: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class RecordSection:
    """The track record in sentences and tables of formatted texts."""

    sentences: tuple[str, ...]
    tables: tuple[ReportTable, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """What is known of past calls of one kind: a few words, and a sentence."""

    brief: str
    full: str


@dataclass(frozen=True)
class PastResults:
    """What the track record says of tonight's calls, by kind, of all, of sit-outs."""

    calls: Mapping[str, Evidence] = field(default_factory=dict)
    forecasts: str = ""
    sit_outs: str = ""


@dataclass(frozen=True)
class Morning:
    """The whole input of one report.

    `rows` are those of the CSV, in its order. `paths` holds the prices of each chart,
    by symbol. `track_record` is None if there is no record. `kept` are the symbols
    whose rows come from earlier runs of the night; without findings, the report uses
    only their rows. `added` are screened only because they are held. `holdings` is None
    without a file of holdings.
    `prices` are the closes that change each call, by symbol, and `unsteady` the last
    three calls of each unsteady symbol.
    """

    night: NightFacts
    rows: Sequence[Row]
    findings: Sequence[SymbolFindings]
    paths: Mapping[str, PricePath] = field(default_factory=dict)
    earlier: EarlierNight | None = None
    track_record: RecordSection | None = None
    settings: ReportSettings = field(default_factory=ReportSettings)
    kept: frozenset[str] = frozenset()
    added: frozenset[str] = frozenset()
    holdings: NightHoldings | None = None
    results: PastResults = field(default_factory=PastResults)
    prices: Mapping[str, PriceChanges] = field(default_factory=dict)
    unsteady: Mapping[str, str] = field(default_factory=dict)


def price_path(indicators: pd.DataFrame, sessions: int) -> PricePath:
    """Return the last `sessions` rows of an indicator table, with Bollinger bands."""
    lower, upper = bollinger_bands(indicators[CLOSE])
    table = indicators.assign(lower=lower, upper=upper).tail(sessions)
    columns = (CLOSE, SMA_20, SMA_50, "lower", "upper", VOLUME)
    return PricePath(
        tuple(session.date() for session in table.index),
        *(tuple(table[name].astype(float).tolist()) for name in columns),
    )
