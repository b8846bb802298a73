"""A Prefect server that is named and can't be used: who names it, and what to do."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

COMMAND = Path(sys.executable).with_name("overnight")
PROFILES = """active = "of mine"
[profiles."of mine"]
PREFECT_API_URL = "{}"
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Give a function that runs a command in a home directory of its own."""

    def running(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, *words, "--home", tmp_path / "nights"],
            cwd=tmp_path,
            env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]} | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return running


@pytest.fixture
def dead(free_port: int) -> str:
    """Return an address at which no server answers."""
    return f"http://127.0.0.1:{free_port}/api"


DOCTOR = """
from datetime import UTC, datetime
from status.doctor import list_checks, run_check
checks = list_checks(".", "sample", None, datetime.now(UTC))
print(run_check("prefect server", checks["prefect server"]).model_dump_json())
"""


def doctors_line(folder: Path, **environment: str) -> dict[str, str]:
    """Return the doctor's line about Prefect's server, without its other checks."""
    done = subprocess.run(
        [sys.executable, "-c", DOCTOR],
        cwd=folder,
        env={"HOME": str(folder), "PATH": os.environ["PATH"]} | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    line: dict[str, str] = json.loads(done.stdout)
    assert not line["ok"]
    return line


def test_a_profile_that_names_a_dead_server_is_named(
    run: Run, tmp_path: Path, dead: str
) -> None:
    """A screening ends in one sentence with the profile; the doctor prints the same."""
    file = tmp_path / ".prefect" / "profiles.toml"
    file.parent.mkdir()
    file.write_text(PROFILES.format(dead))
    done = run("screen", "--source", "sample")
    assert done.returncode == 1
    (sentence,) = done.stderr.splitlines()
    removal = "prefect --profile 'of mine' config unset --yes PREFECT_API_URL"
    for words in (dead, "does not answer", "Prefect's profile 'of mine'", removal):
        assert words in sentence
    assert removal in doctors_line(tmp_path)["cure"]
    assert file.read_text() == PROFILES.format(dead)


def test_the_environment_that_names_it_is_named(
    run: Run, tmp_path: Path, dead: str
) -> None:
    """It goes before a file."""
    (tmp_path / ".env").write_text("PREFECT_API_URL=http://127.0.0.1:9/api\n")
    done = run("train", "AAPL", "--source", "sample", PREFECT_API_URL=dead)
    assert done.returncode == 1
    assert dead in done.stderr
    assert "the environment variable PREFECT_API_URL names it" in done.stderr
    assert "or unset PREFECT_API_URL, since" in done.stderr


def test_a_dot_env_that_names_it_is_named(tmp_path: Path, dead: str) -> None:
    """Prefect reads such a file of the current folder."""
    (tmp_path / ".env").write_text(f"PREFECT_API_URL={dead}\n")
    line = doctors_line(tmp_path)
    assert dead in line["found"]
    assert "the file .env names it" in line["cure"]


@pytest.fixture
def refusing() -> Iterator[str]:
    """Give the address of a server that refuses every request."""

    class Refuse(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Refuse)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/api"
    server.shutdown()
    server.server_close()


def test_a_server_that_asks_for_its_string_is_named(
    tmp_path: Path, refusing: str
) -> None:
    """The message names the variable, and no password of the address."""
    secret = refusing.replace("//", "//me:hush@")
    line = doctors_line(tmp_path, PREFECT_API_URL=secret)
    assert line["found"] == f"{refusing} refuses this user with status 401"
    assert "PREFECT_API_AUTH_STRING" in line["cure"]
