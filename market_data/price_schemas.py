"""The schemas of price frames, by which pandera checks them where they enter."""

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
    """Return a `RAW_PRICES` frame of the columns and their sessions."""
    index = pd.DatetimeIndex(sessions).as_unit("ns")
    frame = pd.DataFrame(columns, index=index.rename(SESSION), dtype=float)
    return RAW_PRICES.validate(frame[PRICE_COLUMNS])
