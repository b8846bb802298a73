"""The flow that looks in the morning whether last night's CSV is there.

A night that failed says so itself; this one finds the night that never ran.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from pydantic import Field

from config.errors import list_names
from config.parameters import TrainingOverrides
from config.schedules import Schedule
from market_data.selection import Selection, Universe, find_list
from pipeline.plan import AsOf, RunPlan, plan_run
from screening.table import (
    csv_path,
    find_unpublished,
    read_published_coverage,
    read_published_status,
)
from storage.paths import StoragePath, is_there


@flow(name="night-watch")
def night_watch(
    selection: Selection = Universe(universe="asx_priority"),
    schedules: tuple[Schedule, ...] = (),
    hours: Annotated[float, Field(ge=0, le=120)] = 12,
    as_of: AsOf | None = None,
    home: str | None = None,
) -> State[str]:
    """Fail where a night that was due is not published.

    Args:
        selection: The symbols of the night.
        schedules: Look for the latest night of each of these instead.
        hours: The night was due so long ago, 0 to 120 hours.
        as_of: Look for the night of this date instead.
        home: Where the reports lie; empty: OVERNIGHT_HOME.
    """
    before = datetime.now(UTC) - timedelta(hours=hours)
    if not schedules:
        return check_night(_due(selection, as_of, home, before))
    return every_night_watched(due_nights(schedules, as_of, home, before))


def due_nights(
    schedules: Sequence[Schedule],
    as_of: date | None,
    home: str | Path | None,
    before: datetime,
) -> dict[str, RunPlan]:
    """Return each list's latest night that had to start at or before an instant."""
    starts: dict[str, datetime] = {}
    for one in schedules:
        start = one.latest_start(before)
        starts[one.list] = max(start, starts.get(one.list, start))
    return {
        name: _due(find_list(name), as_of, home, start)
        for name, start in starts.items()
    }


def _due(
    selection: Selection, as_of: date | None, home: str | Path | None, now: datetime
) -> RunPlan:
    return plan_run(
        selection,
        source="yahoo",
        folder=None,
        as_of=as_of,
        train="never",
        preset="standard",
        parameters=TrainingOverrides(),
        home=home,
        now=now,
    )


def every_night_watched(nights: Mapping[str, RunPlan]) -> State[str]:
    """Return one state for the nights of several lists, missed if one of them is."""
    states = {name: check_night(night) for name, night in nights.items()}
    missed = {name: state for name, state in states.items() if state.is_failed()}
    said = " ".join(
        f"{name}: {one.message}" for name, one in (missed or states).items()
    )
    if missed:
        return Failed(name="Missed", message=said, data=said)
    return Completed(message=said)


def check_night(due: RunPlan) -> State[str]:
    """Return the state of a watch for a night: completed, or failed as missed.

    Only the rows of the list's own symbols count; a night may hold others beside them.
    """
    path = csv_path(due.home.screening_csv, due.as_of)
    usable = read_published_coverage(path, due.as_of_by_symbol)
    if usable is not None and usable >= due.settings.run.min_coverage:
        return Completed(message=f"The night of {due.as_of} is published: {path}.")
    if not is_there(path):
        found = "none"
    elif usable is None:
        found = f"one without a row of {_missing(path, due)}"
    else:
        found = f"one in which {usable:.0%} of the symbols are usable"
    said = (
        f"The night of {due.as_of} must be published in {path}, got {found}; look at "
        "the runs of overnight-screening and start one."
    )
    return Failed(name="Missed", message=said, data=said)


def _missing(path: StoragePath, due: RunPlan) -> str:
    """Return the symbols that the CSV has no row of for their session, of many some."""
    return list_names(
        find_unpublished(read_published_status(path), due.as_of_by_symbol)
    )
