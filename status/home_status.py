"""The state of a home: last night, models, coming events, and what to do next."""

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import get_args
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from config.errors import OvernightError
from config.settings import Settings
from market_data.selection import Symbols
from market_data.sessions import as_of_session
from market_data.symbols import exchange_of
from modelling.finbert_files import are_weights_there
from modelling.freshness import ModelStatus
from risk_guard.calendar_file import read_calendar
from screening.event_words import row_event_words
from screening.market_file import read_market_states
from screening.market_state import MarketState
from screening.report.report_file import report_path
from screening.request_file import read_requests, requests_path
from screening.table import csv_path
from screening.track_record.counts import count_calls
from status.model_status import SymbolStatus, model_statuses
from status.published import (
    PublishedNight,
    find_nights,
    home_option,
    read_published_night,
)
from storage.home import Home
from storage.paths import is_there
from storage.settings_file import read_settings

CsvRow = dict[str, str]
Universes = Mapping[str, tuple[str, ...]]

NOON = time(12)
TRY_LIST = "--universe asx_priority"


class LastNight(BaseModel, frozen=True):
    """The latest screening CSV in numbers.

    `expected` is the as-of date of the latest night that could have run by now, None if
    no price is Yahoo's: another source gets no new prices.
    `run_at` is the start of the last run, `age_hours` ago. `source` names all price
    sources of the rows.
    `market` is the market's state per exchange, empty if the night stored none.
    `options` are those of the command that made the rows: source, folder, night,
    training.
    """

    as_of: date
    expected: date | None
    csv: str
    report: str | None
    run_at: datetime
    age_hours: float
    source: str
    symbols: int
    usable: int
    degraded: int
    calls: dict[str, int]
    failed: dict[str, str]
    market: tuple[MarketState, ...] = ()
    options: str = ""

    @property
    def is_current(self) -> bool:
        """Return whether no later night is due."""
        return self.expected is None or self.as_of >= self.expected


class AheadEvent(BaseModel, frozen=True):
    """The event of a symbol's row of the last night.

    `date` is None if only a window is known. `words` are those of the night's table.
    """

    symbol: str
    type: str
    date: date | None
    status: str
    sit_out: bool
    words: str


class NextStep(BaseModel, frozen=True):
    """A command for the shell, and why to run it."""

    why: str
    command: str


class HomeStatus(BaseModel, frozen=True):
    """The state of a home; `problems` are sentences about what could not be read.

    `nights_unreadable` is whether there are nights, and the last ones can't be read.
    `events_unknown` are the symbols whose coming events no source covers.
    """

    home: str
    last_night: LastNight | None
    nights_unreadable: bool
    models: dict[str, int]
    ahead: tuple[AheadEvent, ...]
    events_unknown: tuple[str, ...]
    live_calls: int
    replayed_calls: int
    problems: tuple[str, ...]
    next: tuple[NextStep, ...]


def read_home_status(address: str, now: datetime) -> HomeStatus:
    """Return the state of the home at `address` at `now`; writes nothing.

    Raises
    ------
    UsageError
        If the home or its settings can't be read.
    """
    home = Home.at(address)
    settings = read_settings(home.root)
    problems: list[str] = []
    published = _read_published(home, problems)
    unreadable = bool(problems) and published is None
    rows = published.rows if published else []
    night = _last_night(home, published, now) if published else None
    states = Counter(model.status for model in _models(rows, address, now))
    live, replayed = _count_calls(home, problems)
    if night:
        day = night.expected or night.as_of
        problems += read_calendar(home.event_calendar).notices(day)
    found = HomeStatus(
        home=str(home.root),
        last_night=night,
        nights_unreadable=unreadable,
        models={status: states[status] for status in get_args(ModelStatus)},
        ahead=_events(rows),
        events_unknown=tuple(
            row["symbol"] for row in rows if row_event_words(row) == "unknown"
        ),
        live_calls=live,
        replayed_calls=replayed,
        problems=tuple(problems),
        next=(),
    )
    is_trial = not rows or (night is not None and night.source == "sample")
    again = TRY_LIST if is_trial else _select_again(rows, settings.all_universes)
    named = [*_next_steps(found, rows, again), *_set_up_steps(home, settings, again)]
    option = home_option(address)
    steps = tuple(
        NextStep(why=why, command=f"overnight {words}{option}") for why, words in named
    )
    return found.model_copy(update={"next": steps})


def _read_published(home: Home, problems: list[str]) -> PublishedNight | None:
    """Return the last night whose CSV can be read; add what can't be read."""
    try:
        if not find_nights(home):
            return None
        published = read_published_night(home)
    except OvernightError as error:
        problems.append(str(error))
        return None
    problems += [published.note] if published.note else []
    return published


def _last_night(home: Home, published: PublishedNight, now: datetime) -> LastNight:
    rows, path = published.rows, csv_path(home.screening_csv, published.night)
    as_of = max(date.fromisoformat(row["as_of"]) for row in rows)
    report = report_path(home.morning_reports, as_of)
    status = Counter(row["data_status"] for row in rows)
    calls = Counter(row["prediction"] for row in rows if row["prediction"])
    source = ", ".join(sorted({row["data_source"] for row in rows} - {""}))
    run_at = max(datetime.fromisoformat(row["run_at"]) for row in rows)
    expected = _latest_night(rows, now) if "yahoo" in source else None
    return LastNight(
        as_of=as_of,
        expected=expected,
        csv=str(path),
        report=str(report) if is_there(report) else None,
        run_at=run_at,
        age_hours=(now - run_at).total_seconds() / 3600,
        source=source,
        symbols=len(rows),
        usable=len(rows) - status["failed"],
        degraded=status["degraded"],
        calls={call: calls[call] for call in ("BUY", "HOLD", "SELL")},
        failed={
            row["symbol"]: row["reason"]
            for row in rows
            if row["data_status"] == "failed"
        },
        market=read_market_states(home, as_of),
        options=_options(read_requests(requests_path(home, as_of)), source, as_of),
    )


