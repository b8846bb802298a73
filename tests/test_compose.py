"""`docker-compose.yml` and `.env.example`: services, volumes and access."""

import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec

import pytest
from compose_file import (
    COMPOSE,
    ROOT,
    SERVICES,
    TEXT,
    env_example,
    environment,
    health_check,
    required,
    variables,
    volumes,
)

from config.settings import RunSettings
from flows.server_settings import PATIENT_CLIENT, delete_old_runs

OURS = {"server", "register", "worker"}
LASTING = {"postgres", "server", "worker"}
SECRETS = {"POSTGRES_PASSWORD", "PREFECT_SERVER_API_AUTH_STRING"}

Answering = Callable[[int], int]


@pytest.fixture
def answering() -> Iterator[Answering]:
    """Yield a function that serves one HTTP status on loopback and returns the port."""
    servers: list[HTTPServer] = []

    def serve(status: int) -> int:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                known = self.path in {"/api/ready", "/health"}
                self.send_response(status if known else 404)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        servers.append(HTTPServer(("127.0.0.1", 0), Answer))
        serve = servers[-1].serve_forever
        threading.Thread(target=serve, args=(0.01,), daemon=True).start()
        return servers[-1].server_port

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def verdict(service: str, port: int) -> int:
    """Return the exit code of a service's own health check, asked of `port`."""
    python, *rest = health_check(service)
    assert python == "python"
    moved = [re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{port}", part) for part in rest]
    done = subprocess.run([sys.executable, *moved], capture_output=True, check=False)
    return done.returncode


def test_the_services_are_these() -> None:
    """A database, one server, a registration that ends, and a worker; no Redis."""
    assert set(SERVICES) == OURS | {"postgres"}
    assert {name for name in SERVICES if "build" in SERVICES[name]} == {"server"}
    assert {SERVICES[name]["image"] for name in OURS} == {"event-risk-guard"}


def test_one_service_builds_and_none_pulls_our_image() -> None:
    """An image of the same name is never pulled from a registry."""
    assert {SERVICES[name]["pull_policy"] for name in OURS} == {"never"}
    assert SERVICES["server"]["build"] == "."


def test_the_base_of_the_database_is_named_to_the_minor_version() -> None:
    """Images are named to the minor version, so none changes by itself."""
    assert re.fullmatch(r"postgres:\d+\.\d+-alpine", SERVICES["postgres"]["image"])


def test_each_waits_for_what_it_needs() -> None:
    """Database, server, registration, worker, in this order."""
    waits = {name: SERVICES[name].get("depends_on", {}) for name in SERVICES}
    assert waits == {
        "postgres": {},
        "server": {"postgres": {"condition": "service_healthy"}},
        "register": {"server": {"condition": "service_healthy"}},
        "worker": {"register": {"condition": "service_completed_successfully"}},
    }


def test_what_is_waited_for_can_say_that_it_is_well() -> None:
    """Services that keep running have a health check; the one that ends has none."""
    assert {name for name in SERVICES if "healthcheck" in SERVICES[name]} == LASTING


@pytest.mark.parametrize("service", sorted(LASTING))
def test_a_health_check_gives_up_in_time(service: str) -> None:
    """Each check has a limit, a pace and a time to start that are written down."""
    written = set(SERVICES[service]["healthcheck"])
    assert written == {"test", "interval", "timeout", "retries", "start_period"}


@pytest.mark.parametrize("service", ["server", "worker"])
@pytest.mark.parametrize("status", [200, 401, 404, 500, 503])
def test_only_a_good_answer_is_health(
    service: str, status: int, answering: Answering
) -> None:
    """The health check passes on 200 and fails on everything else."""
    assert (verdict(service, answering(status)) == 0) is (status == 200)


@pytest.mark.parametrize("service", ["server", "worker"])
def test_no_answer_is_no_health(service: str, answering: Answering) -> None:
    """The check fails if nothing listens on the port."""
    port = answering(200)
    assert verdict(service, port) == 0
    assert verdict(service, 1) != 0


def test_only_the_page_is_published_and_only_here() -> None:
    """One port, and it is not open to the network."""
    ports = {name: one["ports"] for name, one in SERVICES.items() if "ports" in one}
    assert ports == {"server": ["127.0.0.1:4200:4200"]}


def test_only_the_server_reaches_the_database() -> None:
    """Only the server is on the database's network, which has no way out."""
    joined = {name: one.get("networks", ["default"]) for name, one in SERVICES.items()}
    on_it = {name for name in joined if "database" in joined[name]}
    assert on_it == {"postgres", "server"}
    assert joined["postgres"] == ["database"]
    assert COMPOSE["networks"] == {"database": {"internal": True}}


def test_what_must_last_lies_on_named_volumes() -> None:
    """Every volume is declared and used, each at the place its user writes to."""
    assert volumes() == {
        "database": "/var/lib/postgresql/data",
        "home": "/srv/overnight",
        "language_model": "/srv/huggingface",
    }
    assert set(COMPOSE["volumes"]) == set(volumes())


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_a_service_has_no_more_rights_than_it_needs(service: str) -> None:
    """No capabilities, no new privileges, a read-only root file system."""
    confined = SERVICES[service]
    assert confined["cap_drop"] == ["ALL"]
    assert confined["security_opt"] == ["no-new-privileges:true"]
    assert confined["read_only"] is True
    assert "/tmp" in confined["tmpfs"]  # noqa: S108  the container's own
    assert not {"privileged", "cap_add", "network_mode", "pid"} & set(confined)


def test_whoever_runs_on_comes_back_and_may_end_in_peace() -> None:
    """All services but the registration restart after a crash or a reboot."""
    again = {name: one["restart"] for name, one in SERVICES.items()}
    assert again == dict.fromkeys(LASTING, "unless-stopped") | {"register": "no"}
    assert SERVICES["postgres"]["stop_grace_period"] == "90s"
    assert SERVICES["worker"]["stop_grace_period"] == "30s"


@pytest.mark.parametrize("service", sorted(OURS))
def test_signals_reach_the_process(service: str) -> None:
    """A command is a list, so no shell stands before it, and `init` passes signals."""
    assert isinstance(SERVICES[service]["command"], list)
    assert SERVICES[service]["init"] is True


@pytest.mark.parametrize("service", ["server", "worker"])
def test_prefect_knows_the_options(
    service: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each option of a Prefect command is in that command's help."""
    from prefect.cli import app  # noqa: PLC0415  it is slow

    words = SERVICES[service]["command"]
    assert words[0] == "prefect"
    monkeypatch.setattr(sys, "argv", [*words[:3], "--help"])
    with pytest.raises(SystemExit, match=r"^0$"):
        app()
    shown = capsys.readouterr().out
    options = [word for word in words if word.startswith("--")]
    assert [option for option in options if option not in shown] == []


def test_the_registration_is_a_module_of_ours() -> None:
    """`python -m` finds the registration's module."""
    python, dash_m, module = SERVICES["register"]["command"]
    assert (python, dash_m) == ("python", "-m")
    assert find_spec(module) is not None


def test_worker_and_pool_go_by_the_deployments_name() -> None:
    """The worker polls the pool that `prefect.yaml` deploys to."""
    command = SERVICES["worker"]["command"]
    pool = command[command.index("--pool") + 1]
    assert f"name: {pool}\n" in (ROOT / "prefect.yaml").read_text()


def test_without_a_secret_nothing_starts() -> None:
    """Both secrets are required, and the message says where to put them."""
    refusals = required(TEXT)
    assert set(refusals) == SECRETS
    assert all(".env" in refusal for refusal in refusals.values())


def test_every_variable_is_explained_and_every_explained_one_used() -> None:
    """`.env.example` and the compose file name the same variables."""
    assert variables(TEXT) == set(env_example())


def test_no_file_holds_a_secret() -> None:
    """The example has no value, and every secret of the file comes from a variable."""
    assert set(env_example().values()) == {""}
    given = [one for service in SERVICES for one in environment(service, {}).items()]
    loud = {name: value for name, value in given if re.search("PASS|AUTH|URL$", name)}
    assert {value for name, value in loud.items() if "URL" not in name} == {""}
    assert not any("@" in value for value in loud.values())


def test_git_never_takes_the_filled_in_file() -> None:
    """`.env` is ignored, its example is not."""
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert "/.env" in ignored


def test_both_sides_get_the_same_secrets() -> None:
    """The server and its clients, the database and the server, agree."""
    values = {"POSTGRES_PASSWORD": "p@ss", "PREFECT_SERVER_API_AUTH_STRING": "me:x"}
    server = environment("server", values)
    assert environment("postgres", values)["POSTGRES_PASSWORD"] == "p@ss"  # noqa: S105
    assert server["PREFECT_SERVER_DATABASE_PASSWORD"] == "p@ss"  # noqa: S105
    assert server["PREFECT_SERVER_API_AUTH_STRING"] == "me:x"
    for client in ("register", "worker"):
        assert environment(client, values)["PREFECT_API_AUTH_STRING"] == "me:x"


def test_a_client_asks_the_server_by_name_and_port() -> None:
    """`PREFECT_API_URL` names the service and the port that it listens on."""
    published = SERVICES["server"]["ports"][0].rpartition(":")[2]
    for client in ("register", "worker"):
        url = environment(client, {})["PREFECT_API_URL"]
        assert url == f"http://server:{published}/api"


def test_nothing_is_told_to_strangers() -> None:
    """Prefect's own statistics stay off."""
    assert environment("server", {})["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"


def test_old_runs_are_deleted_after_the_same_days_as_by_deploy() -> None:
    """The default is the setting's; `.env` may hold another number of seconds."""
    kept = delete_old_runs(RunSettings())
    assert environment("server", {}).items() >= kept.items()
    (name,) = (name for name in kept if name.endswith("RETENTION_PERIOD"))
    assert environment("server", {name: "7200"})[name] == "7200"


@pytest.mark.parametrize("client", ["register", "worker"])
def test_a_client_outlasts_a_restart_of_server_or_database(client: str) -> None:
    """The worker is set as its runs are."""
    assert environment(client, {}).items() >= PATIENT_CLIENT.items()


def test_other_pages_are_kept_out() -> None:
    """The page's own origin alone is allowed, and changes need a CSRF token."""
    server = environment("server", {})
    page = server["PREFECT_UI_URL"]
    assert server["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"] == page
    assert server["PREFECT_SERVER_CSRF_PROTECTION_ENABLED"] == "true"


def test_the_notices_address_is_for_the_registration_alone() -> None:
    """Only the registration gets the webhook's address; no run needs it."""
    has = {name for name in SERVICES if "OVERNIGHT_NOTICE_URL" in environment(name, {})}
    assert has == {"register"}


def test_the_addresses_of_messages_are_for_the_worker_alone() -> None:
    """The worker's runs send the messages; no other service needs the addresses."""
    has = {name for name in SERVICES if "OVERNIGHT_DELIVER_TO" in environment(name, {})}
    assert has == {"worker"}
