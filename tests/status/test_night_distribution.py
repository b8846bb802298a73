"""The night's own table of a distribution, read for an explanation."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from status.night_distribution import read_distribution
from storage.home import Home
from storage.tables import write_signed

NIGHT = date(2025, 11, 10)
ROW = {"symbol": "CBA.AX", "as_of": "2025-11-07", "event_reaction": "possible"}
ORDINARY = [-1.0, 0.0, 1.0] * 30
DRAWN = [-4.0, 0.0, 4.0] * 30


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Give a home with the table of one symbol on one night."""
    home = Home(tmp_path)
    sessions = pd.date_range("2025-05-01", periods=len(ORDINARY) + 1, name="session")
    days = [*sessions, *[pd.NaT] * len(DRAWN)]
    z = [*ORDINARY, 3.0, *DRAWN]
    table = pd.DataFrame({"return": 0.01, "scale": 0.01, "z": z}, pd.Index(days))
    place = np.arange(len(z))
    table["ordinary"] = place < len(ORDINARY)
    table["past_reaction"] = place == len(ORDINARY)
    table["mixture"] = place > len(ORDINARY)
    table.attrs = {"pool": "own stocks", "mean_size": 1.5, "share": 2.0}
    path = home.nights / "2025-11-10" / "distribution" / "CBA.AX.parquet"
    write_signed(path, table, symbol="CBA.AX", stage="distribution")
    return home


def test_the_table_gives_what_the_row_lacks(home: Home) -> None:
    """All of it is in the folder of the night, also if the row's session is earlier."""
    found, reason = read_distribution(home, NIGHT, ROW)
    assert found
    assert found.drawn
    assert (found.ordinary.low, found.ordinary.high, reason) == (-1.0, 1.0, "")
    assert (found.drawn.low, found.drawn.count) == (-4.0, len(DRAWN))
    assert found.pool == "own stocks"
    assert found.mean_size == 1.5
    assert [(past.session.isoformat(), past.z) for past in found.past] == [
        ("2025-07-30", 3.0)
    ]


def test_a_table_that_is_missing_has_a_reason(home: Home) -> None:
    """A night whose table was removed is not an error."""
    found, reason = read_distribution(home, date(2025, 11, 7), ROW)
    assert (found, reason) == (None, "the night's table is no longer in the home")


def test_a_table_that_was_changed_is_not_used(home: Home) -> None:
    """A table whose bytes were changed is refused with the reason."""
    path = home.nights / "2025-11-10" / "distribution" / "CBA.AX.parquet"
    Path(str(path)).write_bytes(b"no table")
    found, reason = read_distribution(home, NIGHT, ROW)
    assert found is None
    assert "CBA.AX.parquet can't be used" in reason
