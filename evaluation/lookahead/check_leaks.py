"""Checks that no value depends on the future: `overnight check-leaks`.

They run on the sample's real prices.
"""

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
from pydantic import BaseModel

from config.settings import ModelSettings, SentimentSettings, Settings
from evaluation.lookahead import leaks, source_leaks
from evaluation.lookahead.distribution_leaks import distribution_checks
from evaluation.lookahead.leaks import LeakCheck
from evaluation.lookahead.model_leaks import TINY, model_checks
from evaluation.lookahead.night_leaks import night_checks
from evaluation.lookahead.shuffled_labels import (
    LENGTH,
    SHARE,
    shuffle_moves,
    vote_label_checks,
    window_label_check,
)
from evaluation.lookahead.update_leaks import update_checks
from features.indicators import indicator_frame
from features.windows import feature_rows
from market_data.prices import adjust_prices
from market_data.quality import check_prices
from market_data.sample import LAST_SESSION, SampleSource
from market_data.selection import Symbols
from market_data.symbols import exchange_of
from pipeline.plan import RunPlan, RunRequest, plan_run
from storage.home import Home
from workers.pools import open_local_pool

SYMBOLS = ("AAPL", "GOOG", "IBM", "MSFT")
FIRST = date(2008, 3, 3)
"""First session used: five years of prices, the most that a training may take."""

NIGHT = date(2013, 1, 31)
"""Session of the night that is run twice; the sample holds one more month."""

BEFORE = date(2013, 1, 30)
CLOSING = datetime(2013, 1, 31, 21, 0, tzinfo=UTC)
OPENING = datetime(2013, 2, 1, 14, 30, tzinfo=UTC)
"""New York's close of `NIGHT` and its next open, not taken from our calendar."""

SEED = 20130301

NETWORKS = 2
"""Number of shuffled histories on which a network is trained."""

PROCESSES = 1


class LeakReport(BaseModel, frozen=True):
    """All checks in the order they ran; `passed` is true if every check passed."""

    passed: bool
    checks: tuple[LeakCheck, ...]


def leak_checks(now: datetime) -> Iterator[LeakCheck]:
    """Give each check as it is done: features, windows, sources, nights, networks.

    No network and no home is needed, and no file is left. A stage that raises counts
    as a failed check: a leak often leaves missing values at the end of a column.
    """
    prices = _sample_prices("AAPL")
    shuffled = [shuffle_moves(_sample_prices(symbol), SEED) for symbol in SYMBOLS]
    stages: dict[str, Callable[[], list[LeakCheck]]] = {
        "features": lambda: leaks.feature_checks(prices),
        "votes": lambda: leaks.vote_checks(prices),
        "session scales": lambda: [leaks.scale_check(prices)],
        "feature rows": lambda: [leaks.feature_row_check(prices)],
        "windows": lambda: leaks.window_checks(
            feature_rows(indicator_frame(prices)), LENGTH, SHARE
        ),
        "shuffled labels, votes": lambda: vote_label_checks(shuffled),
        "shuffled labels": lambda: [window_label_check(shuffled)],
        "sources": lambda: _source_checks(now),
        "updates": update_checks,
        "nights and networks": lambda: _process_checks(
            now, [prices, *shuffled[:NETWORKS]]
        ),
    }
    for stage, run in stages.items():
        yield from _run_stage(stage, run)


def build_report(checks: list[LeakCheck]) -> LeakReport:
    """Return the report of all checks."""
    return LeakReport(passed=all(c.passed for c in checks), checks=tuple(checks))


def _run_stage(stage: str, run: Callable[[], list[LeakCheck]]) -> list[LeakCheck]:
    """Return the stage's checks, or one failed check if it raises."""
    try:
        return run()
    except Exception as error:  # noqa: BLE001  whatever is raised is a finding
        problem = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        return [
            LeakCheck(stage=stage, passed=False, detail=f"it could not run ({problem})")
        ]


def _source_checks(now: datetime) -> list[LeakCheck]:
    """Run the checks of prices, index, events and clock."""
    prices, market = (
        SampleSource().fetch(symbol, FIRST, LAST_SESSION) for symbol in SYMBOLS[:2]
    )
    with tempfile.TemporaryDirectory(prefix="overnight-") as name:
        folder = Path(name)
        plan = _plan_tiny_night(folder, now)
        return [
            source_leaks.clock_check(SYMBOLS[0], NIGHT, BEFORE, CLOSING, OPENING),
            source_leaks.store_check(folder / "store", plan, prices, NIGHT),
            source_leaks.folder_check(folder / "source", prices, NIGHT),
            source_leaks.repair_check(prices, NIGHT, plan.settings.prices),
            source_leaks.table_check(plan, prices, BEFORE, NIGHT),
            source_leaks.hedge_check(plan, prices, market, NIGHT),
            source_leaks.event_check(plan, NIGHT),
            *distribution_checks(plan, prices, NIGHT),
        ]


def _process_checks(now: datetime, histories: list[pd.DataFrame]) -> list[LeakCheck]:
    """Run the checks that train networks, in worker processes like a night's."""
    prices, market = (
        SampleSource().fetch(symbol, FIRST, LAST_SESSION) for symbol in SYMBOLS[:2]
    )
    with tempfile.TemporaryDirectory(prefix="overnight-") as folder:
        plan = _plan_tiny_night(Path(folder), now)
        pool, _ = open_local_pool(plan.settings, PROCESSES)
        with ThreadPoolExecutor() as threads, pool:
            networks = threads.submit(pool.run, model_checks, histories)
            return [
                *night_checks(plan, prices, market, NIGHT, OPENING, pool),
                *networks.result(),
            ]


def _plan_tiny_night(folder: Path, now: datetime) -> RunPlan:
    """Return the plan of a night whose model is tiny and usable whatever its skill."""
    planned = plan_run(
        RunRequest(
            selection=Symbols(symbols=SYMBOLS[:1]),
            source="sample",
            as_of=NIGHT,
            train="always",
            preset="quick_test",
            home=str(folder),
        ),
        now=now,
    )
    settings = Settings(
        models=ModelSettings(max_skill=1e9, overfitting_ratio=1e9, poor_loss=1e9),
        sentiment=SentimentSettings(engine="lexicon"),
    )
    parameters = TINY.model_copy(update={"period": "1y"})
    return replace(
        planned, settings=settings, parameters=parameters, home=Home(folder / "night")
    )


def _sample_prices(symbol: str) -> pd.DataFrame:
    """Return five years of the sample's adjusted prices."""
    frame = SampleSource().fetch(symbol, FIRST, LAST_SESSION).frame
    code, rules = exchange_of(symbol).code, Settings().prices
    return adjust_prices(check_prices(frame, code, LAST_SESSION, rules).frame)
