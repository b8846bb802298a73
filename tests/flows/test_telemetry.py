"""Prefect's telemetry: no command writes a device id, at a new user's terminal too."""

import os
import sys
from pathlib import Path

import pytest
from own_terminal import OwnTerminal

OVERNIGHT = str(Path(sys.executable).with_name("overnight"))
COMMANDS = [
    [OVERNIGHT],
    [OVERNIGHT, "doctor", "--source", "sample"],
    [OVERNIGHT, "screen", "NOSUCH", "--source", "sample"],
    [OVERNIGHT, "train", "NOSUCH", "--source", "sample"],
    [OVERNIGHT, "status", "AAPL"],
    [OVERNIGHT, "events", "AAPL", "--source", "sample"],
    [OVERNIGHT, "evaluate", "NOSUCH", "--source", "sample", "--from", "2013-02-01"],
    [OVERNIGHT, "explain", "AAPL"],
    [OVERNIGHT, "report"],
    [OVERNIGHT, "track-record"],
    [OVERNIGHT, "model", "status"],
    [sys.executable, "-m", "flows.registration"],
]
ON = {"DO_NOT_TRACK": "0", "PREFECT_SERVER_ANALYTICS_ENABLED": "true"}


def left_behind(words: list[str], home: Path, more: dict[str, str]) -> set[str]:
    """Return the names of all files that a command writes into an empty home."""
    environment = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "OVERNIGHT_HOME": str(home / "nights"),
        # No server listens there, so a command that needs one ends soon.
        "PREFECT_API_URL": "http://127.0.0.1:9/api",
        "PREFECT_CLIENT_MAX_RETRIES": "0",
    }
    OwnTerminal(words, environment | more).ended(240)
    return {path.name for path in home.rglob("*")}


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: "-".join(words[1:3]))
def test_no_command_leaves_a_device_id(words: list[str], tmp_path: Path) -> None:
    """At a terminal, where Prefect would count a new user."""
    found = left_behind(words, tmp_path, {})
    assert not {".sdk_telemetry", "device_id", "profiles.toml"} & found


def test_the_users_own_setting_wins(tmp_path: Path) -> None:
    """A user who turns the telemetry on gets a device id, so this test can see one."""
    words = [OVERNIGHT, "screen", "NOSUCH", "--source", "sample"]
    offline = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    assert "device_id" in left_behind(words, tmp_path, ON | offline)
