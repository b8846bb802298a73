"""Which published night a morning updates, and which of its stocks it may update."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, cast, get_args

from config.errors import ParameterError, RunError
from market_data.selection import Symbols
from market_data.sessions import as_of_session, local_date, next_open
from market_data.sources import SourceName
from market_data.symbols import exchange_of
from pipeline.plan import AsOf, RunPlan, RunRequest, plan_run
from pipeline.published_request import read_published_requests
from screening.columns import COLUMNS
from screening.report.earlier import list_published_nights
from screening.table import csv_path, read_rows
from storage.home import Home
from storage.paths import StoragePath, is_there

Cells = Mapping[str, str]
"""A row of a screening CSV as text by column."""


@dataclass(frozen=True, kw_only=True)
class UpdateRequest:
    """What an update before the opening is asked to do."""

    as_of: Annotated[
        AsOf | None, "The night to update, by its as-of date; empty: the last."
    ] = None
    replay: Annotated[
        bool,
        "Update a night whose session has opened, with the lead as of its opening; "
        "never counted as live.",
    ] = False
    source: Annotated[
        SourceName | None, "Where prices come from; empty: the night's source."
    ] = None
    folder: Annotated[
        Path | None, "The folder source's folder; empty: the night's folder."
    ] = None
    home: Annotated[
        str | None,
        "A folder, or s3://bucket/folder, of data and reports; empty: OVERNIGHT_HOME.",
    ] = None


@dataclass(frozen=True)
class MorningPlan:
    """The plan of one update: the night's plan at this morning, and its rows.

    `blocked` holds the reasons of stocks that this run may not update, by symbol.
    `missed` is the as-of session of a later night that was never published, else None;
    then no stock is updated.
    """

    night: RunPlan
    rows: Sequence[Cells]
    replay: bool
    blocked: Mapping[str, str]
    missed: date | None = None

    @property
    def as_of(self) -> date:
        """Return the as-of date of the night, which names the update's files."""
        return self.night.as_of

    @property
    def morning(self) -> date:
        """Return the day of the run on the exchange of the first row."""
        first = exchange_of(self.rows[0]["symbol"]).code
        return local_date(first, self.night.run_at)

    def clock(self, symbol: str, as_of: date) -> datetime:
        """Return the instant up to which the symbol's update may know anything.

        It is the run's start, or the opening of the forecast session if that came
        first, as in a replay.
        """
        opening = next_open(exchange_of(symbol).code, as_of)
        return min(self.night.run_at, opening)

    def is_live(self, row: Cells) -> bool:
        """Return whether the update of the row counts as live."""
        return not self.replay and self.night.run_at < _opening(row)


def plan_update(request: UpdateRequest, now: datetime) -> MorningPlan:
    """Return the plan of an update that starts at `now`.

    Raises
    ------
    RunError
        If no night is published, or its sessions have opened and `replay` is not set.
    UsageError
        If a value of the request can't be used.
    """
    first = plan_run(_night_request(request, ("AAPL",)), now)
    path = _find_csv(first.home, request.as_of)
    rows = _read(path)
    night = _plan_night(request, rows, now)
    lead_of = night.settings.update.lead_of
    led = [row for row in rows if lead_of(exchange_of(row["symbol"]).code)]
    if not request.replay:
        missed = {find_missed(row, now) for row in led} - {None}
        unmissed = [row for row in led if find_missed(row, now) is None]
        if led and not unmissed and request.as_of is None:
            latest = max(day for day in missed if day)
            return MorningPlan(night, rows, False, {}, latest)  # noqa: FBT003
        _require_unopened(night, led, now)
    blocked = {} if request.replay else _blocked(led, now)
    return MorningPlan(night, rows, request.replay, blocked)


def find_missed(row: Cells, now: datetime) -> date | None:
    """Return the last completed session if it is later than the row's as-of session."""
    code = exchange_of(row["symbol"]).code
    last = as_of_session(code, local_date(code, now), now)
    return last if date.fromisoformat(row["as_of"]) < last else None


