"""One symbol's chain of tasks: started on threads, read back as findings.

Here, and only here, whatever broke a symbol becomes that symbol's reason.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from filelock import FileLock, Timeout
from prefect import allow_failure
from prefect.futures import PrefectFuture

from config.errors import BusyError, OvernightError
from config.home import Home, refusals_named
from features.component import Component
from market_data.sources import PriceSource
from risk_guard.assessment import unknown_events
from screening.findings import SymbolFindings
from tasks.download import download
from tasks.forecast import forecast
from tasks.indicators import indicators
from tasks.night import Night
from tasks.progress import Progress
from tasks.slots import ProcessSlots
from tasks.train import train

NO_EVENTS = "no event source is connected yet"
NO_FINBERT = "news sentiment is not connected yet"


@dataclass(frozen=True)
class Workshop:
    """What the tasks of one run share: it lives as long as the run."""

    source: PriceSource
    slots: ProcessSlots
    progress: Progress


@dataclass(frozen=True)
class Chain:
    """A symbol's futures in the order of the stages."""

    symbol: str
    stages: dict[str, PrefectFuture[Any]]


@contextmanager
def opened_workshop(night: Night) -> Iterator[Workshop]:
    """Give the run its source, its process slots and its progress, and its home alone.

    Raises
    ------
    BusyError
        If another run holds the home.
    """
    run, limit = night.settings.run, night.settings.models.training_seconds
    count = min(run.training_processes or _cores(), len(night.symbols))
    with (
        one_run_at_a_time(night.home),
        ProcessSlots(count, run.models_per_process, limit) as slots,
    ):
        yield Workshop(night.open_source(), slots, Progress(night.symbols))


@contextmanager
def one_run_at_a_time(home: Home) -> Iterator[None]:
    """Hold the home's lock, which the system drops if the process is killed.

    Raises
    ------
    BusyError
        If another run holds it.
    StorageError
        If the home can't be written.
    """
    with refusals_named(home.lock):
        home.lock.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(home.lock)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise BusyError(
                f"{home.root} must be free, got another run in it; wait for its end, "
                "or use another --home."
            ) from error
    try:
        yield
    finally:
        lock.release()


def training_chain(night: Night, symbol: str, shop: Workshop) -> Chain:
    """Start download, indicators and training of a symbol."""
    # Futures go where their results are expected; Prefect's types don't say so.
    prices: Any = download.submit(night, shop.source, symbol)
    table: Any = indicators.submit(night, symbol, prices)
    model = train.submit(night, symbol, table, shop.slots, shop.progress)
    return Chain(symbol, {"prices": prices, "indicators": table, "train": model})


def screening_chain(night: Night, symbol: str, shop: Workshop) -> Chain:
    """Start a training chain and the forecast after it, trained or not."""
    chain = training_chain(night, symbol, shop)
    table: Any = chain.stages["indicators"]
    trained: Any = allow_failure(chain.stages["train"])
    answer = forecast.submit(night, symbol, table, shop.slots, trained)
    return Chain(symbol, {**chain.stages, "model": answer})


def findings_of(night: Night, chain: Chain, shop: Workshop) -> SymbolFindings:
    """Wait for the chain; return what its stages found, or why they could not."""
    found: dict[str, Any] = {}
    failures: dict[str, str] = {}
    for stage, future in chain.stages.items():
        future.wait()
        if future.state.is_completed():
            found[stage] = future.result()
        elif future.state.is_failed() or future.state.is_crashed():
            failures[stage] = _reason(future)
    shop.progress.finished(chain.symbol)
    untrained = failures.pop("train", None)
    return SymbolFindings(
        symbol=chain.symbol,
        as_of=night.as_of_of(chain.symbol),
        forecast_session=night.forecast_session(chain.symbol),
        events=unknown_events(NO_EVENTS, night.settings.guard),
        finbert=Component.missing(NO_FINBERT),
        failure=next(iter(failures.values()), None),
        prices=found.get("prices"),
        indicators=found.get("indicators"),
        model=found.get("model"),
        trained=found.get("train"),
        training_failure=untrained,
    )


def _reason(future: PrefectFuture[Any]) -> str:
    error = future.result(raise_on_failure=False)
    if isinstance(error, OvernightError):
        return str(error)
    return (
        f"failed: the symbol must pass every stage, got {type(error).__name__}: "
        f"{error}; run it alone with --debug."
    )


def _cores() -> int:
    return (
        len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else (os.cpu_count() or 1)
    )
