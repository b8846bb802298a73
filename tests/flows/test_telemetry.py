"""A new user's terminal: no command writes a device id, or uses a server unnamed.

Prefect's telemetry writes the device id. Each command that asks a Prefect server runs
once for both rules: the server that is named does not answer.
"""

import os
import shutil
import sys
from pathlib import Path

import pytest
from own_terminal import OwnTerminal

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "2013-03-01_screening_results.csv"
OVERNIGHT = str(Path(sys.executable).with_name("overnight"))
SAMPLE = ["--source", "sample"]
DEAD = "http://127.0.0.1:9/api"
"""No server listens there, so a command that needs one ends soon, with code 1."""

PROFILES = f"""active = "of mine"
[profiles."of mine"]
PREFECT_API_URL = "{DEAD}"
"""
VARIABLE = {"PREFECT_API_URL": DEAD}
WITH_PREFECT: dict[str, tuple[list[str], dict[str, str], dict[str, str]]] = {
    "doctor": (
        [OVERNIGHT, "doctor", *SAMPLE],
        {".env": f"PREFECT_API_URL={DEAD}\n"},
        {},
    ),
    "screen": (
        [OVERNIGHT, "screen", "NOSUCH", *SAMPLE],
        {".prefect/profiles.toml": PROFILES},
        {},
    ),
    "train": (
        [OVERNIGHT, "train", "NOSUCH", *SAMPLE],
        {".env": "PREFECT_API_URL=http://127.0.0.1:8/api\n"},
        VARIABLE,
    ),
    "registration": ([sys.executable, "-m", "flows.registration"], {}, VARIABLE),
}
"""The words of a command, the user's files and the environment that name the server."""

REMOVAL = "prefect --profile 'of mine' config unset --yes PREFECT_API_URL"
SAID = {
    "doctor": [DEAD, "does not answer", "the file .env names it"],
    "screen": [DEAD, "does not answer", "Prefect's profile 'of mine'", REMOVAL],
    "train": [
        DEAD,
        "the environment variable PREFECT_API_URL names it",
        "or unset PREFECT_API_URL, since",
    ],
    "registration": ["onnection"],
}
"""The environment goes before a file, and a file of the folder before a profile."""

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
        "PYTHONPATH": f"{user / 'without'}:{ROOT}",
        "OVERNIGHT_HOME": str(user / "nights"),
        "PREFECT_CLIENT_MAX_RETRIES": "0",
    }
    terminal = OwnTerminal(words, environment | more, user)
    terminal.ended(240)
    return terminal


def files_of(user: Path) -> set[str]:
    """Return the names of all files in the home directory."""
    return {path.name for path in user.rglob("*")}


@pytest.mark.parametrize("name", WITH_PREFECT)
def test_no_command_leaves_a_device_id(name: str, user: Path) -> None:
    """At a terminal, where Prefect would count a new user.

    Each ends with a sentence that has the dead server and what names it.
    """
    words, files, environment = WITH_PREFECT[name]
    for path, text in files.items():
        (user / path).parent.mkdir(exist_ok=True)
        (user / path).write_text(text)
    terminal = ended(words, user, environment)
    assert terminal.process.returncode == 1, terminal.text
    assert [part for part in SAID[name] if part not in terminal.text] == []
    assert {path: (user / path).read_text() for path in files} == files
    assert not IDS - {Path(path).name for path in files} & files_of(user)


def test_the_other_commands_do_not_load_prefect(user: Path) -> None:
    """Each does its work in one process, which never imports Prefect."""
    terminal = ended([sys.executable, "-c", ONE_BY_ONE], user, {})
    assert "codes: True" in terminal.text
    assert "Prefect loaded: False" in terminal.text
    assert not IDS & files_of(user)


def test_the_users_own_setting_wins(user: Path) -> None:
    """A user who turns the telemetry on gets a device id, so this test can see one."""
    offline = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    ended(WITH_PREFECT["registration"][0], user, VARIABLE | ON | offline)
    assert "device_id" in files_of(user)
