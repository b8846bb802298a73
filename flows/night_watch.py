"""The flow that checks in the morning that last night's CSV is published.

A failed night is already a failed run; this flow finds the night that never ran.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed
from pydantic import Field

from config.errors import OvernightError, list_names
from config.plain_text import plain_text
from config.schedules import Schedule
from flows.request import symbols_in_name, taking
from market_data.selection import Selection, find_list
from market_data.sources import SourceName
from pipeline.plan import AsOf, RunPlan, RunRequest, plan_run
from pipeline.published_request import find_other_request
from screening.table import (
    csv_path,
    find_csv_fault,
    find_unpublished,
    read_published_coverage,
    read_published_status,
)
from storage.paths import StoragePath, is_there


@dataclass(frozen=True, kw_only=True)
class WatchRequest:
    """Which nights must be published."""

    selection: Annotated[Selection, "The symbols of the night."] = RunRequest.selection
    schedules: Annotated[
        tuple[Schedule, ...], "Look for the latest night of each of these instead."
    ] = ()
    hours: Annotated[
        float, Field(ge=0, le=120), "The night was due so many hours ago, 0 to 120."
    ] = 12
    as_of: Annotated[AsOf | None, "Look for the night of this date instead."] = None
    source: Annotated[SourceName, "Where the night's prices come from."] = "yahoo"
    home: Annotated[str | None, "Where the reports lie; empty: OVERNIGHT_HOME."] = None


def name_watch() -> str:
    """Return what names a watch, e.g. `night-watch asx_priority 2025-11-10`."""
    request = WatchRequest(**flow_run.parameters)
    names = [schedule.list for schedule in request.schedules]
    lists = list_names(sorted(set(names))) or symbols_in_name(request.selection)
    return plain_text(f"{flow_run.flow_name} {lists} {_nights_in_name(request)}")


def _nights_in_name(request: WatchRequest) -> str:
    """Return the nights; a request that can't be planned fails in the run."""
    try:
        nights = {plan.as_of for plan in _watched_nights(request).values()}
    except OvernightError:
        return str(request.as_of or "latest")
    return " ".join(map(str, sorted(nights)))


@flow(name="night-watch", flow_run_name=name_watch)
@taking(WatchRequest)
def night_watch(request: WatchRequest) -> State[str]:
    """Fail if a night that was due is not published."""
    nights = _watched_nights(request)
    return check_nights(nights) if request.schedules else check_night(nights[""])


def _watched_nights(request: WatchRequest) -> dict[str, RunPlan]:
    """Return the nights of the schedules by list, or under "" that of the selection."""
    before = datetime.now(UTC) - timedelta(hours=request.hours)
    if request.schedules:
        return due_nights(request, before)
    return {"": _plan_night(request.selection, request, before)}


def due_nights(request: WatchRequest, before: datetime) -> dict[str, RunPlan]:
    """Return each list's latest night that had to start at or before an instant."""
    starts: dict[str, datetime] = {}
    for schedule in request.schedules:
        start = schedule.latest_start(before)
        starts[schedule.list] = max(start, starts.get(schedule.list, start))
    return {
        name: _plan_night(find_list(name), request, start)
        for name, start in starts.items()
    }


def _plan_night(selection: Selection, request: WatchRequest, now: datetime) -> RunPlan:
    """Return the plan of the night; its source's folder is not needed to look at it."""
    asked = RunRequest(selection=selection, as_of=request.as_of, home=request.home)
    return replace(plan_run(asked, now), source=request.source)


def check_nights(nights: Mapping[str, RunPlan]) -> State[str]:
    """Return one state for the nights of several lists; any missed night fails it."""
    states = {name: check_night(plan) for name, plan in nights.items()}
    missed = {name: state for name, state in states.items() if state.is_failed()}
    shown = (missed or states).items()
    message = " ".join(f"{name}: {state.message}" for name, state in shown)
    if missed:
        return Failed(name="Missed", message=message, data=message)
    return Completed(message=message)


def check_night(plan: RunPlan) -> State[str]:
    """Return a completed state if the night is published, else a failed one: Missed.

    Only rows of the plan's symbols and source count; the CSV may hold rows of other
    symbols.
    """
    path = csv_path(plan.home.screening_csv, plan.as_of)
    usable = read_published_coverage(path, plan.as_of_by_symbol)
    other = find_other_request(plan, ("source",))
    if not other and usable is not None and usable >= plan.settings.run.min_coverage:
        return Completed(message=f"The night of {plan.as_of} is published: {path}.")
    if not is_there(path):
        problem = "there is no such file"
    elif fault := find_csv_fault(path):
        problem = fault
    elif usable is None:
        problem = f"it has no row of {_list_unpublished(path, plan)}"
    elif other:
        problem = other
    else:
        problem = f"only {usable:.0%} of its symbols are usable"
    message = (
        f"The night of {plan.as_of} is not published in {path}: {problem}; look at the "
        "runs of overnight-screening and start a new run."
    )
    return Failed(name="Missed", message=message, data=message)


def _list_unpublished(path: StoragePath, plan: RunPlan) -> str:
    """Return the symbols that the CSV has no row of; of many symbols the first few."""
    return list_names(
        find_unpublished(read_published_status(path), plan.as_of_by_symbol)
    )
