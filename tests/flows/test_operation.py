"""`overnight deploy`: a server, the deployments, and a worker that runs what is asked.

One real start for all tests here, on a terminal and in an empty home directory; its
automations post to a receiver on loopback.
"""

import contextlib
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from contextvars import copy_context
from datetime import UTC, datetime
from functools import partial
from logging.handlers import QueueHandler
from pathlib import Path
from queue import SimpleQueue
from subprocess import DEVNULL, PIPE
from typing import Any

import httpx
import psutil
import pytest
from own_operation import Operation, free_port, receiver
from own_server import Prepare
from own_terminal import OwnTerminal
from playwright.sync_api import sync_playwright
from typer.testing import CliRunner

from cli.app import app
from config.errors import RunError
from flows.automations import end_dead_runs
from flows.night_watch import night_watch
from flows.operation import _wait_for_end
from flows.overnight_screening import overnight_screening
from market_data.selection import Symbols
from storage.home import Home
from storage.lock import one_run_at_a_time

COMMAND = Path(sys.executable).with_name("overnight")
ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "2013-03-01_screening_results.csv"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def operation(
    tmp_path_factory: pytest.TempPathFactory, prepare_prefect: Prepare
) -> Iterator[Operation]:
    """Give a running `overnight deploy` of a new user."""
    folder = tmp_path_factory.mktemp("operation")
    prepare_prefect(folder / ".prefect")
    port = free_port()
    with receiver() as (hook, posted):
        environment = {
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "OVERNIGHT_NOTICE_URL": hook,
            "PREFECT_API_URL": "http://127.0.0.1:9/api",  # of another server, long gone
            "PREFECT_API_KEY": "pnu_of_another_server",
            "PREFECT_SERVER_DATABASE_PASSWORD": "of-the-database",
            "PREFECT_WORKER_QUERY_SECONDS": "2",  # It would look every ten.
            "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": "864000",
            "PREFECT_SERVER_SERVICES_DB_VACUUM_LOOP_SECONDS": "5",  # Not an hour.
            "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",  # It starts sooner.
            "PREFECT_API_SSL_CERT_FILE": os.environ["PREFECT_API_SSL_CERT_FILE"],
            "OTHER_PROGRAMS_TOKEN": "hush",
        }
        home = folder / "nights of mine"
        terminal = OwnTerminal(
            [COMMAND, "deploy", "--port", str(port), "--home", home], environment
        )
        api = f"http://127.0.0.1:{port}/api"
        try:
            terminal.wait_for("symbol=CBA.AX")
            running = Operation(terminal, api, folder, posted)
            yield running
            running.client.close()
        finally:
            terminal.process.terminate()
            terminal.ended()


def test_it_says_where_it_is(operation: Operation) -> None:
    """Address, results and password are shown; no question, no advice on profiles."""
    assert operation.api.removesuffix("/api") in operation.terminal.text
    assert str(operation.home) in operation.terminal.text
    assert "How would you like to proceed" not in operation.terminal.text
    assert "prefect config set" not in operation.terminal.text


def test_everything_is_registered(operation: Operation) -> None:
    """All deployments, the pool and the server's automations are there."""
    listed = operation.listed("deployments")
    names = {one["name"] for one in listed}
    assert names == {
        *("monthly", "custom", "single", "nightly", "manual", "morning"),
        "before-open",
    }
    assert {one["work_pool_name"] for one in listed} == {"overnight"}
    scheduled = {one["name"] for one in listed if one["schedules"]}
    assert scheduled == {"monthly", "nightly", "morning", "before-open"}
    assert len(operation.listed("automations")) == 2
    limits = operation.listed("v2/concurrency_limits")
    (yahoo,) = [one for one in limits if one["name"] == "yahoo"]
    assert yahoo["slot_decay_per_second"] == 2


