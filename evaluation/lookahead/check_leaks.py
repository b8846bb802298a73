"""Whether anything knows the future: `overnight check-leaks`, on the real sample."""

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
from pydantic import BaseModel, ConfigDict

from config.settings import ModelSettings, SentimentSettings, Settings
from evaluation.lookahead.leaks import (
    LeakCheck,
    feature_checks,
    feature_row_check,
    vote_checks,
    window_checks,
)
from evaluation.lookahead.model_leaks import TINY, ModelQuestion, model_checks
from evaluation.lookahead.night_leaks import night_checks
from evaluation.lookahead.planted import check_planted_leaks
from evaluation.lookahead.shuffled_labels import (
    LENGTH,
    SHARE,
    shuffle_moves,
    vote_label_checks,
    window_label_check,
)
from evaluation.lookahead.source_leaks import (
    clock_check,
    event_check,
    folder_check,
    hedge_check,
    repair_check,
    store_check,
    table_check,
)
from features.indicators import indicator_frame
from features.windows import Floats, feature_rows
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
"""The first session used: five years, as much as a training may take."""

NIGHT = date(2013, 1, 31)
"""The night that is run twice, with a month of future left: a Thursday."""

BEFORE = date(2013, 1, 30)
CLOSING = datetime(2013, 1, 31, 21, 0, tzinfo=UTC)
OPENING = datetime(2013, 2, 1, 14, 30, tzinfo=UTC)
"""When New York closed on that day and opened on the next: a clock of our own."""

SEED = 20130301

NETWORKS = 2
"""Shuffled histories on which a network is trained."""

PROCESSES = 2


class LeakReport(BaseModel):
    """All checks in the order they ran; `passed` only where all of them did."""

    model_config = ConfigDict(frozen=True)

    passed: bool
    checks: tuple[LeakCheck, ...]


def leak_checks(now: datetime) -> Iterator[LeakCheck]:
    """Give each check as it is done: features, windows, sources, nights, networks.

    Needs no network and no home; nothing is left behind. A stage that breaks down has
    not passed: a leak often leaves a hole at the end of its column.
    """
    prices = _prices("AAPL")
    yield from _told("features", lambda: feature_checks(prices))
    yield from _told("votes", lambda: vote_checks(prices))
    yield from _told("feature rows", lambda: [feature_row_check(prices)])
    yield from _told("windows", lambda: window_checks(_rows(prices), LENGTH, SHARE))
    others = [shuffle_moves(_prices(symbol), SEED) for symbol in SYMBOLS]
    yield from _told("shuffled labels, votes", lambda: vote_label_checks(others))
    yield from _told("shuffled labels", lambda: [window_label_check(others)])
    yield from _told("sources", lambda: _source_checks(now))
    question = ModelQuestion(prices, tuple(others[:NETWORKS]))
    yield from _told("nights and networks", lambda: _process_checks(now, question))
    yield from _told("planted leaks", lambda: check_planted_leaks(prices, SEED))


def _told(stage: str, run: Callable[[], list[LeakCheck]]) -> list[LeakCheck]:
    """Return the stage's checks, or one that it broke down."""
    try:
        return run()
    except Exception as error:  # noqa: BLE001  whatever broke it is the finding
        said = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        return [
            LeakCheck(stage=stage, passed=False, detail=f"it could not run, {said}")
        ]


def report_of(checks: list[LeakCheck]) -> LeakReport:
    """Return the verdict over all checks."""
    return LeakReport(passed=all(one.passed for one in checks), checks=tuple(checks))


def _source_checks(now: datetime) -> list[LeakCheck]:
    """Return whether anything that prices, events and clocks come from looks ahead."""
    prices, market = (
        SampleSource().fetch(symbol, FIRST, LAST_SESSION) for symbol in SYMBOLS[:2]
    )
    with tempfile.TemporaryDirectory(prefix="overnight-") as name:
        folder = Path(name)
        plan = _night(folder, now)
        return [
            clock_check(SYMBOLS[0], NIGHT, BEFORE, CLOSING, OPENING),
            store_check(folder / "store", plan, prices, NIGHT),
            folder_check(folder / "source", prices, NIGHT),
            repair_check(prices, NIGHT, plan.settings.prices),
            table_check(plan, prices, BEFORE, NIGHT),
            hedge_check(plan, prices, market, NIGHT),
            event_check(plan, NIGHT),
        ]


def _process_checks(now: datetime, question: ModelQuestion) -> list[LeakCheck]:
    """Return the checks that train networks, in processes as a night's training has."""
    history = SampleSource().fetch("AAPL", FIRST, LAST_SESSION)
    with tempfile.TemporaryDirectory(prefix="overnight-") as folder:
        plan = _night(Path(folder), now)
        pool, _ = open_local_pool(plan.settings, PROCESSES)
        with ThreadPoolExecutor() as threads, pool:
            networks = threads.submit(pool.run, model_checks, question)
            return [
                *night_checks(plan, history, NIGHT, OPENING, pool),
                *networks.result(),
            ]


def _night(folder: Path, now: datetime) -> RunPlan:
    """Return a night whose model is tiny and may speak however good it is."""
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


def _prices(symbol: str) -> pd.DataFrame:
    """Return the sample's adjusted prices of five years."""
    frame = SampleSource().fetch(symbol, FIRST, LAST_SESSION).frame
    rules = Settings().prices
    return adjust_prices(
        check_prices(frame, exchange_of(symbol).code, LAST_SESSION, rules).frame
    )


def _rows(prices: pd.DataFrame) -> Floats:
    return feature_rows(indicator_frame(prices))
