"""`[[schedules]]` of `overnight.toml`: what a real Prefect server makes of them."""

import gc
import json
import warnings
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from config.schedules import Schedule
from flows.registration import register
from flows.scheduled_nights import (
    BUILT_IN,
    OWN_TAG,
    schedule_lines,
    scheduled_deployments,
)
from market_data.selection import find_list, select_symbols
from screening.table import csv_path, write_csv
from storage.checkout import CHECKOUT
from storage.home import Home
from storage.settings_file import read_settings

UNSCHEDULED = {
    "lstm-training/custom",
    "lstm-training/single",
    "overnight-screening/manual",
}
BUILT_IN_NAMES = UNSCHEDULED | {*BUILT_IN}
OWN = """
[universes]
mine = ["BHP.AX", "AAPL"]

[[schedules]]
list = "us_tech"
at = "16:45"
timezone = "America/New_York"
days = "mon-fri"

[[schedules]]
list = "mine"
at = "07:15"
timezone = "Europe/London"
days = "sun-thu"
train = "never"

[[schedules]]
list = "us_tech"
at = "10:00"
timezone = "America/New_York"
days = "sat"
train = "always"
"""
MOVED = """
[[schedules]]
list = "us_tech"
at = "17:30"
timezone = "America/New_York"
"""


@dataclass
class Registered:
    """A server, and what the registration of a home has made there."""

    api: str
    home: Path
    last: tuple[str, str] = ("none yet", "")

    def register(self, settings: str) -> str:
        """Register a home with these settings; return what was printed."""
        if self.last[0] == settings:
            return self.last[1]
        (self.home / "overnight.toml").write_text(settings)
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as out:
            patch.setenv("OVERNIGHT_HOME", str(self.home))
            patch.setenv("PREFECT_API_URL", self.api)
            with warnings.catch_warnings(action="ignore", category=ResourceWarning):
                register()
                gc.collect()  # Prefect's command leaves its connections open.
        self.last = (settings, out.getvalue())
        return out.getvalue()

    def post(self, path: str, **body: Any) -> Any:  # noqa: ANN401  JSON
        """Return the server's answer; Prefect's client asks a busy server again."""
        from prefect.client.orchestration import get_client  # noqa: PLC0415

        with get_client(sync_client=True) as client:
            return client._client.post(path, json=body).json()

    def deploy(self, name: str, *tags: str) -> None:
        """Store a deployment called `flow/deployment` that starts at 05:00 UTC."""
        flow, _, own = name.partition("/")
        self.post(
            "deployments/",
            name=own,
            flow_id=self.post("flows/", name=flow)["id"],
            tags=tags,
            schedules=[{"schedule": {"cron": "0 5 * * *", "timezone": "UTC"}}],
        )

    def deployments(self) -> dict[str, dict[str, Any]]:
        """Return the deployments by full name."""
        flows = {one["id"]: one["name"] for one in self.post("flows/filter")}
        return {
            f"{flows[one['flow_id']]}/{one['name']}": one
            for one in self.post("deployments/filter")
        }

    def starts(self, name: str, first: date, last: date) -> list[str]:
        """Return the runs that the server schedules between two days, in UTC."""
        found = self.deployments()[name]
        times = {"start_time": f"{first}T00:00:00Z", "end_time": f"{last}T00:00:00Z"}
        self.post(f"deployments/{found['id']}/schedule", **times, min_runs=50)
        runs = self.post(
            "flow_runs/filter", deployments={"id": {"any_": [found["id"]]}}, limit=200
        )
        starts = sorted(one["expected_start_time"][:16] for one in runs)
        return [one for one in starts if str(first) <= one < str(last)]


@pytest.fixture(scope="module")
def registered(
    tmp_path_factory: pytest.TempPathFactory,
    prefect_server: None,  # noqa: ARG001
) -> Iterator[Registered]:
    """Give a server with deployments: the built-in ones, a user's own, and old ones.

    The old ones are of two schedules: one that is now at another hour, and one that is
    gone. No registration made any of these: each takes seconds.
    """
    from prefect.client.orchestration import get_client  # noqa: PLC0415
    from prefect.settings import PREFECT_API_URL  # noqa: PLC0415

    found = Registered(str(PREFECT_API_URL.value()), tmp_path_factory.mktemp("home"))
    for name in (*BUILT_IN, OF_THE_USER):
        found.deploy(name, "screening")
    for name in (US_TECH, "overnight-screening/nightly-gone"):
        found.deploy(name, OWN_TAG)
    yield found
    with get_client(sync_client=True) as client:
        for one in client.read_deployments():
            client.delete_deployment(one.id)


US_TECH = "overnight-screening/nightly-us_tech"
OF_THE_USER = "overnight-screening/nightly-of-my-own"