def test_the_server_deletes_a_run_that_ended_long_ago(operation: Operation) -> None:
    """Task and log go with it; the user's variable sets ten days here, not 90."""
    old, young = (ended_run(operation, days) for days in (11, 9))
    for _ in range(480):
        if operation.client.get(f"/flow_runs/{old}").status_code == 404:
            break
        time.sleep(0.25)
    assert operation.client.get(f"/flow_runs/{young}").status_code == 200
    both = {"flow_run_id": {"any_": [old, young]}}
    logs = operation.listed("logs", logs=both)
    assert {log["flow_run_id"] for log in logs} == {young}
    tasks = operation.listed("task_runs", flow_runs={"id": {"any_": [old, young]}})
    assert {task["flow_run_id"] for task in tasks} == {young}


def ended_run(operation: Operation, days: int) -> str:
    """Return a run with a task and a log, which ended that many days ago."""
    flow = operation.sent("/flows/", {"name": "night-watch"}).json()["id"]
    ended = {"flow_id": flow, "state": {"type": "COMPLETED"}}
    run = str(operation.sent("/flow_runs/", ended).raise_for_status().json()["id"])
    task = {"flow_run_id": run, "task_key": "download", "dynamic_key": "0"}
    operation.sent("/task_runs/", task).raise_for_status()
    moment = datetime.now(UTC).isoformat()
    log = {"name": "prefect", "level": 20, "message": "said", "timestamp": moment}
    operation.sent("/logs/", [log | {"flow_run_id": run}]).raise_for_status()
    database = operation.user_home / ".prefect" / "prefect.db"
    with closing(sqlite3.connect(database, timeout=60)) as records, records:
        earlier = "UPDATE flow_run SET end_time = datetime('now', ?) WHERE id = ?"
        records.execute(earlier, (f"-{days} days", run))
    return run


def test_a_second_registration_keeps_the_watch_over_runs(operation: Operation) -> None:
    """A new automation would never end a run that died before it was made."""
    dead = {"automations": {"name": {"any_": [DEAD]}}}
    before = operation.listed("automations", **dead)
    with operation.used_here():
        end_dead_runs()
        assert operation.listed("automations", **dead) == before
        end_dead_runs(600)
        assert operation.listed("automations", **dead)[0]["id"] != before[0]["id"]
        end_dead_runs()
    assert len(operation.listed("automations", **dead)) == 1


@pytest.mark.parametrize("host", ["", "evil.example"])
@pytest.mark.parametrize("auth", [None, ("overnight", "wrong"), ("", "")])
def test_nobody_gets_in_without_the_string(
    operation: Operation, auth: tuple[str, str] | None, host: str
) -> None:
    """No string or a wrong one, also under another host name: 401, and no change.

    A request without the CSRF token is refused with 403 before its string is read.
    """
    named = {"Host": host} if host else {}
    owned = operation.client.headers
    tokens = {name: owned[name] for name in owned if name.startswith("prefect-csrf")}
    evil, flows = {"name": "evil"}, f"{operation.api}/flows/"
    asked = httpx.get(f"{operation.api}/admin/settings", auth=auth, headers=named)
    made = httpx.post(flows, auth=auth, headers=named | tokens, json=evil)
    forged = httpx.post(flows, auth=auth, headers=named, json=evil)
    assert len(tokens) == 2
    answers = [asked.status_code, made.status_code, forged.status_code]
    assert answers == [401, 401, 403]
    assert "evil" not in {one["name"] for one in operation.listed("flows")}


EVIL = """<script>
const api = "API", name = JSON.stringify({name: "evil"});
const send = (path, how) => fetch(api + path, how)
  .then((answer) => answer.type + " " + answer.status, (error) => String(error));
const post = (how) => send("/flows/", {method: "POST", body: name, ...how});
Promise.all([
  post({mode: "no-cors", headers: {"Content-Type": "text/plain"}}),
  post({mode: "no-cors", body: new Blob([name])}),
  post({mode: "no-cors", credentials: "include"}),
  post({headers: {"Content-Type": "application/json"}}),
  post({headers: {"Content-Type": "application/json", "Prefect-Csrf-Token": "x",
                  "Prefect-Csrf-Client": "x", "Authorization": "Basic eDp5"}}),
  send("/csrf-token?client=x"),
]).then((found) => { document.title = "done: " + found.join(", ") });
</script>"""
"""It sends what a browser sends without asking first, and what it asks for first."""

