"""One row a forecast: what a past night said, what came of it, what plain ones said.

The columns that a night's CSV has too mean the same here; the rest is described in
docs/evaluation.md. Every figure follows from these rows alone.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import date

import pandas as pd

from market_data.prices import ADJUSTED_CLOSE
from modelling.forecasting import Forecast
from screening.columns import COLUMNS as SCREENING_COLUMNS
from screening.columns import TEXT_COLUMNS, TRUTH_COLUMNS
from screening.row import Row
from screening.table import cell
from storage.home import write_atomic
from storage.paths import StoragePath

NIGHT_COLUMNS = tuple(name for name in SCREENING_COLUMNS if name != "rank")
"""The night's own row (SPEC 9); symbols walk alone, so none has a rank."""

OWN_COLUMNS = (
    *("score_without_guard", "prediction_without_guard", "realized_return"),
    *("persistence_return", "persistence_low"),
    *("persistence_high", "persistence_probability_up"),
    "majority_probability_up",
    *("ridge_return", "ridge_low", "ridge_high", "ridge_probability_up"),
    *("lightgbm_return", "lightgbm_low", "lightgbm_high", "lightgbm_probability_up"),
)

COLUMNS = (*NIGHT_COLUMNS, *OWN_COLUMNS)

TEXTS = TEXT_COLUMNS | TRUTH_COLUMNS | {"prediction_without_guard"}
"""The columns that hold no number."""


def record_forecast(
    row: Row, unguarded: Row, realized: float | None, plain: Mapping[str, Forecast]
) -> Row:
    """Return the record of one forecast.

    `row` and `unguarded` are the night's rows with and without its guard; `realized` is
    the return to the forecast session, None where it is not known.
    """
    record = {name: row.get(name) for name in NIGHT_COLUMNS}
    record |= {
        "score_without_guard": unguarded.get("score"),
        "prediction_without_guard": unguarded.get("prediction"),
        "realized_return": realized,
    }
    for name, said in plain.items():
        record |= {
            f"{name}_return": said.predicted_return,
            f"{name}_low": said.low,
            f"{name}_high": said.high,
            f"{name}_probability_up": said.probability_up,
        }
    return {name: record.get(name) for name in COLUMNS}


def realized_return(frame: pd.DataFrame, as_of: date, session: date) -> float | None:
    """Return adjusted close of `session` / that of `as_of` - 1, None where not known.

    `frame` is `RAW_PRICES`; dividends count as return, splits as none.
    """
    closes = frame[ADJUSTED_CLOSE].dropna()
    closes = closes[~closes.index.duplicated(keep="last")]
    days = [pd.Timestamp(as_of), pd.Timestamp(session)]
    if closes.index.isin(days).sum() < len(days):
        return None
    before, after = closes.loc[days]
    return float(after / before - 1) if before > 0 and after > 0 else None


def write_records(
    path: StoragePath, rows: Iterable[Row], columns: Iterable[str]
) -> None:
    """Write the rows under `columns`, whole or not at all; unknown is empty.

    Raises
    ------
    StorageError
        If the disk or store refuses.
    """
    names, text = list(columns), io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow(cell(row.get(name)) for name in names)
    write_atomic(path, text.getvalue())


def record_frame(text: str) -> pd.DataFrame:
    """Return a record's CSV text as a table; unknown numbers are NaN.

    `forecast_session` is the day that intervals cluster by.
    """
    frame = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    names = [name for name in frame.columns if name not in TEXTS]
    # Python's own reading: pandas' may be off by the last digit.
    numbers = frame[names].map(lambda text: float(text or "nan"))
    return frame.assign(**{name: numbers[name].astype(float) for name in names})
