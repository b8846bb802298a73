"""Forecast records: one row per symbol and past night, with the realized return.

Columns of the screening CSV mean the same here; docs/evaluation.md describes the
others, such as the baselines' forecasts. All metrics are computed from these rows.
"""

import io
from collections.abc import Mapping
from datetime import date

import pandas as pd

from market_data.prices import ADJUSTED_CLOSE
from modelling.forecasting import Forecast
from screening.columns import COLUMNS as SCREENING_COLUMNS
from screening.columns import TEXT_COLUMNS, TRUTH_COLUMNS
from screening.market_state import IndexState
from screening.row import Row

NIGHT_COLUMNS = tuple(name for name in SCREENING_COLUMNS if name != "rank")
"""Columns of the screening CSV (SPEC 9), without a rank: each symbol runs alone."""

OWN_COLUMNS = (
    *("score_without_guard", "prediction_without_guard"),
    *("prediction_with_untradable", "realized_return"),
    *("ordinary_low", "ordinary_high"),
    *("first_edition_low", "first_edition_high", "first_edition_probability_up"),
    *("ewma_low", "ewma_high", "garch_low", "garch_high"),
    *("persistence_return", "persistence_low"),
    *("persistence_high", "persistence_probability_up"),
    "majority_probability_up",
    *("ridge_return", "ridge_low", "ridge_high", "ridge_probability_up"),
    *("lightgbm_return", "lightgbm_low", "lightgbm_high", "lightgbm_probability_up"),
    *("market_against_sma_50", "market_against_sma_200"),
    *("market_scale_place", "market_volatility"),
)

COLUMNS = (*NIGHT_COLUMNS, *OWN_COLUMNS)

TEXTS = (
    TEXT_COLUMNS
    | TRUTH_COLUMNS
    | {"prediction_without_guard", "prediction_with_untradable", "market_volatility"}
)
"""Columns that hold text or truth values, not numbers."""


def record_forecast(
    row: Row, unguarded: Row, realized: float | None, baselines: Mapping[str, Forecast]
) -> Row:
    """Return the record of one forecast.

    `row` and `unguarded` are the night's rows with and without the guard; `row` has the
    columns of the compared intervals and of the market's state too. `realized` is the
    return to the forecast session, None if unknown. `baselines` are forecasts by name.
    """
    record = dict(row) | {
        "score_without_guard": unguarded.get("score"),
        "prediction_without_guard": unguarded.get("prediction"),
        "realized_return": realized,
    }
    for name, forecast in baselines.items():
        record |= {
            f"{name}_return": forecast.predicted_return,
            f"{name}_low": forecast.low,
            f"{name}_high": forecast.high,
            f"{name}_probability_up": forecast.probability_up,
        }
    return {name: record.get(name) for name in COLUMNS}


def market_columns(index: IndexState | None) -> Row:
    """Return the columns of the index' state on the night; None if not known."""
    return {
        "market_against_sma_50": index.against_sma_50 if index else None,
        "market_against_sma_200": index.against_sma_200 if index else None,
        "market_scale_place": index.scale_place if index else None,
        "market_volatility": index.volatility if index else None,
    }


def realized_return(frame: pd.DataFrame, as_of: date, session: date) -> float | None:
    """Return adjusted close of `session` / adjusted close of `as_of` - 1.

    None if either close is missing. `frame` is `RAW_PRICES`. Dividends are part of the
    return, splits are not.
    """
    closes = frame[ADJUSTED_CLOSE].dropna()
    closes = closes[~closes.index.duplicated(keep="last")]
    days = [pd.Timestamp(as_of), pd.Timestamp(session)]
    if closes.index.isin(days).sum() < len(days):
        return None
    before, after = closes.loc[days]
    return float(after / before - 1) if before > 0 and after > 0 else None


def record_frame(text: str) -> pd.DataFrame:
    """Return the table of a record's CSV text; unknown numbers are NaN."""
    frame = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    names = [name for name in frame.columns if name not in TEXTS]
    # `float` is exact; the parser of pandas may be off by the last digit.
    numbers = frame[names].map(lambda text: float(text or "nan"))
    return frame.assign(**{name: numbers[name].astype(float) for name in names})
