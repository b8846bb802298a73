"""The deployments of `prefect.yaml`, with the schedules of `overnight.toml` in them.

Only `prefect.yaml` defines deployments. The schedules of a home give the scheduled
deployments other lists and times. The functions that need Prefect import it.
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
from market_data.symbols import exchange_of

Deployment = Mapping[str, Any]

NIGHTLY = "overnight-screening/nightly"
MONTHLY = "lstm-training/monthly"
WATCH = "night-watch/morning"
UPDATE = "morning-update/before-open"
BUILT_IN = (NIGHTLY, MONTHLY, WATCH, UPDATE)
"""The scheduled deployments, which the schedules of a home replace."""

BUILT_IN_LIST = "asx_priority"
"""Its deployments keep the built-in names; other lists' names are appended."""

OWN_TAG = "own-schedule"
"""The tag of deployments made from `overnight.toml`; only these are removed."""

WATCH_HOURS = 2
"""The watch looks for a night of `overnight.toml` so many hours after its start."""


def scheduled_deployments(prefect_file: Path, settings: Settings) -> dict[str, Any]:
    """Return the content of `prefect.yaml` with the home's schedules in it.

    Raises
    ------
    RunError
        If the file can't be read, or lacks a deployment that the schedules change.
    UsageError
        If a scheduled list has an entry that is no symbol.
    """
    content = _read_content(prefect_file)
    if settings.schedules is None:
        return content
    symbols = {
        symbol
        for schedule in settings.schedules
        for symbol in select_symbols(find_list(schedule.list), settings.all_universes)
    }
    deployments: list[Deployment] = content["deployments"]
    missing = set(BUILT_IN) - set(map(full_name, deployments))
    if missing:
        raise RunError(
            f"{prefect_file} lacks the deployment {min(missing)}, which [[schedules]] "
            "in overnight.toml change",
            "restore the deployment, or remove [[schedules]]",
        )
    scheduled = [
        new
        for deployment in deployments
        for new in _apply_schedules(deployment, settings.schedules)
    ]
    leads = {settings.update.lead_of(exchange_of(symbol).code) for symbol in symbols}
    if leads <= {None}:  # No scheduled stock has a market that trades before it.
        scheduled = [one for one in scheduled if full_name(one) != UPDATE]
    return {**content, "deployments": scheduled}


def _read_content(prefect_file: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(prefect_file.read_text(encoding="utf-8"))
        [full_name(deployment) for deployment in content["deployments"]]
    except (OSError, ValueError, yaml.YAMLError, TypeError, KeyError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise RunError(
            f"{prefect_file} is not a readable file of deployments ({reason})",
            "restore the file",
        ) from error
    return dict(content)


def full_name(deployment: Deployment) -> str:
    """Return `flow-name/deployment-name`; the flow has the name of its function."""
    flow = str(deployment["entrypoint"]).rpartition(".")[2].replace("_", "-")
    return f"{flow}/{deployment['name']}"


def _apply_schedules(
    deployment: Deployment, schedules: Sequence[Schedule]
) -> Iterator[Deployment]:
    """Yield a deployment for each scheduled list, or the deployment itself."""
    name = full_name(deployment)
    if name not in BUILT_IN or name == UPDATE:
        yield deployment
    elif name == WATCH and schedules:
        nights = [schedule.model_dump() for schedule in schedules]
        yield {**deployment, "parameters": {"schedules": nights, "hours": WATCH_HOURS}}
    elif name != WATCH:
        by_list = attrgetter("list")
        for stock_list, entries in groupby(sorted(schedules, key=by_list), by_list):
            yield _deployment_for_list(deployment, stock_list, list(entries))


def _deployment_for_list(
    deployment: Deployment, stock_list: str, entries: Sequence[Schedule]
) -> Deployment:
    """Return the deployment for a list; a night also gets the list's own times."""
    parameters: dict[str, Any] = {"selection": find_list(stock_list).model_dump()}
    suffix = "" if stock_list == BUILT_IN_LIST else f"-{stock_list}"
    changed = {
        **deployment,
        "name": f"{deployment['name']}{suffix}",
        "tags": [*deployment.get("tags", ()), OWN_TAG],
        "parameters": parameters,
    }
    if full_name(deployment) == MONTHLY:
        description = f"Refresh the models of {stock_list} every month."
        return {**changed, "description": description}
    times = "; ".join(f"{entry.at} {entry.timezone}, {entry.days}" for entry in entries)
    parameters["train"] = entries[0].train
    schedules = [
        {
            "cron": entry.cron,
            "timezone": entry.timezone,
            "parameters": {"train": entry.train},
        }
        for entry in entries
    ]
    description = f"Screen {stock_list}: {times}."
    return {**changed, "description": description, "schedules": schedules}


def remove_lapsed_deployments(deployed: Sequence[Deployment]) -> None:
    """Remove deployments that an earlier registration made for removed schedules.

    Other deployments without our tag stay, except for the built-in ones.
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
    """Return a line with name and next run for each scheduled deployment."""
    return [
        f"{full_name(deployment)}: next run {_next_run(deployment['schedules'], now)}"
        for deployment in deployed
        if deployment.get("schedules")
    ]


def _next_run(schedules: Sequence[Mapping[str, Any]], now: datetime) -> str:
    """Return the earliest next run, e.g. `Mon 2026-11-30 16:45 America/New_York`."""
    from prefect.server.schemas.schedules import CronSchedule, RRuleSchedule  # noqa: PLC0415

    runs = []
    for schedule in schedules:
        kind = CronSchedule if "cron" in schedule else RRuleSchedule
        known = {key: schedule[key] for key in schedule if key in kind.model_fields}
        (run,) = asyncio.run(kind(**known).get_dates(n=1, start=now))
        zone = schedule.get("timezone") or "UTC"
        runs.append((run, f"{run.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M} {zone}"))
    return min(runs)[1]