UNREAD = "opaque 0"
BLOCKED = "TypeError: Failed to fetch"


def test_another_page_can_do_nothing(operation: Operation, tmp_path: Path) -> None:
    """A page of another port, open in Chromium, reads nothing and creates no flow."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        pytest.skip("no Chromium is installed; on Debian: apt-get install chromium")
    (tmp_path / "index.html").write_text(EVIL.replace("API", operation.api))
    port = str(free_port())
    words = [sys.executable, "-m", "http.server", port, "--bind", "127.0.0.1"]
    with sync_playwright() as play, own_process(words, tmp_path):
        # Root has no sandbox in a container; the pages are our own.
        browser = play.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(reached(f"http://127.0.0.1:{port}/"))
        page.wait_for_function("document.title.startsWith('done')")
        answers = page.title().removeprefix("done: ").split(", ")
        browser.close()
    assert answers == [UNREAD] * 3 + [BLOCKED] * 3
    flows = {one["name"] for one in operation.listed("flows")}
    ours = {"lstm-training", "night-watch", "overnight-screening", "morning-update"}
    assert flows == ours


def test_only_its_own_page_may_use_the_api(operation: Operation) -> None:
    """Asked before a request, the server allows its own page and no other."""
    own = operation.api.removesuffix("/api")
    for origin in (own, "http://127.0.0.1:1", "http://evil.example", "null"):
        answer = httpx.options(
            f"{operation.api}/flows/",
            headers={"Origin": origin, "Access-Control-Request-Method": "POST"},
        )
        allowed = answer.headers.get("Access-Control-Allow-Origin")
        assert allowed == (own if origin == own else None)


@contextlib.contextmanager
def own_process(words: list[str], folder: Path) -> Iterator[None]:
    """Run a program in the folder until the block ends."""
    with subprocess.Popen(words, cwd=folder, stderr=subprocess.DEVNULL) as process:
        yield
        process.terminate()


def reached(address: str) -> str:
    """Return the address when somebody answers there."""
    for _ in range(100):
        with contextlib.suppress(httpx.TransportError):
            httpx.get(address)
            return address
        time.sleep(0.1)
    raise AssertionError(f"nobody answers at {address}")


def test_the_string_is_for_its_owner_only(operation: Operation) -> None:
    """Its file is the owner's alone; no process shows it among its arguments."""
    (file,) = operation.home.glob("data/*auth*")
    assert file.read_text().strip() == operation.auth_string
    assert file.stat().st_mode & 0o777 == 0o600
    arguments = [one.cmdline() for one in operation.processes]
    assert len(arguments) >= 2
    assert operation.auth_string not in f"{arguments}"
    assert operation.terminal.text.count(operation.auth_string) == 1


def test_a_run_gets_no_secret_that_it_does_not_need(operation: Operation) -> None:
    """The worker's environment, which its runs get, has none of the user's others."""
    given = operation.worker.environ()
    assert given["OVERNIGHT_HOME"] == str(operation.home)
    assert given["PREFECT_API_AUTH_STRING"] == operation.auth_string
    for secret in ("hush", "pnu_of", "of-the-database", "/hook"):
        assert secret not in f"{given}"


def test_nothing_of_prefects_is_left_in_the_home_directory(
    operation: Operation,
) -> None:
    """No profile is written, and no device id of Prefect's telemetry."""
    written = {path.name for path in (operation.user_home / ".prefect").iterdir()}
    assert "profiles.toml" not in written
    assert ".sdk_telemetry" not in written


