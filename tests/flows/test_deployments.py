"""`prefect.yaml`: every deployment names a real flow, with parameters it takes."""

import asyncio
import functools
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import yaml
from prefect.exceptions import ParameterTypeError

from config.parameters import PRESETS
from config.universes import UNIVERSES
from flows.server_settings import PATIENT_CLIENT

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
    """The published five, the watch over the nights, and the update before opening."""
    flows = {one["name"]: one["entrypoint"].split(".")[1] for one in DEPLOYMENTS}
    assert flows == {
        "monthly": "lstm_training",
        "custom": "lstm_training",
        "single": "single_training",
        "nightly": "overnight_screening",
        "manual": "overnight_screening",
        "morning": "night_watch",
        "before-open": "morning_update",
    }


@pytest.mark.parametrize("name", [one["name"] for one in DEPLOYMENTS])
def test_a_deployments_parameters_are_the_flows(name: str) -> None:
    """The entrypoint is a flow, and it takes the deployment's parameters."""
    deployment = by_name(name)
    module, _, function = deployment["entrypoint"].rpartition(".")
    flow = getattr(import_module(module), function)
    assert flow.validate_parameters(deployment["parameters"])


@pytest.mark.parametrize("name", [one["name"] for one in DEPLOYMENTS])
def test_a_run_outlasts_a_restart_of_server_or_database(name: str) -> None:
    """Each deployment's runs retry for longer, and also what a server answers then."""
    variables = by_name(name)["work_pool"]["job_variables"]["env"]
    assert variables.items() >= PATIENT_CLIENT.items()


def test_the_form_offers_both_rules_for_sit_outs() -> None:
    """Without one the setting of the home holds; another word is refused."""
    from flows.overnight_screening import overnight_screening  # noqa: PLC0415

    offered = overnight_screening.parameters.properties["sit_out"]
    assert offered["anyOf"][0]["enum"] == ["published", "reaction"]
    assert overnight_screening.validate_parameters({})["sit_out"] is None
    with pytest.raises(ParameterTypeError):
        overnight_screening.validate_parameters({"sit_out": "never"})


@pytest.mark.parametrize("name", ["monthly", "nightly", "before-open"])
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


def test_an_update_runs_on_weekdays_before_the_opening() -> None:
    """09:00 in Sydney, over its change of clocks; New York has closed by then."""
    from prefect.server.schemas.schedules import CronSchedule  # noqa: PLC0415

    (given,) = by_name("before-open")["schedules"]
    schedule = CronSchedule(cron=given["cron"], timezone=given["timezone"])
    assert [f"{one:%a %Y-%m-%d %H:%M %z}" for one in next_runs(schedule, 50)[40:]] == [
        "Mon 2026-09-28 09:00 +1000",
        "Tue 2026-09-29 09:00 +1000",
        "Wed 2026-09-30 09:00 +1000",
        "Thu 2026-10-01 09:00 +1000",
        "Fri 2026-10-02 09:00 +1000",
        "Mon 2026-10-05 09:00 +1100",
        "Tue 2026-10-06 09:00 +1100",
        "Wed 2026-10-07 09:00 +1100",
        "Thu 2026-10-08 09:00 +1100",
        "Fri 2026-10-09 09:00 +1100",
    ]


def test_a_missed_night_is_looked_for_every_morning() -> None:
    """06:30 in Sydney, twelve hours after the night was due, Sundays too."""
    from prefect.server.schemas.schedules import CronSchedule  # noqa: PLC0415

    (given,) = by_name("morning")["schedules"]
    schedule = CronSchedule(cron=given["cron"], timezone=given["timezone"])
    runs = next_runs(schedule, 7)
    assert {(one.hour, one.minute) for one in runs} == {(6, 30)}
    assert len({one.weekday() for one in runs}) == 7


REFUSED = [
    ("single", {"symbol": "CBA.AX", "parameters": {"epochs": 101}}, "101 is greater"),
    ("single", {"symbol": "CBA.AX", "parameters": {"dropout": -0.1}}, "-0.1 is less"),
    ("single", {"symbol": ""}, "'' does not match"),
    ("single", {"symbol": "../CBA"}, "'../CBA' does not match"),
    ("custom", {"selection": {"symbols": ["AAPL", "CBA AX"]}}, "'CBA AX' does not"),
    ("manual", {"as_of": "yesterday"}, "'yesterday' does not match"),
    ("single", {"symbol": "CBA.AX", "preset": "fast"}, "one of ['standard'"),
    ("custom", {"selection": {"universe": "asx"}}, "one of ['asx_priority'"),
    ("custom", {"selection": {"symbols": []}}, "should be non-empty"),
    ("manual", {"train": "maybe"}, "one of ['stale'"),
    ("manual", {"parameters": {"epoch": 5}}, "'epoch'"),
    ("morning", {"hours": 121}, "121 is greater"),
]


@functools.cache
def deployed(name: str) -> UUID:
    """Return the id of the deployment of that name on the tests' server."""
    module, _, function = by_name(name)["entrypoint"].rpartition(".")
    found: UUID = getattr(import_module(module), function).to_deployment(name).apply()
    return found


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.parametrize(("name", "parameters", "words"), REFUSED)
def test_the_server_refuses_before_a_run_starts(
    name: str, parameters: dict[str, Any], words: str
) -> None:
    """A value out of range is refused with value and bound, and no run is made."""
    from prefect.client.orchestration import get_client  # noqa: PLC0415
    from prefect.client.schemas.filters import DeploymentFilter  # noqa: PLC0415
    from prefect.exceptions import PrefectHTTPStatusError  # noqa: PLC0415

    ours = DeploymentFilter.model_validate({"id": {"any_": [deployed(name)]}})
    with get_client(sync_client=True) as client:
        with pytest.raises(PrefectHTTPStatusError) as refusal:
            client.create_flow_run_from_deployment(
                deployed(name), parameters=parameters
            )
        assert words in refusal.value.response.text
        assert client.read_flow_runs(deployment_filter=ours) == []


@pytest.mark.parametrize("name", ["custom", "manual"])
def test_the_form_offers_choices(name: str) -> None:
    """Presets and stock lists are choices, and descriptions contain the ranges."""
    from prefect.utilities.callables import parameter_schema  # noqa: PLC0415

    module, _, function = by_name(name)["entrypoint"].rpartition(".")
    schema = parameter_schema(getattr(import_module(module), function)).model_dump()
    parts = schema["definitions"]
    assert schema["properties"]["preset"]["enum"] == list(PRESETS)
    assert parts["Universe"]["properties"]["universe"]["enum"] == list(UNIVERSES)
    epochs = parts["TrainingOverrides"]["properties"]["epochs"]
    assert (epochs["minimum"], epochs["maximum"]) == (1, 100)
    assert "1 to 100 passes" in epochs["description"]
