"""One night or training run, planned: who, from where, known up to when.

Frozen and picklable: this is what every task gets. Planning checks the whole request
and writes nothing.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal, get_args

import pandas as pd
from pydantic import Field

from config.errors import ParameterError, quote_value
from config.parameters import PRESETS, TrainingOverrides, TrainingParameters
from config.settings import Settings
from market_data.sample import LAST_SESSION
from market_data.selection import Selection, read_selection
from market_data.sessions import as_of_session, next_open, next_session
from market_data.sources import Feeds, SourceName, open_feeds
from market_data.symbols import Exchange, exchange_of, file_stem
from modelling.registry import Registry
from storage.home import Home
from storage.paths import StoragePath
from storage.settings_file import read_settings
from workers.pools import require_runner

TrainPolicy = Literal["stale", "always", "never"]

AsOf = Annotated[date, Field(json_schema_extra={"pattern": r"^\d{4}-\d\d-\d\d$"})]
"""A date of a form; without the pattern a server takes any text for one."""


@dataclass(frozen=True)
class RunPlan:
    """The plan of one run; `sessions` are the as-of sessions by exchange code.

    `notices` are sentences for the run's head on what of the request was left out.
    `in_evaluation` marks a night that an evaluation runs again, with `run_at` in the
    past.
    """

    symbols: tuple[str, ...]
    sessions: Mapping[str, date]
    run_at: datetime
    source: SourceName
    folder: Path | None
    train: TrainPolicy
    parameters: TrainingParameters
    settings: Settings
    home: Home
    notices: tuple[str, ...] = ()
    in_evaluation: bool = False

    @property
    def as_of(self) -> date:
        """Return the latest of the exchanges' as-of sessions; it names the night."""
        return max(self.sessions.values())

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Return the exchanges of the symbols, by code."""
        found = {exchange_of(symbol) for symbol in self.symbols}
        return tuple(sorted(found, key=lambda one: one.code))

    def as_of_for(self, symbol: str) -> date:
        """Return the last completed session of the symbol's own exchange."""
        return self.sessions[exchange_of(symbol).code]

    @property
    def as_of_by_symbol(self) -> dict[str, date]:
        """Return each symbol with the last completed session of its exchange."""
        return {symbol: self.as_of_for(symbol) for symbol in self.symbols}

    def is_replay(self, symbol: str) -> bool:
        """Return whether the symbol's exchange has completed a session since.

        A replay asks no remote event calendar and stores no sighting of an event.
        """
        exchange = exchange_of(symbol).code
        last = as_of_session(exchange, self.run_at.date(), self.run_at)
        return self.in_evaluation or self.as_of_for(symbol) < last

    def forecast_session(self, symbol: str) -> date:
        """Return the session that the symbol's forecast is for."""
        return next_session(exchange_of(symbol).code, self.as_of_for(symbol))

    def first_date(self, symbol: str) -> date:
        """Return the day from which the symbol's history is used."""
        back = pd.DateOffset(years=self.parameters.years)
        return (pd.Timestamp(self.as_of_for(symbol)) - back).date()

    @property
    def tables(self) -> StoragePath:
        """Return the folder of this night's tables between the stages."""
        return self.home.nights / self.as_of.isoformat()

    def table(self, stage: str, symbol: str) -> StoragePath:
        """Return where a stage's table of the symbol lies."""
        return self.tables / stage / f"{file_stem(symbol)}.parquet"

    def cutoff(self, symbol: str) -> datetime:
        """Return the instant after which no headline counts.

        The run's start, or the next open of the exchange where a past night is
        replayed.
        """
        opening = next_open(exchange_of(symbol).code, self.as_of_for(symbol))
        return min(self.run_at, opening)

    def open_feeds(self, shared_pace: Callable[[], None] = lambda: None) -> Feeds:
        """Return what the source offers, asked at a pace shared with other runs."""
        return open_feeds(self.source, self.folder, self.settings, shared_pace)

    def registry(self) -> Registry:
        """Return the models of this home."""
        return Registry(self.home.models, self.settings.models)


def plan_run(  # noqa: PLR0913  a flow's parameters, one by one
    selection: Selection,
    *,
    source: SourceName,
    folder: Path | None,
    as_of: date | None,
    train: TrainPolicy,
    preset: str,
    parameters: TrainingOverrides,
    home: str | Path | None,
    now: datetime,
) -> RunPlan:
    """Return the plan of a run started at `now`.

    Without `as_of` the run date is today; the sample source, which ended, has its own.
    Without `home` it is the environment's `OVERNIGHT_HOME`, else the present folder.

    Raises
    ------
    UsageError
        If anything asked for is out of range, unknown or not there.
    """
    _require_choice("train", train, get_args(TrainPolicy))
    _require_choice("preset", preset, tuple(PRESETS))
    opened = Home.at(home or os.environ.get("OVERNIGHT_HOME") or ".")
    settings = read_settings(opened.root)
    require_runner(settings.run)
    if settings.run.runner == "dask":  # Its workers are in other folders.
        opened = Home(opened.root.absolute())
    selected = read_selection(selection, settings.all_universes)
    symbols = selected.symbols
    run_date = as_of or (LAST_SESSION if source == "sample" else now.date())
    exchanges = {exchange_of(symbol).code for symbol in symbols}
    plan = RunPlan(
        symbols=symbols,
        sessions={code: as_of_session(code, run_date, now) for code in exchanges},
        run_at=now,
        source=source,
        folder=folder,
        train=train,
        parameters=parameters.apply_to(preset),
        settings=settings,
        home=opened,
        notices=selected.notices,
    )
    plan.open_feeds()
    return plan


def _require_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ParameterError(
            f"`{name}` must be one of {', '.join(choices)}, got {quote_value(value)}."
        )