def test_a_line_that_is_printed_starts_a_run(
    operation: Operation, tmp_path: Path
) -> None:
    """Pasted into a new shell, it starts its deployment."""
    if not shutil.which("uv"):
        pytest.skip("uv is not installed")
    lines = operation.terminal.text.splitlines()
    (line,) = [one for one in lines if one.endswith("overnight-screening/manual")]
    pasted = subprocess.run(
        ["/bin/sh", "-c", f"{line} --start-in '1 hour' -p train=never"],
        cwd=ROOT,
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"], "UV_NO_SYNC": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert pasted.returncode == 0, pasted.stdout
    assert "Created flow run" in pasted.stdout


@pytest.mark.parametrize("name", ["overnight-screening/manual", "night-watch/morning"])
def test_a_parameter_that_no_flow_has_is_refused(
    operation: Operation, name: str
) -> None:
    """The server names the parameter, and makes no run."""
    answer = operation.asked(name, nosuch=1)
    assert answer.status_code == 409
    assert "'nosuch' was unexpected" in answer.text
    flow = {"name": {"any_": [name.partition("/")[0]]}}
    # Runs that are wanted now come before those of the schedules.
    runs = operation.listed("flow_runs", flows=flow, sort="EXPECTED_START_TIME_ASC")
    assert [run for run in runs if "nosuch" in run["parameters"]] == []


def test_one_symbol_is_trained_by_name(operation: Operation) -> None:
    """`-p symbol=` is all a training needs; the run's name has symbol and night."""
    training: dict[str, Any] = {"symbol": "aapl", "source": "sample"}
    training |= {"parameters": {"epochs": 1, "lstm_units": [4, 3]}}
    run = operation.ended(operation.start("lstm-training/single", **training))
    assert run["state"]["name"] == "Completed"
    assert run["name"] == "lstm-training AAPL 2013-03-01"
    assert (operation.home / "models" / "lstm_AAPL_model.keras").exists()


def test_the_second_of_two_runs_of_a_night_is_skipped(
    operation: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs of one night at once: one publishes, the other waits and is skipped.

    The lock that this test holds stands for the run that publishes. Prefect takes a run
    of this process for a deployment's if the variable says so.
    """
    home = Home(operation.user_home / "other nights")
    monkeypatch.setenv("PREFECT__RUNTIME__DEPLOYMENT__ID", "of the other run")
    chosen = Symbols(symbols=("IBM",))
    night: Any = {"source": "sample", "selection": chosen, "home": str(home.root)}
    with operation.used_here(), first_warning() as warned, ThreadPoolExecutor() as pool:
        with one_run_at_a_time(home):
            context = copy_context()
            run = partial(overnight_screening, **night, return_state=True)
            waiting = pool.submit(context.run, run)
            waits = "Another run is using this home"
            assert warned.get(timeout=150).getMessage().startswith(waits)
            home.screening_csv.mkdir(parents=True)
            shutil.copy(GOLDEN, home.screening_csv)
        assert waiting.result().name == "Skipped"


@contextlib.contextmanager
def first_warning() -> Iterator["SimpleQueue[logging.LogRecord]"]:
    """Yield the queue of what flow runs of this process log, from warnings on."""
    records: SimpleQueue[logging.LogRecord] = SimpleQueue()
    logger, handler = logging.getLogger("prefect.flow_runs"), QueueHandler(records)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)
    try:
        yield records
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


@pytest.fixture(scope="module")
def lost(operation: Operation) -> dict[str, dict[str, Any]]:
    """Return the states of a failed night and of the watch over it, by flow."""
    with operation.used_here():
        wrong: Any = {"own_list": 'no "such" list'}
        overnight_screening(selection=wrong, return_state=True)
        night_watch(return_state=True)
    flows = {one["id"]: one["name"] for one in operation.listed("flows")}
    state = {"type": {"any_": ["FAILED"]}}
    runs = operation.listed("flow_runs", flow_runs={"state": state})
    return {flows[run["flow_id"]]: run for run in runs}


def test_a_failed_run_reaches_the_person(
    operation: Operation, lost: dict[str, dict[str, Any]]
) -> None:
    """What can't be screened is posted with its sentence, quotes and all."""
    run = lost["overnight-screening"]
    notice = operation.told(run["name"])
    assert notice["state"] == "Failed"
    assert """got 'no "such" list'""" in notice["text"]
    assert run["id"] in notice["url"]


def test_a_missed_night_reaches_the_person(
    operation: Operation, lost: dict[str, dict[str, Any]]
) -> None:
    """The morning's watch posts that last night's CSV is not there."""
    run = lost["night-watch"]
    assert run["state"]["name"] == "Missed"
    assert "is not published in" in operation.told(run["name"])["text"]


def test_a_taken_port_is_refused(operation: Operation) -> None:
    """A second start on the same port ends with one sentence."""
    port = operation.api.rsplit(":", 1)[1].removesuffix("/api")
    home = str(operation.user_home / "second")
    again = CliRunner().invoke(app, ["deploy", "--port", port, "--home", home])
    assert again.exit_code == 1
    problem = f"another program is listening on port {port}; "
    assert again.stderr.startswith(f"overnight: {problem}")
    assert len(again.stderr.splitlines()) == 1


def test_a_run_without_heartbeat_is_called_crashed(operation: Operation) -> None:
    """The server ends a run whose process is gone, before it ran or while it did."""
    made = operation.listed("automations", automations={"name": {"any_": [DEAD]}})
    (trigger,) = [one["trigger"] for one in made]
    assert trigger["posture"] == "Proactive"
    assert trigger["within"] >= 3 * 180
    begun = {"prefect.flow-run.heartbeat", "prefect.flow-run.Pending"}
    assert begun == set(trigger["after"])


DEAD = "overnight: a run without heartbeat has crashed"


def test_ctrl_c_ends_all_of_it(operation: Operation) -> None:
    """Pressed twice: all processes end, the terminal is as before; it runs last."""
    started = operation.processes
    operation.terminal.press(b"\x03")
    time.sleep(0.5)
    operation.terminal.press(b"\x03")
    assert operation.terminal.ended() == 130
    assert operation.terminal.is_as_before
    assert [one for one in started if one.is_running()] == []
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{operation.api}/health", timeout=2)


PRESSED_AGAIN_WHILE_PYTHON_ENDS = """
import os, signal, sys
import cli.commands.deploy as module
from cli.app import app

class Pressed:
    def __del__(self, kill=os.kill, own=os.getpid(), ctrl_c=signal.SIGINT):
        kill(own, ctrl_c)  # Python deletes it after it has given up its handlers.

module.operate = lambda *_: os.kill(os.getpid(), signal.SIGINT)
pressed = Pressed()
app(["deploy"])
"""


def test_ctrl_c_while_python_ends_changes_no_exit_code() -> None:
    """Pressed once more after the command has ended: still 130, and no traceback."""
    words = [sys.executable, "-c", PRESSED_AGAIN_WHILE_PYTHON_ENDS]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (130, "")


@pytest.mark.parametrize("part", ["server", "worker"])
def test_each_part_that_ends_is_named(part: str) -> None:
    """The wait ends with the first part that ends, whichever it is."""
    with (
        subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=PIPE, text=True
        ) as lasting,
        subprocess.Popen(
            [sys.executable, "-c", "1/0"], stderr=DEVNULL, text=True
        ) as ending,
    ):
        parts = dict.fromkeys(("server", "worker"), lasting) | {part: ending}
        with pytest.raises(RunError, match=f"{part} ended by itself with code 1"):
            _wait_for_end(parts)
        lasting.kill()


@pytest.mark.long
def test_a_part_that_is_killed_ends_the_others(
    tmp_path: Path, prepare_prefect: Prepare
) -> None:
    """One sentence names the part; no process stays, and the terminal is as before."""
    prepare_prefect(tmp_path / ".prefect")
    terminal = OwnTerminal(
        [COMMAND, "deploy", "--port", str(free_port()), "--home", tmp_path / "home"],
        {"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
    )
    terminal.wait_for("symbol=CBA.AX")
    started = psutil.Process(terminal.process.pid).children(recursive=True)
    (killed,) = [one for one in started if "server" in one.cmdline()]
    killed.kill()
    assert terminal.ended() == 1
    assert "overnight: the server ended by itself with code -9" in terminal.text
    assert terminal.is_as_before
    assert [one for one in started if one.is_running()] == []