def test_own_schedules_replace_the_built_in_ones(registered: Registered) -> None:
    """Each scheduled list has its night and its training; the user's own one stays.

    A list that is no longer scheduled has no deployment.
    """
    said = registered.register(OWN)
    found = registered.deployments()
    assert set(found) == UNSCHEDULED | {
        OF_THE_USER,
        "overnight-screening/nightly-us_tech",
        "overnight-screening/nightly-mine",
        "lstm-training/monthly-us_tech",
        "lstm-training/monthly-mine",
        "night-watch/morning",
        "morning-update/before-open",
    }
    night = found["overnight-screening/nightly-mine"]
    assert night["parameters"] == {"selection": {"own_list": "mine"}, "train": "never"}
    assert night["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
    assert night["work_pool_name"] == "overnight"
    assert "overnight-screening/nightly-us_tech: next run " in said
    assert "16:45 America/New_York" in said or "10:00 America/New_York" in said


@pytest.mark.parametrize(
    ("first", "last", "starts"),
    [
        (
            date(2027, 3, 11),
            date(2027, 3, 17),
            [
                "2027-03-11T21:45",
                "2027-03-12T21:45",
                "2027-03-13T15:00",
                "2027-03-15T20:45",
                "2027-03-16T20:45",
            ],
        ),
        (
            date(2027, 11, 5),
            date(2027, 11, 9),
            ["2027-11-05T20:45", "2027-11-06T14:00", "2027-11-08T21:45"],
        ),
    ],
)
def test_the_hour_is_the_zones_own_all_the_year(
    registered: Registered, first: date, last: date, starts: list[str]
) -> None:
    """16:45 in New York stays 16:45 when the clocks change there, and on no Sunday."""
    registered.register(OWN)
    assert registered.starts(US_TECH, first, last) == starts


def test_each_time_of_a_list_trains_in_its_own_way(registered: Registered) -> None:
    """Saturday's runs train all models, those of other days the stale ones.

    The hour that an older schedule had is gone.
    """
    registered.register(OWN)
    name = US_TECH
    found = registered.deployments()[name]
    trains = {
        one["schedule"]["cron"]: one["parameters"]["train"]
        for one in found["schedules"]
    }
    assert trains == {"45 16 * * 1,2,3,4,5": "stale", "0 10 * * 6": "always"}
    registered.starts(name, date(2027, 5, 1), date(2027, 5, 4))
    runs = registered.post(
        "flow_runs/filter", deployments={"id": {"any_": [found["id"]]}}, limit=200
    )
    by_day = {
        one["expected_start_time"][:10]: one["parameters"]["train"] for one in runs
    }
    assert (by_day["2027-05-01"], by_day["2027-05-03"]) == ("always", "stale")


def test_without_schedules_the_built_in_ones_are_back(registered: Registered) -> None:
    """The default is what it was; the user's own deployment has been left alone."""
    registered.register(OWN)
    said = registered.register("")
    found = registered.deployments()
    assert set(found) == BUILT_IN_NAMES | {OF_THE_USER}
    assert found["night-watch/morning"]["parameters"] == {
        "selection": {"universe": "asx_priority"}
    }
    assert found[OF_THE_USER]["schedules"][0]["schedule"]["cron"] == "0 5 * * *"
    assert "overnight-screening/nightly: next run " in said
    assert "18:30 Australia/Sydney" in said


def deployed(tmp_path: Path, settings: str) -> dict[str, Any]:
    """Return the deployments that a home with these settings has, by name."""
    (tmp_path / "overnight.toml").write_text(settings)
    content = scheduled_deployments(CHECKOUT / "prefect.yaml", read_settings(tmp_path))
    return {one["name"]: one for one in content["deployments"]}


def test_the_overnight_list_keeps_the_built_in_names(tmp_path: Path) -> None:
    """Another hour of asx_priority moves `nightly`; it makes no second deployment."""
    at = MOVED.replace("us_tech", "asx_priority")
    found = deployed(tmp_path, at)
    assert {one.partition("/")[2] for one in BUILT_IN_NAMES} == set(found)
    (schedule,) = found["nightly"]["schedules"]
    assert schedule["cron"] == "30 17 * * 1,2,3,4,5"


def test_no_schedule_at_all_leaves_the_deployments_on_demand(tmp_path: Path) -> None:
    """`schedules = []` is a home in which nothing runs by itself."""
    assert set(deployed(tmp_path, "schedules = []")) == {
        "custom",
        "single",
        "manual",
    }


def test_the_update_is_scheduled_for_stocks_that_have_a_lead(tmp_path: Path) -> None:
    """New York has no market before it, so its lists alone have no update."""
    sydney = MOVED.replace("us_tech", "asx_priority")
    assert "before-open" in deployed(tmp_path, sydney + MOVED)
    assert "before-open" not in deployed(tmp_path, MOVED)


def test_every_name_and_parameter_is_one_that_prefect_takes(tmp_path: Path) -> None:
    """Odd list names become deployments, whose flows take their parameters."""
    from flows.night_watch import night_watch  # noqa: PLC0415
    from flows.overnight_screening import overnight_screening  # noqa: PLC0415

    settings = '[universes]\n"Größe 1.x_-" = ["AAPL"]\n' + MOVED.replace(
        "us_tech", "Größe 1.x_-"
    )
    found = deployed(tmp_path, settings)
    night = found["nightly-Größe 1.x_-"]
    assert overnight_screening.validate_parameters(night["parameters"])
    assert night_watch.validate_parameters(found["morning"]["parameters"])
    json.dumps(found)


def test_the_next_run_is_told_in_its_own_zone(tmp_path: Path) -> None:
    """A line for each scheduled deployment: Sydney's Sunday is no day of New York's."""
    found = deployed(tmp_path, MOVED)
    now = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
    lines = schedule_lines(list(found.values()), now)
    assert lines == [
        "lstm-training/monthly-us_tech: next run Sat 2026-12-05 01:00 Australia/Sydney",
        f"{US_TECH}: next run Mon 2026-11-30 17:30 America/New_York",
        "night-watch/morning: next run Mon 2026-11-30 06:30 Australia/Sydney",
    ]


NEW_YORK = Schedule(list="us_tech", at="16:45", timezone="America/New_York")
SYDNEY = Schedule(list="asx_priority", at="18:30", timezone="Australia/Sydney")


@pytest.mark.parametrize(
    ("schedule", "before", "start"),
    [
        # Sydney's watch at 06:30 on Tuesday: New York is still in Monday's session.
        (NEW_YORK, "2025-11-10T17:30", "2025-11-07T21:45"),
        (NEW_YORK, "2025-11-10T21:45", "2025-11-10T21:45"),
        (NEW_YORK, "2025-11-10T21:44", "2025-11-07T21:45"),
        (NEW_YORK, "2025-11-03T21:45", "2025-11-03T21:45"),
        (NEW_YORK, "2025-11-01T12:00", "2025-10-31T20:45"),
        (SYDNEY, "2025-11-09T17:30", "2025-11-07T07:30"),
        (SYDNEY, "2025-11-10T17:30", "2025-11-10T07:30"),
        (
            SYDNEY.model_copy(update={"days": "sun"}),
            "2025-11-10T00:00",
            "2025-11-09T07:30",
        ),
        (
            SYDNEY.model_copy(update={"days": "sun"}),
            "2025-11-09T07:29",
            "2025-11-02T07:30",
        ),
    ],
)
def test_a_night_is_due_from_its_own_last_start(
    schedule: Schedule, before: str, start: str
) -> None:
    """The latest start by the clock of the schedule's zone, summer time included."""
    instant = datetime.fromisoformat(before).replace(tzinfo=UTC)
    assert f"{schedule.latest_start(instant):%Y-%m-%dT%H:%M}" == start


def publish(home: Path, name: str, as_of: date) -> None:
    """Write the CSV of a list's night, all symbols usable."""
    symbols = select_symbols(find_list(name), read_settings(home).all_universes)
    rows = [{"symbol": one, "data_status": "ok", "as_of": as_of} for one in symbols]
    write_csv(csv_path(Home(home).screening_csv, as_of), rows)


def watch_at(home: Path, before: datetime) -> Any:  # noqa: ANN401  a Prefect state
    """Return the watch's state for both lists, the nights being due at an instant."""
    from flows.night_watch import (  # noqa: PLC0415
        WatchRequest,
        check_nights,
        due_nights,
    )

    request = WatchRequest(schedules=(SYDNEY, NEW_YORK), home=home)
    return check_nights(due_nights(request, before))


def test_the_watch_knows_when_each_list_is_due(tmp_path: Path) -> None:
    """At Sydney's 06:30 New York's night of the day is not missed: it comes later."""
    morning = datetime(2025, 11, 11, 6, 30, tzinfo=ZoneInfo("Australia/Sydney"))
    publish(tmp_path, "asx_priority", date(2025, 11, 10))
    publish(tmp_path, "us_tech", date(2025, 11, 7))
    assert watch_at(tmp_path, morning).is_completed()
    evening = datetime(2025, 11, 10, 18, 50, tzinfo=ZoneInfo("America/New_York"))
    state = watch_at(tmp_path, evening)
    assert state.name == "Missed"
    assert "us_tech" in state.message
    assert "asx_priority" not in state.message


def test_every_missed_list_is_named(tmp_path: Path) -> None:
    """With nothing published both nights are missed, each with its list and path."""
    morning = datetime(2025, 11, 11, 6, 30, tzinfo=ZoneInfo("Australia/Sydney"))
    said = watch_at(tmp_path, morning).message
    assert said.count("is not published") == 2
    assert "2025-11-10_screening" in said
    assert "2025-11-07_screening" in said
