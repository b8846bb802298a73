"""A published night of made Australian stocks with New York's index, and its update."""

import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from plain_night import plain_night

from market_data.selection import Symbols
from market_data.sessions import sessions_between
from pipeline.morning_update import MorningUpdate, update_morning
from pipeline.plan import RunRequest
from pipeline.update_plan import MorningPlan, UpdateRequest, plan_update
from workers.process_pool import ProcessPool

AS_OF = date(2025, 11, 10)
MORNING = datetime(2025, 11, 10, 22, 0, tzinfo=UTC)
"""09:00 in Sydney on the day after: New York has closed, Sydney opens in an hour."""

OPENED = datetime(2025, 11, 11, 0, 30, tzinfo=UTC)
SYMBOLS = ("AAA.AX", "BBB.AX", "CCC.AX")


def write_lead(folder: Path, last: date = AS_OF) -> pd.Series:
    """Write made prices of ^GSPC up to `last`; return the closes."""
    sessions = sessions_between("XNYS", date(2024, 9, 2), last)
    close = 5500 * np.cumprod(
        1 + np.random.default_rng(9).normal(0, 0.01, len(sessions))
    )
    close = np.round(close, 2)
    table = pd.DataFrame({"Date": sessions.date, "Open": close, "High": close + 9})
    table = table.assign(**{"Low": close - 9, "Close": close, "Adj Close": close})
    table.assign(Volume=1).to_csv(folder / "prices" / "^GSPC.csv", index=False)
    return pd.Series(close, sessions)


def publish_night(
    home: Path, market: Path, *symbols: str, as_of: date = AS_OF
) -> tuple[Path, pd.Series]:
    """Publish a night of the symbols without models; return its folder and the lead."""
    folder = home / "source"
    shutil.copytree(market / "prices", folder / "prices", dirs_exist_ok=True)
    closes = write_lead(folder)
    (home / "overnight.toml").write_text("[sentiment]\nengine = 'off'\n")
    request = RunRequest(
        selection=Symbols(symbols=symbols or SYMBOLS),
        source="folder",
        folder=folder,
        as_of=as_of,
        train="never",
        home=str(home),
    )
    with ProcessPool(1, jobs_per_process=1, seconds=60) as pool:  # It starts nothing.
        plain_night(request, pool)
    return folder, closes


def update(
    home: Path,
    now: datetime = MORNING,
    **asked: Any,  # noqa: ANN401
) -> tuple[MorningPlan, MorningUpdate]:
    """Return the plan and the update of the home's last night at an instant."""
    plan = plan_update(UpdateRequest(home=str(home), **asked), now)
    return plan, update_morning(plan, plan.night.open_feeds())
