"""Signed tables: what was written comes back, and anything else is refused."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.errors import DamagedTable
from storage.home import Home
from storage.tables import read_signed, read_table, write_signed

DAYS = pd.DatetimeIndex(["2025-01-02", "2025-01-03", "2025-01-06"], name="session")
TABLE = pd.DataFrame({"close": [1.5, np.nan, 2.5], "volume": [1.0, 2.0, 3.0]}, DAYS)
NAMES = {"symbol": "CBA.AX", "stage": "prices"}

same_file = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


def store_table(folder: Path) -> Path:
    """Write a signed table; return its path."""
    path = folder / "CBA.AX.parquet"
    write_signed(path, TABLE, **NAMES)
    return path


def edit_table(path: Path, edit: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Change a stored table with pandas and keep its attributes."""
    table = read_table(path)
    changed = edit(table)
    changed.attrs = changed.attrs or table.attrs
    changed.to_parquet(path)


def test_a_signed_table_comes_back_on_a_disk_and_in_a_store(home: Home) -> None:
    """Values, gaps, index and attributes are those that were given."""
    table = TABLE.assign(close=[1.5, -np.float64("nan"), 2.5])
    table.attrs = {"currency": "AUD", "dividends": {"2025-01-03": 0.5}}
    write_signed(home.prices / "CBA.AX.parquet", table, **NAMES)
    again = read_signed(home.prices / "CBA.AX.parquet", **NAMES)
    pd.testing.assert_frame_equal(again, table)
    assert again.attrs == table.attrs


EDITS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "a value": lambda table: table.replace(1.5, 150.0),
    "a gap filled": lambda table: table.fillna(2.0),
    "a row less": lambda table: table.iloc[1:],
    "another order": lambda table: table.iloc[::-1],
    "a column more": lambda table: table.assign(extra=1.0),
    "a column less": lambda table: table[["close"]],
    "columns renamed": lambda table: table.rename(columns={"close": "open"}),
    "another type": lambda table: table.astype("float32"),
    "texts": lambda table: table.astype(str),
    "a time zone": lambda table: table.tz_localize("UTC"),
    "another index": lambda table: table.reset_index(drop=True),
    "index renamed": lambda table: table.rename_axis("day"),
}


@pytest.mark.parametrize("what", EDITS)
def test_a_table_that_was_edited_is_refused(tmp_path: Path, what: str) -> None:
    """Any edit of a signed table is noticed."""
    path = store_table(tmp_path)
    edit_table(path, EDITS[what])
    with pytest.raises(DamagedTable, match=r"CBA\.AX\.parquet can't be used"):
        read_signed(path, **NAMES)


def test_a_table_without_a_signature_is_refused(tmp_path: Path) -> None:
    """A table of an earlier version does not hold what it belongs to."""
    path = tmp_path / "CBA.AX.parquet"
    TABLE.to_parquet(path)
    with pytest.raises(DamagedTable, match="an earlier version or another program"):
        read_signed(path, **NAMES)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"symbol": "BHP.AX", "stage": "prices"}, "belongs to 'CBA.AX prices'"),
        ({"symbol": "CBA.AX", "stage": "indicators"}, "not to CBA.AX indicators"),
    ],
)
def test_a_table_of_something_else_is_refused(
    tmp_path: Path, names: dict[str, str], message: str
) -> None:
    """A table of another symbol or stage is refused."""
    with pytest.raises(DamagedTable, match=message):
        read_signed(store_table(tmp_path), **names)


def test_a_folder_in_its_place_is_replaced(tmp_path: Path) -> None:
    """A folder at the path is removed, because the table can be computed again."""
    path = tmp_path / "CBA.AX.parquet"
    (path / "below").mkdir(parents=True)
    with pytest.raises(DamagedTable, match="not a regular file but a folder"):
        read_signed(path, **NAMES)
    write_signed(path, TABLE, **NAMES)
    assert len(read_signed(path, **NAMES)) == len(TABLE)


@same_file
@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_flipped_bit_is_refused_or_changes_nothing(
    tmp_path: Path, at: int, bit: int
) -> None:
    """A file with a flipped bit never gives other numbers."""
    path = store_table(tmp_path)
    content = bytearray(path.read_bytes())
    content[at % len(content)] ^= 1 << bit
    path.write_bytes(content)
    with suppress(DamagedTable):
        pd.testing.assert_frame_equal(read_signed(path, **NAMES), TABLE)


@settings(same_file, max_examples=30)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
    )
)
def test_other_attributes_are_refused(tmp_path: Path, value: object) -> None:
    """Other names, another fingerprint or a further attribute is noticed."""
    path = store_table(tmp_path)
    for name in ("names", "fingerprint", "currency"):
        table = read_table(path)
        table.attrs[name] = value
        changed = tmp_path / "changed.parquet"
        table.to_parquet(changed)
        with pytest.raises(DamagedTable):
            read_signed(changed, **NAMES)
