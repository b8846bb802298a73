"""Tables of the record are checked as pandera checks them, and mostly without it."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest
from made_calls import SESSIONS, call, calls_frame
from pandera.errors import SchemaError, SchemaErrors

from screening.track_record.ledger import CALLS, OUTCOMES
from screening.track_record.record_schema import RecordSchema

VALUES = (
    *(None, "", "BUY", True, 7, 0, np.nan, np.inf, -1.0, -1.5, 1.5),
    *(pd.NaT, pd.Timestamp("2025-06-02"), pd.Timestamp("2025-06-02", tz="UTC")),
)
COLUMNS = [
    *([value] for value in VALUES),
    *(["BUY", 7], pd.array([True, None], dtype="boolean")),
]

Change = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture
def calls() -> pd.DataFrame:
    """Return two calls that fit."""
    return calls_frame(*(call(name, SESSIONS[0]) for name in ("A.AX", "B.AX")))


@pytest.mark.parametrize(
    "name",
    [
        *("symbol", "as_of", "made_at", "live", "call", "close", "horizon"),
        *("sit_out", "lstm_weight", "index_return"),
    ],
)
def test_what_is_taken_as_it_is_fits_for_pandera_too(name: str) -> None:
    """Some values of each column are; pandera refuses and converts none of them."""
    columns = {name: (CALLS.columns | OUTCOMES.columns)[name]}
    ours, taken = RecordSchema(columns), 0
    theirs = pa.DataFrameSchema(columns, strict=True, ordered=True, coerce=True)
    for values in COLUMNS:
        frame = pd.DataFrame({name: values})
        try:
            found = ours.validate(frame)
        except (SchemaError, SchemaErrors):
            continue
        if found is frame:
            taken += 1
            pd.testing.assert_frame_equal(theirs.validate(frame), frame)
    assert taken


def test_a_table_that_fits_is_returned_at_once(calls: pd.DataFrame) -> None:
    """It is the same object: pandera, which copies, has not seen it."""
    assert CALLS.validate(calls) is calls
    assert OUTCOMES.validate(OUTCOMES.empty()).empty


@pytest.mark.parametrize(
    "change",
    [
        lambda calls: calls.iloc[[0, 0]].reset_index(drop=True),
        lambda calls: calls[calls.columns[::-1]],
        lambda calls: calls.assign(more=1.0),
        lambda calls: calls.drop(columns="haircut"),
        lambda calls: calls[[*calls.columns, "haircut"]],
        lambda calls: calls.assign(haircut=[0.2, np.nan]),
        lambda calls: calls.assign(call=["BUY", "buy"]),
        lambda calls: calls.assign(source=["folder", None]),
        lambda calls: calls.assign(trend_weight=[np.nan, 1.1]),
    ],
    ids=["twice", "order", "more", "fewer", "doubled", "gap", "call", "text", "weight"],
)
def test_another_table_is_refused(calls: pd.DataFrame, change: Change) -> None:
    """Each key once, these columns in this order, and no value out of its range."""
    with pytest.raises((SchemaError, SchemaErrors)):
        CALLS.validate(change(calls))
