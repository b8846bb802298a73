"""What the morning report is drawn from: plain frozen values, no clock and no files.

Whatever is asked of a stage is answered there; here it only stands together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import pandas as pd

from config.settings import BlendSettings, ReportSettings
from features.indicators import SMA_20, SMA_50, bollinger_bands
from market_data.prices import CLOSE, VOLUME
from screening.findings import SymbolFindings
from screening.row import Row


@dataclass(frozen=True)
class ExchangeSession:
    """The session an exchange was screened on, and the last completed at the start."""

    exchange: str
    as_of: date
    expected: date


@dataclass(frozen=True)
class NightFacts:
    """One night as a whole.

    `notices` are what lacked for all symbols; `coverage_needed` is the share of usable
    symbols below which the run has failed; `lookahead_days` how far events count.
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

    @property
    def is_replay(self) -> bool:
        """Return whether any exchange had completed a later session than was asked."""
        return any(one.as_of < one.expected for one in self.sessions)


@dataclass(frozen=True)
class PricePath:
    """The last sessions of one symbol, oldest first; NaN where undefined."""

    sessions: tuple[date, ...]
    close: tuple[float, ...]
    sma_20: tuple[float, ...]
    sma_50: tuple[float, ...]
    lower_band: tuple[float, ...]
    upper_band: tuple[float, ...]
    volume: tuple[float, ...]


@dataclass(frozen=True)
class EarlierNight:
    """The rows of an earlier night's CSV, as text by column; a line a symbol."""

    as_of: date
    rows: tuple[Mapping[str, str], ...]


@dataclass(frozen=True)
class ReportTable:
    """A table of ready texts: a caption, its headings, and its lines."""

    caption: str
    headings: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class RecordSection:
    """How past calls fared, in sentences and tables of ready texts."""

    sentences: tuple[str, ...]
    tables: tuple[ReportTable, ...] = ()


@dataclass(frozen=True)
class Morning:
    """All that one report is drawn from.

    `rows` are the CSV's, in its order; `paths` holds a chart's prices by symbol;
    without `track_record` its section says that there is none. `kept` are the symbols
    whose rows are of earlier runs of the night; those of them without findings are
    shown from their rows alone.
    """

    night: NightFacts
    rows: Sequence[Row]
    findings: Sequence[SymbolFindings]
    paths: Mapping[str, PricePath] = field(default_factory=dict)
    earlier: EarlierNight | None = None
    track_record: RecordSection | None = None
    settings: ReportSettings = field(default_factory=ReportSettings)
    kept: frozenset[str] = frozenset()


def price_path(indicators: pd.DataFrame, sessions: int) -> PricePath:
    """Return the last `sessions` rows of an indicator table, Bollinger bands added."""
    lower, upper = bollinger_bands(indicators[CLOSE])
    table = indicators.assign(lower=lower, upper=upper).tail(sessions)
    columns = (CLOSE, SMA_20, SMA_50, "lower", "upper", VOLUME)
    return PricePath(
        tuple(session.date() for session in table.index),
        *(tuple(table[name].astype(float).tolist()) for name in columns),
    )
