"""The request of a run and the plan that is made of it.

A request is what a person or a deployment asked for. Planning checks all of it and
writes nothing. The plan is frozen and picklable: every stage and task gets it.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Literal, get_args

import pandas as pd
from pydantic import Field

from config.errors import ParameterError, quote_value
from config.parameters import (
    PRESETS,
    PresetName,
    TrainingOverrides,
    TrainingParameters,
)
from config.settings import Settings, SitOut
from market_data.sample import LAST_SESSION
from market_data.selection import Selection, Universe, read_selection
from market_data.sessions import as_of_session, next_open, next_session
from market_data.sources import Feeds, SourceName, open_feeds
from market_data.symbols import Exchange, exchange_of, file_stem
from modelling.registry import Registry
from screening.holdings.holdings_file import NO_HOLDINGS, HoldingsFile, read_holdings
from storage.home import Home
from storage.paths import StoragePath, expand_user
from storage.settings_file import read_settings
from workers.pools import require_runner

TrainPolicy = Literal["stale", "always", "never"]

AsOf = Annotated[date, Field(json_schema_extra={"pattern": r"^\d{4}-\d\d-\d\d$"})]
"""A date in a form of Prefect's UI; without the pattern its server accepts any text."""


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """What a run is asked to do; the fields are the parameters that flows share.

    The form in Prefect's UI shows the descriptions.
    """

    selection: Annotated[
        Selection,
        "Which symbols: a stock list by name, symbols, a file, or a list of your own.",
    ] = Universe(universe="asx_priority")
    source: Annotated[SourceName, "Where prices come from."] = "yahoo"
    folder: Annotated[
        Path | None, "The folder source's folder; it holds `prices/`."
    ] = None
    as_of: Annotated[AsOf | None, "Use nothing dated later; empty: today."] = None
    train: Annotated[
        TrainPolicy, "Which models to train: missing and stale ones, all, or none."
    ] = "stale"
    preset: Annotated[
        PresetName, "How models are trained, unless a parameter says otherwise."
    ] = "standard"
    parameters: Annotated[TrainingOverrides, "What differs from the preset."] = (
        TrainingOverrides()
    )
    home: Annotated[
        str | None,
        "A folder, or s3://bucket/folder, of data, models and reports; "
        "empty: OVERNIGHT_HOME.",
    ] = None


@dataclass(frozen=True)
class RunPlan:
    """The plan of one run; `sessions` are the as-of sessions by exchange code.

    `notices` are sentences about parts of the request that are left out.
    `in_evaluation` marks a past night that an evaluation runs again; `run_at` is then
    in the past. `added` are the symbols that are screened only because they are held.
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
    holdings: HoldingsFile = NO_HOLDINGS
    added: frozenset[str] = frozenset()

    @property
    def asked(self) -> tuple[str, ...]:
        """Return the symbols that the request names."""
        return tuple(symbol for symbol in self.symbols if symbol not in self.added)

    @property
    def as_of(self) -> date:
        """Return the latest as-of session of the exchanges; it names the night."""
        return max(self.sessions.values())

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Return the exchanges of the symbols, sorted by code."""
        found = {exchange_of(symbol) for symbol in self.symbols}
        return tuple(sorted(found, key=attrgetter("code")))

    def as_of_for(self, symbol: str) -> date:
        """Return the as-of session of the symbol's own exchange."""
        return self.sessions[exchange_of(symbol).code]

    @property
    def as_of_by_symbol(self) -> dict[str, date]:
        """Return the as-of session of each symbol's own exchange."""
        return {symbol: self.as_of_for(symbol) for symbol in self.symbols}

    def is_replay(self, symbol: str) -> bool:
        """Return whether the exchange has completed a session after the as-of session.

        A replay asks no remote event calendar and stores no sighting of an event.
        """
        exchange = exchange_of(symbol).code
        last = as_of_session(exchange, self.run_at.date(), self.run_at)
        return self.in_evaluation or self.as_of_for(symbol) < last

    def forecast_session(self, symbol: str) -> date:
        """Return the session that the symbol's model forecasts."""
        return next_session(exchange_of(symbol).code, self.as_of_for(symbol))

    def first_date(self, symbol: str) -> date:
        """Return the first day of the symbol's history that is used."""
        back = pd.DateOffset(years=self.parameters.years)
        return (pd.Timestamp(self.as_of_for(symbol)) - back).date()

    @property
    def tables(self) -> StoragePath:
        """Return the folder of this night's tables between the stages."""
        return self.home.nights / self.as_of.isoformat()

    def table(self, stage: str, symbol: str) -> StoragePath:
        """Return the path of a stage's table of the symbol."""
        return self.tables / stage / f"{file_stem(symbol)}.parquet"

    def cutoff(self, symbol: str) -> datetime:
        """Return the instant after which no headline is used.

        This is the start of the run, or the next open of the exchange if that came
        first, as in a replay of a past night.
        """
        opening = next_open(exchange_of(symbol).code, self.as_of_for(symbol))
        return min(self.run_at, opening)

    def with_sit_out(self, rule: SitOut | None) -> "RunPlan":
        """Return the plan with that rule for sit-outs; None keeps the setting."""
        if rule is None:
            return self
        guard = self.settings.guard.model_copy(update={"sit_out": rule})
        settings = self.settings.model_copy(update={"guard": guard})
        return replace(self, settings=settings)

    def open_feeds(self, shared_pace: Callable[[], None] = lambda: None) -> Feeds:
        """Return the source's feeds; `shared_pace` waits before each remote request."""
        return open_feeds(self.source, self.folder, self.settings, shared_pace)

    def registry(self) -> Registry:
        """Return the registry of this home's models."""
        return Registry(self.home.models, self.settings.models)


