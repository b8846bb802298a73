"""Where a home stands: its last night, its models, what comes, and what to do next."""

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import get_args

from pydantic import BaseModel, ConfigDict

from config.errors import OvernightError
from market_data.selection import Symbols
from market_data.sessions import as_of_session
from modelling.freshness import ModelStatus
from risk_guard.calendar_file import read_calendar
from screening.event_words import row_event_words
from screening.report.page import report_path
from screening.table import latest_csv
from screening.track_record.ledger import Ledger, select_counted
from status.model_status import SymbolStatus, statuses
from status.published import home_option, read_published_rows
from storage.home import Home
from storage.paths import is_there
from storage.settings_file import read_settings

CsvRow = dict[str, str]
Universes = Mapping[str, tuple[str, ...]]

TRY_LIST = "--universe asx_priority"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class LastNight(_Value):
    """The latest screening CSV in numbers; `expected` is the night that is due.

    `run_at` is the start of its last run, `source` names all sources of its rows.
    """

    as_of: date
    expected: date
    csv: str
    report: str | None
    run_at: datetime
    source: str
    symbols: int
    usable: int
    degraded: int
    calls: dict[str, int]
    failed: dict[str, str]

    @property
    def is_current(self) -> bool:
        """Return whether no later night is due; a source that has ended owes none."""
        return self.as_of >= self.expected or "yahoo" not in self.source


class AheadEvent(_Value):
    """The event that decided a symbol's last night: near ahead, or just passed.

    `date` is None for a window. `words` are those of the night's table.
    """

    symbol: str
    type: str
    date: date | None
    status: str
    sit_out: bool
    words: str


class NextStep(_Value):
    """A command, and why to run it."""

    why: str
    command: str


class HomeStatus(_Value):
    """Where a home stands; `problems` are sentences on what could not be read.

    `events_unknown` are the symbols for which no event is named or ruled out.
    """

    home: str
    last_night: LastNight | None
    models: dict[str, int]
    ahead: tuple[AheadEvent, ...]
    events_unknown: tuple[str, ...]
    live_calls: int
    replayed_calls: int
    problems: tuple[str, ...]
    next: tuple[NextStep, ...]


def standing(address: str, now: datetime) -> HomeStatus:
    """Return where the home at `address` stands at `now`; writes nothing.

    Raises
    ------
    UsageError
        If the home or its settings can't be read.
    """
    home = Home.at(address)
    universes = read_settings(home.root).all_universes
    problems: list[str] = []
    rows = _rows(home, problems)
    night = _last_night(home, rows, now) if rows else None
    states = Counter(one.status for one in _models(rows, address, now))
    live, replayed = _called(home, problems)
    if night:
        problems += read_calendar(home.event_calendar).notices(night.expected)
    found = HomeStatus(
        home=str(home.root),
        last_night=night,
        models={status: states[status] for status in get_args(ModelStatus)},
        ahead=_ahead(rows),
        events_unknown=tuple(
            row["symbol"] for row in rows if row_event_words(row) == "unknown"
        ),
        live_calls=live,
        replayed_calls=replayed,
        problems=tuple(problems),
        next=(),
    )
    return found.model_copy(update={"next": _next(found, rows, universes, address)})


def _rows(home: Home, problems: list[str]) -> list[CsvRow]:
    if latest_csv(home.screening_csv) is None:
        return []
    try:
        return read_published_rows(home, None)
    except OvernightError as error:
        problems.append(str(error))
        return []


def _last_night(home: Home, rows: Sequence[CsvRow], now: datetime) -> LastNight:
    path = latest_csv(home.screening_csv)
    exchanges = {row["exchange"] for row in rows}
    as_of = max(date.fromisoformat(row["as_of"]) for row in rows)
    report = report_path(home.morning_reports, as_of)
    status = Counter(row["data_status"] for row in rows)
    called = Counter(row["prediction"] for row in rows if row["prediction"])
    return LastNight(
        as_of=as_of,
        expected=max(as_of_session(code, now.date(), now) for code in exchanges),
        csv=str(path),
        report=str(report) if is_there(report) else None,
        run_at=max(datetime.fromisoformat(row["run_at"]) for row in rows),
        source=", ".join(sorted({row["data_source"] for row in rows} - {""})),
        symbols=len(rows),
        usable=len(rows) - status["failed"],
        degraded=status["degraded"],
        calls={call: called[call] for call in ("BUY", "HOLD", "SELL")},
        failed={
            row["symbol"]: row["reason"]
            for row in rows
            if row["data_status"] == "failed"
        },
    )


def _models(
    rows: Sequence[CsvRow], address: str, now: datetime
) -> tuple[SymbolStatus, ...]:
    """Return the models of the last night's symbols, else all there are."""
    symbols = tuple(row["symbol"] for row in rows)
    asked = Symbols(symbols=symbols) if symbols else None
    return statuses(asked, address, now).symbols


def _called(home: Home, problems: list[str]) -> tuple[int, int]:
    """Return how many live and how many replayed calls the ledger counts."""
    try:
        calls = Ledger(home.track_record).calls()
    except OvernightError as error:
        problems.append(str(error))
        return 0, 0
    return len(select_counted(calls, live=True)), len(select_counted(calls, live=False))


def _ahead(rows: Sequence[CsvRow]) -> tuple[AheadEvent, ...]:
    """Return the events of the night's rows, by date, windows last."""
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
    return tuple(sorted(found, key=lambda one: (one.date or date.max, one.symbol)))


def _next(
    found: HomeStatus, rows: Sequence[CsvRow], universes: Universes, home: str
) -> tuple[NextStep, ...]:
    """Return what to run next, the most urgent first."""
    night = found.last_night
    if night is None or night.source == "sample":
        steps = [("screen a list on today's prices", f"screen {TRY_LIST}")]
    else:
        steps = list(_night_steps(night, found.models, _words(rows, universes)))
    if night is None:
        steps.insert(
            0, ("see it work on real prices of 2013", "screen --source sample")
        )
    else:
        if night.report:
            steps.append(("read the morning report", "report --open"))
        called = next((row["symbol"] for row in rows if row["prediction"]), None)
        steps += (
            [("see what a call rests on", f"explain {shlex.quote(called)}")]
            if called
            else []
        )
    where = home_option(home)
    return tuple(
        NextStep(why=why, command=f"overnight {words}{where}") for why, words in steps
    )


def _night_steps(
    night: LastNight, models: Mapping[str, int], words: str
) -> Iterator[tuple[str, str]]:
    if not night.is_current:
        yield f"the night of {night.expected} is due", f"screen {words}"
    elif night.failed:
        yield f"{len(night.failed)} symbols failed, try again", f"screen {words}"
    lacking = models["missing"]
    if lacking:
        yield (
            f"{lacking} models are missing; the next night trains them, or",
            (f"train {words}"),
        )


def _words(rows: Sequence[CsvRow], universes: Universes) -> str:
    """Return how to ask for the same symbols again."""
    symbols = {row["symbol"] for row in rows}
    for name, members in universes.items():
        if set(members) == symbols:
            return f"--universe {shlex.quote(name)}"
    return f"--symbols {shlex.quote(','.join(sorted(symbols)))}"
