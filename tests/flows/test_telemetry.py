"""Prefect's telemetry: no command writes a device id, at a new user's terminal too."""

import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from own_terminal import OwnTerminal

GOLDEN = Path(__file__).parents[1] / "golden" / "2013-03-01_screening_results.csv"
OVERNIGHT = str(Path(sys.executable).with_name("overnight"))
SAMPLE = ["--source", "sample"]
WITH_PREFECT = {
    "doctor": [OVERNIGHT, "doctor", *SAMPLE],
    "screen": [OVERNIGHT, "screen", "NOSUCH", *SAMPLE],
    "train": [OVERNIGHT, "train", "NOSUCH", *SAMPLE],
    "registration": [sys.executable, "-m", "flows.registration"],
}
"""These ask Prefect's server; there is none, so each ends with code 1."""

WITHOUT = {
    "": 0,
    "status AAPL": 0,
    "events AAPL --source sample": 0,
    "evaluate NOSUCH --source sample --from 2013-02-01": 0,
    "explain AAPL": 0,
    "report": 1,
    "track-record": 0,
    "model status": 1,
}
"""Exit codes of the others; the night has no report, and FinBERT is not there."""

ONE_BY_ONE = f"""
import sys
from cli.app import main
codes = {{}}
for words in {[*WITHOUT]}:
    sys.argv[1:] = words.split()
    try: main()
    except SystemExit as end: codes[words] = end.code or 0
print("codes:", codes == {WITHOUT} or codes)
print("Prefect loaded:", "prefect" in sys.modules)
"""
ON = {"DO_NOT_TRACK": "0", "PREFECT_SERVER_ANALYTICS_ENABLED": "true"}
IDS = {".sdk_telemetry", "device_id", "profiles.toml"}


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """Give a home directory with a night, and no TensorFlow, which takes seconds."""
    reports = tmp_path / "nights" / "reports" / "csv"
    reports.mkdir(parents=True)
    shutil.copy(GOLDEN, reports)
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "tensorflow.py").write_text("raise ImportError")
    return tmp_path


def ended(words: list[str], user: Path, more: dict[str, str]) -> OwnTerminal:
    """Return the terminal of a command that has ended."""
    environment = {
        "HOME": str(user),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(user / "without"),
        "OVERNIGHT_HOME": str(user / "nights"),
        # No server listens there, so a command that needs one ends soon.
        "PREFECT_API_URL": "http://127.0.0.1:9/api",
        "PREFECT_CLIENT_MAX_RETRIES": "0",
    }
    terminal = OwnTerminal(words, environment | more)
    terminal.ended(240)
    return terminal


def files_of(user: Path) -> set[str]:
    """Return the names of all files in the home directory."""
    return {path.name for path in user.rglob("*")}


@pytest.mark.parametrize("name", WITH_PREFECT)
def test_no_command_leaves_a_device_id(name: str, user: Path) -> None:
    """At a terminal, where Prefect would count a new user."""
    terminal = ended(WITH_PREFECT[name], user, {})
    assert terminal.process.returncode == 1, terminal.text
    assert re.search("127.0.0.1:9|[Cc]onnection (refused|attempts)", terminal.text)
    assert not IDS & files_of(user)


def test_the_other_commands_do_not_load_prefect(user: Path) -> None:
    """Each does its work in one process, which never imports Prefect."""
    terminal = ended([sys.executable, "-c", ONE_BY_ONE], user, {})
    assert "codes: True" in terminal.text
    assert "Prefect loaded: False" in terminal.text
    assert not IDS & files_of(user)


def test_the_users_own_setting_wins(user: Path) -> None:
    """A user who turns the telemetry on gets a device id, so this test can see one."""
    offline = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    ended(WITH_PREFECT["screen"], user, ON | offline)
    assert "device_id" in files_of(user)
