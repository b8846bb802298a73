"""`prefect.yaml`: every deployment names a real flow, with parameters it takes."""

import asyncio
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

FILE = Path(__file__).parents[2] / "prefect.yaml"
DEPLOYMENTS: list[dict[str, Any]] = yaml.safe_load(FILE.read_text())["deployments"]
SYDNEY = ZoneInfo("Australia/Sydney")


def by_name(name: str) -> dict[str, Any]:
    """Return the deployment of that name."""
    (found,) = (one for one in DEPLOYMENTS if one["name"] == name)
    return found


def next_runs(schedule: Any, count: int) -> list[datetime]:  # noqa: ANN401
    """Return the next run times after 2026-08-01, in Sydney's time."""
    start = datetime(2026, 8, 1, tzinfo=UTC)
    dates = asyncio.run(schedule.get_dates(n=count, start=start))
    return [one.astimezone(SYDNEY) for one in dates]


def test_the_published_deployments_are_there() -> None:
    """Two flows, five deployments, as published."""
    flows = {one["name"]: one["entrypoint"].split(".")[1] for one in DEPLOYMENTS}
    assert flows == {
        "monthly": "lstm_training",
        "custom": "lstm_training",
        "single": "lstm_training",
        "nightly": "overnight_screening",
        "manual": "overnight_screening",
    }


@pytest.mark.parametrize("name", [one["name"] for one in DEPLOYMENTS])
def test_a_deployments_parameters_are_the_flows(name: str) -> None:
    """The entrypoint is a flow, and it takes the deployment's parameters."""
    deployment = by_name(name)
    module, _, function = deployment["entrypoint"].rpartition(".")
    flow = getattr(import_module(module), function)
    assert flow.validate_parameters(deployment["parameters"])


@pytest.mark.parametrize("name", ["monthly", "nightly"])
def test_scheduled_runs_never_overlap(name: str) -> None:
    """A scheduled run that finds its forerunner at work is cancelled."""
    expected = {"limit": 1, "collision_strategy": "CANCEL_NEW"}
    assert by_name(name)["concurrency_limit"] == expected


def test_models_are_refreshed_on_the_first_saturday() -> None:
    """01:00 in Sydney on each month's first Saturday, across daylight saving."""
    from prefect.server.schemas.schedules import RRuleSchedule  # noqa: PLC0415

    (given,) = by_name("monthly")["schedules"]
    schedule = RRuleSchedule(rrule=given["rrule"], timezone=given["timezone"])
    assert [f"{one:%Y-%m-%d %H:%M %z}" for one in next_runs(schedule, 5)] == [
        "2026-09-05 01:00 +1000",
        "2026-10-03 01:00 +1000",
        "2026-11-07 01:00 +1100",
        "2026-12-05 01:00 +1100",
        "2027-01-02 01:00 +1100",
    ]


def test_a_night_runs_on_weekdays_after_the_close() -> None:
    """18:30 in Sydney from Monday to Friday; the ASX closes at 16:00."""
    from prefect.server.schemas.schedules import CronSchedule  # noqa: PLC0415

    (given,) = by_name("nightly")["schedules"]
    schedule = CronSchedule(cron=given["cron"], timezone=given["timezone"])
    runs = next_runs(schedule, 10)
    assert {one.weekday() for one in runs} == {0, 1, 2, 3, 4}
    assert {(one.hour, one.minute) for one in runs} == {(18, 30)}
