"""The compose file's services, run together: who gets in, and who starts and stops.

No container engine is needed; what the image adds is in `test_image`.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import closing

import httpx
import pytest
import yaml
from compose_file import ROOT, SERVICES, guide_command
from prefect_api import prefect_api
from services_by_hand import SECRETS, ServicesByHand, services_by_hand

pytestmark = pytest.mark.long

AUTH_STRING = SECRETS["PREFECT_SERVER_API_AUTH_STRING"]
SECONDS = {"30s": 30}


@pytest.fixture(scope="module")
def services() -> Iterator[ServicesByHand]:
    """Yield the database and the server, both healthy."""
    with services_by_hand() as services:
        services.start_postgres()
        services.start("server")
        yield services


@pytest.fixture(scope="module")
def registered(services: ServicesByHand) -> ServicesByHand:
    """Return the services after the registration has run twice, as after two `up`s."""
    for _ in range(2):
        done = services.call("register", SERVICES["register"]["command"])
        assert done.returncode == 0, done.stdout
    return services


@pytest.fixture(scope="module")
def working(registered: ServicesByHand) -> ServicesByHand:
    """Return the services with a healthy worker, which its last test ends."""
    registered.start("worker")
    return registered


def asked(services: ServicesByHand, path: str) -> list[dict[str, object]]:
    """Return what the server lists at `path`."""
    with closing(prefect_api(services.url, AUTH_STRING)) as client:
        answer = client.post(f"/{path}", json={})
    found: list[dict[str, object]] = answer.raise_for_status().json()
    return found


def deployments(services: ServicesByHand) -> list[str]:
    """Return the names of the deployments, sorted."""
    return sorted(str(one["name"]) for one in asked(services, "deployments/filter"))


@pytest.mark.parametrize("path", ["health", "ready"])
def test_anybody_may_ask_whether_the_server_is_well(
    services: ServicesByHand, path: str
) -> None:
    """The health check needs no secret."""
    assert httpx.get(f"{services.url}/{path}").status_code == 200


@pytest.mark.parametrize("auth", [None, ("overnight", "wrong"), ("", "")])
def test_nobody_gets_in_without_the_secret(
    services: ServicesByHand, auth: tuple[str, str] | None
) -> None:
    """No name and password, or wrong ones: refused."""
    asked = httpx.get(f"{services.url}/admin/settings", auth=auth)
    posted = httpx.post(f"{services.url}/flows/filter", auth=auth, json={})
    assert asked.status_code == 401
    assert posted.status_code == 403  # The CSRF token is looked for first.


def test_no_other_page_may_ask(services: ServicesByHand) -> None:
    """A browser is told so for every origin but the page's own."""
    asking = {"Access-Control-Request-Method": "POST"}
    for port, status in ((services.api, 200), (4999, 400)):
        headers = asking | {"Origin": f"http://127.0.0.1:{port}"}
        answer = httpx.options(f"{services.url}/flows/", headers=headers)
        assert answer.status_code == status


def test_the_page_asks_the_server_it_came_from(services: ServicesByHand) -> None:
    """The UI is served and finds its API under the same address."""
    root = services.url.removesuffix("/api")
    assert "<html" in httpx.get(root).text
    assert httpx.get(f"{root}/ui-settings").json()["api_url"] == "/api"


def test_the_records_are_in_postgres(services: ServicesByHand) -> None:
    """The server made its tables there, by a password that no URL could hold as is."""
    query = "select count(*) from deployment"
    command = ["psql", "--username=prefect", "--dbname=prefect", "-Atc", query]
    done = services.call("postgres", command)
    assert done.returncode == 0, done.stdout
    assert done.stdout.strip().isdigit()


def test_registration_makes_every_deployment_once(registered: ServicesByHand) -> None:
    """Run twice, it leaves what `prefect.yaml` names, and nothing twice."""
    written = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    assert deployments(registered) == sorted(one["name"] for one in written)


def test_registration_makes_the_workers_pool(registered: ServicesByHand) -> None:
    """The pool is there before the worker is."""
    pools = {one["name"]: one["type"] for one in asked(registered, "work_pools/filter")}
    assert pools["overnight"] == "process"


def test_a_backup_brings_everything_back(registered: ServicesByHand) -> None:
    """What the guide's `pg_dump` writes, its `pg_restore` reads into a new database."""
    file, user = str(registered.folder / "prefect.dump"), "--username=prefect"
    *restore, dbname, clean, if_exists = guide_command("pg_restore")
    assert dbname == "--dbname=prefect"
    for command in (
        [*guide_command("pg_dump"), f"--file={file}"],
        ["createdb", user, "copy"],
        [*restore, "--dbname=copy", clean, if_exists, file],
    ):
        done = registered.call("postgres", command)
        assert done.returncode == 0, done.stdout
    names = "select name from deployment order by name"
    found = registered.call("postgres", ["psql", user, "copy", "-Atc", names])
    assert found.stdout.split() == deployments(registered)


@pytest.mark.timeout(900)
def test_a_run_outlasts_a_restart_of_the_database(working: ServicesByHand) -> None:
    """Twenty seconds without Postgres after the CSV: the run completes with one CSV."""
    home = working.folder / "home"
    with closing(prefect_api(working.url, AUTH_STRING)) as client:
        run_id = start_night(client)
        wait_until(lambda: any(home.rglob("*_screening_results.csv")), working)
        working.pause_postgres(AWAY_SECONDS)
        wait_until(lambda: ended(client, run_id), working)
        run = client.get(f"/flow_runs/{run_id}").raise_for_status().json()
    assert run["state"]["name"] == "Completed", working.log("worker")
    assert len(list(home.rglob("*_screening_results.csv"))) == 1


AWAY_SECONDS = 20


def start_night(client: httpx.Client) -> str:
    """Start a night of one symbol; return its run's id."""
    found = client.get("/deployments/name/overnight-screening/manual").json()
    asked = {"source": "sample", "selection": {"symbols": ["IBM"]}, "train": "never"}
    address = f"/deployments/{found['id']}/create_flow_run"
    made = client.post(address, json={"parameters": asked})
    return str(made.raise_for_status().json()["id"])


def ended(client: httpx.Client, run_id: str) -> bool:
    """Return whether the run has ended; a server that is not well yet says False."""
    answer = client.get(f"/flow_runs/{run_id}")
    return answer.is_success and answer.json()["end_time"] is not None


def wait_until(is_true: Callable[[], bool], services: ServicesByHand) -> None:
    """Return when the condition holds; fail with the worker's log after 5 minutes."""
    deadline = time.monotonic() + 300
    while not is_true():
        assert time.monotonic() < deadline, services.log("worker")
        time.sleep(0.1)


def test_the_worker_comes_and_goes_when_asked(working: ServicesByHand) -> None:
    """It goes online, its health check passes; on SIGTERM it ends within its time."""
    path, deadline = "work_pools/overnight/workers/filter", time.monotonic() + 60
    while not (workers := asked(working, path)):
        assert time.monotonic() < deadline, working.log("worker")
        time.sleep(0.5)
    assert [one["status"] for one in workers] == ["ONLINE"]
    working.stop("worker", SECONDS[SERVICES["worker"]["stop_grace_period"]])
    assert not working.is_healthy("worker")


def test_without_its_database_the_server_is_not_well(services: ServicesByHand) -> None:
    """The compose file's check notices; `/api/health` alone would not."""
    services.stop("postgres", 30)
    assert httpx.get(f"{services.url}/health").status_code == 200
    assert not services.is_healthy("server")