def _options(requests: Mapping[str, Mapping[str, str]], source: str, day: date) -> str:
    """Return ` --source folder --folder prices --as-of 2025-11-10 --train never`.

    Options with their default are left out. Without a stored request the source is
    that of the rows. Rows of several requests are those of the last symbol's.
    """
    request = dict(*list(requests.values())[-1:]) or {"source": source}
    options = []
    if request.get("source", "yahoo") != "yahoo":
        options += ["--source", request["source"]]
        if request["source"] == "folder":
            options += ["--folder", request.get("folder") or "FOLDER"]
        options += ["--as-of", day.isoformat()]
    if request.get("train", "stale") != "stale":
        options += ["--train", request["train"]]
    return "".join(f" {shlex.quote(option)}" for option in options)


def _latest_night(rows: Sequence[CsvRow], now: datetime) -> date:
    """Return the as-of date of the latest night of these exchanges at `now`."""
    keys = ("exchange", "as_of", "forecast_session")
    distinct = {tuple(row[key] for key in keys): row for row in rows}
    return max(_latest_session(row, now) for row in distinct.values())


def _latest_session(row: CsvRow, now: datetime) -> date:
    """Return the last completed session of the row's exchange at `now`.

    No session closes before noon. Until then the calendar is not loaded, which takes a
    second.
    """
    following = date.fromisoformat(row["forecast_session"])
    zone = ZoneInfo(exchange_of(row["symbol"]).time_zone)
    if now < datetime.combine(following, NOON, zone):
        return date.fromisoformat(row["as_of"])
    return as_of_session(row["exchange"], now.date(), now)


def _models(
    rows: Sequence[CsvRow], address: str, now: datetime
) -> tuple[SymbolStatus, ...]:
    """Return the models of the last night's symbols; without a night, all models."""
    symbols = tuple(row["symbol"] for row in rows)
    selection = Symbols(symbols=symbols) if symbols else None
    return model_statuses(selection, address, now).symbols


def _count_calls(home: Home, problems: list[str]) -> tuple[int, int]:
    """Return the number of live calls and of replayed calls in the ledger."""
    try:
        return count_calls(home.track_record)
    except OvernightError as error:
        problems.append(str(error))
        return 0, 0


def _events(rows: Sequence[CsvRow]) -> tuple[AheadEvent, ...]:
    """Return the events of the night's rows by date, those without a day last."""
    found = [
        AheadEvent(
            symbol=row["symbol"],
            type=row["event_type"],
            date=date.fromisoformat(row["event_date"]) if row["event_date"] else None,
            status=row["event_status"],
            sit_out=row["event_skip_trading"] == "true",
            words=row_event_words(row),
        )
        for row in rows
        if row["event_type"]
    ]
    return tuple(
        sorted(found, key=lambda event: (event.date or date.max, event.symbol))
    )


def _next_steps(
    found: HomeStatus, rows: Sequence[CsvRow], again: str
) -> list[tuple[str, str]]:
    """Return what to run next, the most urgent command first."""
    night = found.last_night
    steps: list[tuple[str, str]] = []
    if found.nights_unreadable:
        steps.append(("check this machine and the home", "doctor"))
    elif night is None:
        steps.append(("see it work on real prices of 2013", "screen --source sample"))
    if found.nights_unreadable:
        steps.append(("see the morning report of an earlier night", "report --open"))
    elif night is None or night.source == "sample":
        steps.append(("screen a list with today's prices", f"screen {TRY_LIST}"))
    else:
        steps += _night_steps(night, found.models, again)
    if night and night.report:
        steps.append(("read the morning report", "report --open"))
    symbol = next((row["symbol"] for row in rows if row["prediction"]), None)
    if symbol:
        steps.append(("see why a call was made", f"explain {shlex.quote(symbol)}"))
    return steps


def _set_up_steps(
    home: Home, settings: Settings, symbols: str
) -> Iterator[tuple[str, str]]:
    """Yield what makes the next nights better: the language model and a calendar."""
    if settings.sentiment.engine == "finbert" and not are_weights_there(
        settings.sentiment
    ):
        yield "the language model is missing, so no news is read; 440 MB", "model fetch"
    if not is_there(home.event_calendar):
        yield (
            "no event_calendar.csv in the home (ticker,event_type,date); known events",
            f"events {symbols}",
        )


def _night_steps(
    night: LastNight, models: Mapping[str, int], symbols: str
) -> Iterator[tuple[str, str]]:
    if not night.is_current:
        yield f"the night of {night.expected} is due", f"screen {symbols}"
    elif night.failed:
        again = f"screen {symbols}{night.options}"
        yield f"{len(night.failed)} symbols failed, try again", again
    missing = models["missing"]
    if missing:
        yield (
            f"{missing} models are missing; the next night trains them, or",
            f"train {symbols}",
        )


def _select_again(rows: Sequence[CsvRow], universes: Universes) -> str:
    """Return the option that selects the symbols of the rows, quoted for the shell."""
    symbols = {row["symbol"] for row in rows}
    for name, members in universes.items():
        if set(members) == symbols:
            return f"--universe {shlex.quote(name)}"
    return f"--symbols {shlex.quote(','.join(sorted(symbols)))}"