def _opening(row: Cells) -> datetime:
    exchange = exchange_of(row["symbol"]).code
    return next_open(exchange, date.fromisoformat(row["as_of"]))


def _require_unopened(night: RunPlan, led: Sequence[Cells], now: datetime) -> None:
    if led and all(_opening(row) <= now for row in led):
        raise RunError(
            f"the sessions after the night of {night.as_of} have opened, so an update "
            "before the opening is too late",
            "pass --replay to compute it as of the opening; it never counts as live",
        )


def _blocked(led: Sequence[Cells], now: datetime) -> dict[str, str]:
    """Return why rows can't be updated live: opened, or of an older night."""
    reasons: dict[str, str] = {}
    for row in led:
        missed = find_missed(row, now)
        if missed:
            reasons[row["symbol"]] = f"its night of {missed} was never published"
        elif _opening(row) <= now:
            session = row["forecast_session"]
            reasons[row["symbol"]] = f"its session of {session} has opened"
    return reasons


def _find_csv(home: Home, as_of: date | None) -> StoragePath:
    folder = home.screening_csv
    night = as_of or next(iter(list_published_nights(folder)), None)
    path = csv_path(folder, night) if night else None
    if path is None or not is_there(path):
        raise RunError(
            f"no night of {as_of or 'any date'} was published in {folder}",
            "run a night first: `overnight screen`",
        )
    return path


def _read(path: StoragePath) -> list[dict[str, str]]:
    try:
        rows = read_rows(path)
        for row in rows:
            date.fromisoformat(row["as_of"])
    except (OSError, ValueError, KeyError) as error:
        raise RunError(
            f"{path} can't be read ({' '.join(str(error).split())[:120]})",
            "run that night again",
        ) from error
    if not rows or set(COLUMNS) - set(rows[0]):
        raise RunError(
            f"{path} has no row with all the published columns",
            "run that night again",
        )
    return rows


def _night_request(request: UpdateRequest, symbols: Sequence[str]) -> RunRequest:
    return RunRequest(
        selection=Symbols(symbols=tuple(symbols)), train="never", home=request.home
    )


def _plan_night(
    request: UpdateRequest, rows: Sequence[Cells], now: datetime
) -> RunPlan:
    """Return the night's plan with this morning's clock, without a language model."""
    symbols = tuple(row["symbol"] for row in rows)
    plan = plan_run(_night_request(request, symbols), now)
    sessions: dict[str, date] = {}
    for row in rows:
        code, as_of = exchange_of(row["symbol"]).code, row["as_of"]
        sessions[code] = max(date.fromisoformat(as_of), sessions.get(code, date.min))
    plan = replace(plan, sessions=sessions, in_evaluation=request.replay)
    sentiment = plan.settings.sentiment.model_copy(update={"engine": "off"})
    settings = plan.settings.model_copy(update={"sentiment": sentiment})
    source, folder = _source_of(request, plan, rows)
    plan = replace(plan, settings=settings, source=source, folder=folder)
    plan.open_feeds()  # Refuses a folder that is not there.
    return plan


def _source_of(
    request: UpdateRequest, plan: RunPlan, rows: Sequence[Cells]
) -> tuple[SourceName, Path | None]:
    """Return the source and the folder: the request's, else those of the night."""
    if request.source or request.folder:
        return request.source or "folder", request.folder
    published = read_published_requests(plan)
    known = next((published[r["symbol"]] for r in rows if r["symbol"] in published), {})
    data_source = rows[0].get("data_source", "").split(" ")[0]
    source = known.get("source") or data_source or "yahoo"
    if source not in get_args(SourceName):
        raise ParameterError(
            f"the night's source {source[:40]!r} is not known", "pass --source"
        )
    folder = known.get("folder") or ""
    return cast("SourceName", source), Path(folder) if folder else None
