"""The deployments of `prefect.yaml`, with the schedules of `overnight.toml` in them.

`prefect.yaml` alone defines the deployments. A home's own schedules give those that
run by themselves another list and time. Prefect is imported by the functions that need
it.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from config.errors import RunError
from config.schedules import Schedule
from config.settings import Settings
from market_data.selection import find_list, select_symbols

Deployment = Mapping[str, Any]

NIGHTLY = "overnight-screening/nightly"
MONTHLY = "lstm-training/monthly"
WATCH = "night-watch/morning"
BUILT_IN = (NIGHTLY, MONTHLY, WATCH)
"""The deployments with a schedule, which the schedules of a home change."""

BUILT_IN_LIST = "asx_priority"
"""Its deployments keep the built-in names; another list's name is added to them."""

OWN_TAG = "own-schedule"
"""The tag of what was made from `overnight.toml`, and may be removed again."""

WATCH_HOURS = 2
"""A night of an own schedule is looked for so many hours after its start."""


def scheduled_deployments(prefect_file: Path, settings: Settings) -> dict[str, Any]:
    """Return the content of `prefect.yaml` with the home's own schedules in it.

    Raises
    ------
    RunError
        If the file can't be read, or lacks a deployment that the schedules change.
    UsageError
        If a scheduled list holds a text that is no symbol.
    """
    content = _content(prefect_file)
    if settings.schedules is None:
        return content
    for schedule in settings.schedules:
        select_symbols(find_list(schedule.list), settings.all_universes)
    deployments: list[Deployment] = content["deployments"]
    missing = set(BUILT_IN) - set(map(full_name, deployments))
    if missing:
        raise RunError(
            f"{prefect_file} lacks the deployment {min(missing)}, which [[schedules]] "
            "in overnight.toml change; restore it, or remove [[schedules]]."
        )
    changed = [new for one in deployments for new in _changed(one, settings.schedules)]
    return {**content, "deployments": changed}


def _content(prefect_file: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(prefect_file.read_text(encoding="utf-8"))
        [full_name(one) for one in content["deployments"]]
    except (OSError, ValueError, yaml.YAMLError, TypeError, KeyError) as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise RunError(
            f"{prefect_file} is no readable file of deployments ({said}); restore it."
        ) from error
    return dict(content)


def full_name(deployment: Deployment) -> str:
    """Return `flow-name/deployment-name`, the flow being named like its function."""
    flow = str(deployment["entrypoint"]).rpartition(".")[2].replace("_", "-")
    return f"{flow}/{deployment['name']}"


def _changed(one: Deployment, schedules: Sequence[Schedule]) -> Iterator[Deployment]:
    """Give what takes a deployment's place: one for each scheduled list, or itself."""
    name = full_name(one)
    if name not in BUILT_IN:
        yield one
    elif name == WATCH and schedules:
        watched = [schedule.model_dump() for schedule in schedules]
        yield {**one, "parameters": {"schedules": watched, "hours": WATCH_HOURS}}
    elif name != WATCH:
        by_list = attrgetter("list")
        for stock_list, entries in groupby(sorted(schedules, key=by_list), by_list):
            yield _of_list(one, stock_list, list(entries))


def _of_list(
    one: Deployment, stock_list: str, entries: Sequence[Schedule]
) -> Deployment:
    """Return the deployment for a list; a night also gets the list's own times."""
    parameters: dict[str, Any] = {"selection": find_list(stock_list).model_dump()}
    named = (
        one["name"] if stock_list == BUILT_IN_LIST else f"{one['name']}-{stock_list}"
    )
    own = {"name": named, "tags": [*one.get("tags", ()), OWN_TAG]}
    if full_name(one) == MONTHLY:
        about = f"Refresh the models of {stock_list} every month."
        return {**one, **own, "description": about, "parameters": parameters}
    times = "; ".join(f"{entry.at} {entry.timezone}, {entry.days}" for entry in entries)
    own["description"] = f"Screen {stock_list}: {times}."
    schedules = [
        {
            "cron": entry.cron,
            "timezone": entry.timezone,
            "parameters": {"train": entry.train},
        }
        for entry in entries
    ]
    parameters["train"] = entries[0].train
    return {**one, **own, "parameters": parameters, "schedules": schedules}


def remove_lapsed_deployments(deployed: Sequence[Deployment]) -> None:
    """Remove what an earlier registration made of schedules that are gone.

    A deployment without our tag stays, except for the built-in ones.
    """
    from prefect.client.orchestration import get_client  # noqa: PLC0415
    from prefect.client.schemas.filters import (  # noqa: PLC0415
        DeploymentFilter,
        DeploymentFilterTags,
    )
    from prefect.exceptions import ObjectNotFound  # noqa: PLC0415

    names = set(map(full_name, deployed))
    tagged = DeploymentFilter(tags=DeploymentFilterTags(all_=[OWN_TAG]))
    with get_client(sync_client=True) as client:
        for found in client.read_deployments(deployment_filter=tagged):
            flow = client.read_flow(found.flow_id)
            if f"{flow.name}/{found.name}" not in names:
                client.delete_deployment(found.id)
        for name in set(BUILT_IN) - names:
            try:
                client.delete_deployment(client.read_deployment_by_name(name).id)
            except ObjectNotFound:
                continue


def schedule_lines(deployed: Sequence[Deployment], now: datetime) -> list[str]:
    """Return a line for each scheduled deployment: its name and its next run."""
    return [
        f"{full_name(one)}: next run {_next_run(one['schedules'], now)}"
        for one in deployed
        if one.get("schedules")
    ]


def _next_run(schedules: Sequence[Mapping[str, Any]], now: datetime) -> str:
    """Return the earliest next run, e.g. `Mon 2026-11-30 16:45 America/New_York`."""
    from prefect.server.schemas.schedules import CronSchedule, RRuleSchedule  # noqa: PLC0415

    runs = []
    for given in schedules:
        kind = CronSchedule if "cron" in given else RRuleSchedule
        known = {key: given[key] for key in given if key in kind.model_fields}
        (run,) = asyncio.run(kind(**known).get_dates(n=1, start=now))
        zone = given.get("timezone") or "UTC"
        runs.append((run, f"{run.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M} {zone}"))
    return min(runs)[1]
