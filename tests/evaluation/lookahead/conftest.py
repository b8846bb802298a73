"""A night of the sample whose later prices are known, for the leak checks' tests."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from config.parameters import TrainingOverrides
from market_data.selection import Symbols
from pipeline.plan import RunPlan, RunRequest, plan_run


@pytest.fixture
def night(tmp_path: Path) -> RunPlan:
    """Return the plan of a night of the sample, a month before its end."""
    return plan_run(
        RunRequest(
            selection=Symbols(symbols=("AAPL",)),
            source="sample",
            as_of=date(2013, 1, 31),
            train="never",
            preset="quick_test",
            parameters=TrainingOverrides(period="1y"),
            home=tmp_path,
        ),
        now=datetime(2013, 3, 4, 12, 0, tzinfo=UTC),
    )