def plan_run(request: RunRequest, now: datetime) -> RunPlan:
    """Return the plan of a run that starts at `now`.

    Without `as_of` the run date is today, or the last session of the sample source,
    which has ended. Without `home` it is `OVERNIGHT_HOME` of the environment, else the
    present folder.

    Raises
    ------
    UsageError
        If a value of the request is out of range, unknown or not there.
    """
    _require_choice("train", request.train, get_args(TrainPolicy))
    _require_choice("preset", request.preset, tuple(PRESETS))
    home = Home.at(request.home or os.environ.get("OVERNIGHT_HOME") or ".")
    settings = read_settings(home.root)
    require_runner(settings.run)
    if settings.run.runner == "dask":  # Its workers run in other folders.
        home = Home(home.root.absolute())
    selected = read_selection(request.selection, settings.all_universes)
    plan = RunPlan(
        symbols=selected.symbols,
        sessions=_sessions(selected.symbols, _run_date(request, now), now),
        run_at=now,
        source=request.source,
        folder=expand_user(request.folder) if request.folder else None,
        train=request.train,
        parameters=request.parameters.apply_to(request.preset),
        settings=settings,
        home=home,
        notices=selected.notices,
    )
    plan.open_feeds()  # Refuses an unknown source and a folder that is not there.
    return plan


def plan_night(request: RunRequest, now: datetime, *, only: bool = False) -> RunPlan:
    """Return the plan of a screening run, which screens what is held as well.

    With `only` the request's symbols are screened alone. A held symbol that fails has a
    failed row; it does not count in the coverage that a run needs.

    Raises
    ------
    UsageError
        As `plan_run`.
    """
    plan, run_date = plan_run(request, now), _run_date(request, now)
    # In Sydney it may be tomorrow already.
    latest = request.as_of or now.date() + timedelta(days=1)
    held = read_holdings(plan.home.holdings, latest, plan.symbols)
    known = () if only else held.symbols
    added = tuple(symbol for symbol in known if symbol not in plan.symbols)
    symbols = (*plan.symbols, *added)
    return replace(
        plan,
        symbols=symbols,
        sessions=_sessions(symbols, run_date, now),
        notices=(*plan.notices, *held.notices),
        holdings=held,
        added=frozenset(added),
    )


def _run_date(request: RunRequest, now: datetime) -> date:
    latest = LAST_SESSION if request.source == "sample" else now.date()
    return request.as_of or latest


def _sessions(
    symbols: tuple[str, ...], run_date: date, now: datetime
) -> dict[str, date]:
    exchanges = {exchange_of(symbol).code for symbol in symbols}
    return {code: as_of_session(code, run_date, now) for code in exchanges}


def _require_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ParameterError(
            f"`{name}` must be one of {', '.join(choices)}, got {quote_value(value)}",
            "pass one of them",
        )
