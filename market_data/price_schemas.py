"""The schemas of price frames, by which pandera checks them where they enter."""

import numpy as np
import pandas as pd
import pandera.pandas as pa

from market_data.prices import (
    ADJUSTED_CLOSE,
    OHLC,
    PRICE_COLUMNS,
    SESSION,
    VOLUME,
)

RAW_PRICES = pa.DataFrameSchema(
    {name: pa.Column(float, nullable=True) for name in PRICE_COLUMNS},
    index=pa.Index("datetime64[ns]", name=SESSION),
    strict=True,
    ordered=True,
)
"""The frame of every source: the six columns, unchanged, with all faults."""

CLEAN_PRICES = pa.DataFrameSchema(
    {name: pa.Column(float, pa.Check.gt(0)) for name in [*OHLC, ADJUSTED_CLOSE]}
    | {VOLUME: pa.Column(float, pa.Check.ge(0))},
    index=pa.Index(
        "datetime64[ns]",
        pa.Check(lambda index: index.is_monotonic_increasing, element_wise=False),
        unique=True,
        name=SESSION,
    ),
    strict=True,
    ordered=True,
)
"""The frame after the quality check: one finite, positive row per session, in order."""


def price_frame(columns: dict[str, list[float]], sessions: pd.Index) -> pd.DataFrame:
    """Return a `RAW_PRICES` frame of the columns and their sessions.

    It needs no check by pandera, because columns, types and index are set here.
    """
    index = pd.DatetimeIndex(sessions).as_unit("ns")
    frame = pd.DataFrame(columns, index=index.rename(SESSION), dtype=float)
    return frame[PRICE_COLUMNS]


def require_clean(frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` if it is `CLEAN_PRICES`.

    pandera takes 3 ms, so it is asked only to name what is wrong.

    Raises
    ------
    SchemaError
        If it is not.
    """
    return frame if _is_clean(frame) else CLEAN_PRICES.validate(frame)


def _is_clean(frame: pd.DataFrame) -> bool:
    index = frame.index
    has_form = (
        [*frame.columns] == PRICE_COLUMNS
        and all(dtype == np.float64 for dtype in frame.dtypes)
        and (str(index.dtype), index.name) == ("datetime64[ns]", SESSION)
    )
    if not has_form or not index.is_monotonic_increasing or not index.is_unique:
        return False
    above_zero = (frame[[*OHLC, ADJUSTED_CLOSE]].to_numpy() > 0).all()
    return bool(above_zero and (frame[VOLUME].to_numpy() >= 0).all())
