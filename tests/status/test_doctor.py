"""The doctor: each line says what it found, and a failed line what to do."""

import json
import shutil
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path

import pytest
from equipment import Replay
from typer.testing import CliRunner

from cli.app import app
from config.settings import Settings
from status.diagnosis import DoctorCheck
from status.doctor import (
    MAX_CLOCK_SECONDS,
    calendar_check,
    clock_check,
    list_checks,
    machine_check,
    run_check,
)
from storage.home import Home
from workers.resources import Machine

NOW = datetime(2025, 6, 27, 9, tzinfo=UTC)
LINES = [
    "python",
    "packages",
    "backend",
    "settings",
    "cores, memory",
    "write access",
    "free disk",
    "unused files",
    "prefect disk",
    "price source",
    "model cache",
    "prefect server",
    "event calendar",
    "clock",
    "time zone",
]


def lines_of(home: Path, *names: str, source: str = "sample") -> dict[str, DoctorCheck]:
    """Return these of the doctor's lines by name."""
    looks = list_checks(str(home), source, None, NOW)
    return {name: run_check(name, looks[name]) for name in names}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Return the command's JSON for a healthy home."""
    home = tmp_path_factory.mktemp("home")
    lines = '[sentiment]\nengine = "lexicon"\n'
    (home / "overnight.toml").write_text(lines)
    words = ["doctor", "--source", "sample", "--json", "--home", str(home)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.stdout
    assert not [path for path in home.rglob("*") if path.suffix == ".txt"]
    answer: dict[str, object] = json.loads(result.stdout)
    return answer


def test_a_healthy_home_is_well(report: dict[str, object]) -> None:
    """All of SPEC's checks are there and pass."""
    assert report["ok"]
    checks = report["checks"]
    assert isinstance(checks, list)
    assert [check["name"] for check in checks] == LINES
    assert all(check["found"] and not check["cure"] for check in checks)


def test_what_fails_says_what_to_do(tmp_path: Path, replay: Replay) -> None:
    """A full disk, a dead source, a missing model, an old calendar: each has a fix."""
    replay.faults("rate_limit,endpoint=*")
    text = "[prices]\nrequests_per_second = 50\n[run]\nmin_free_disk_mb = 999999999\n"
    (tmp_path / "overnight.toml").write_text(text)
    (tmp_path / "event_calendar.csv").write_text(
        "ticker,event_type,date\nCBA.AX,earnings,2025-01-01\n"
    )
    named = ["free disk", "price source", "model cache", "event calendar"]
    lines = lines_of(tmp_path, *named, source="yahoo")
    failing = {name: line.cure for name, line in lines.items() if not line.ok}
    assert list(failing) == named
    assert all(failing.values())
    assert "429" in lines["price source"].found
    assert "overnight model fetch" in failing["model cache"]
    assert "expired" in lines["event calendar"].found


def test_the_backend_line_names_what_trains(report: dict[str, object]) -> None:
    """The line names TensorFlow, and whether it compiles with XLA."""
    checks = report["checks"]
    assert isinstance(checks, list)
    (found,) = [one["found"] for one in checks if one["name"] == "backend"]
    assert found == f"TensorFlow {version('tensorflow')} trains with XLA"


def test_a_secret_in_the_home_fails_the_settings(tmp_path: Path) -> None:
    """The line names the file; the other lines are still looked at."""
    (tmp_path / "overnight.toml").write_text('api_key = "abcdefgh12"\n')
    lines = lines_of(tmp_path, "settings", "write access")
    assert not lines["settings"].ok
    assert "what looks like a secret" in lines["settings"].found
    assert "abcdefgh12" not in f"{lines}"
    assert lines["write access"].ok


def test_a_server_that_does_not_answer_is_named(tmp_path: Path, free_port: int) -> None:
    """With PREFECT_API_URL set that server is asked, and an answer is waited for."""
    address = f"http://127.0.0.1:{free_port}/api"
    from prefect.settings import PREFECT_API_URL, temporary_settings  # noqa: PLC0415

    with temporary_settings({PREFECT_API_URL: address}):
        line = lines_of(tmp_path, "prefect server")["prefect server"]
    assert not line.ok
    assert line.found.startswith(f"{address} does not answer")
    assert "overnight deploy" in line.cure


@pytest.mark.parametrize(
    ("database", "server", "found"),
    [
        ("sqlite+aiosqlite:///{}/own.db?timeout=9", "", "; own.db has 2 MB"),
        ("sqlite+aiosqlite:///{}/own.db", "http://localhost:1/api", "; own.db has 2"),
        ("sqlite+aiosqlite:///{}/none.db", "", "; none.db has 0 MB"),
        ("sqlite+aiosqlite:///:memory:", "", "in memory"),
        ("postgresql+asyncpg://me:secret@db.lan/p", "", "is a server at db.lan"),
        ("", "http://far.lan/api", "http://far.lan/api keeps its own database"),
    ],
)
def test_the_disk_of_prefects_database_is_found(
    tmp_path: Path, database: str, server: str, found: str
) -> None:
    """The database is where Prefect's settings say, and its password is not shown."""
    from prefect.settings import (  # noqa: PLC0415
        PREFECT_API_DATABASE_CONNECTION_URL,
        PREFECT_API_URL,
        temporary_settings,
    )

    (tmp_path / "own.db").write_bytes(b"0" * 2**21)
    names = {
        PREFECT_API_DATABASE_CONNECTION_URL: database.format(tmp_path) or None,
        PREFECT_API_URL: server or None,
    }
    with temporary_settings(names):
        line = lines_of(tmp_path, "prefect disk")["prefect disk"]
    assert line.ok
    assert found in line.found
    assert "secret" not in line.found


def test_memory_for_one_training_must_be_free() -> None:
    """Less than one process needs fails, with the numbers."""
    needed = Settings().run.process_memory_mb
    assert machine_check(Machine(2, needed), Settings())[0]
    ok, found, cure = machine_check(Machine(2, needed - 1), Settings())
    assert not ok
    assert f"{needed - 1} MB free of {needed}" in found
    assert "low_memory" in cure


@pytest.mark.parametrize("lead", [MAX_CLOCK_SECONDS + 1.0, -MAX_CLOCK_SECONDS - 1.0])
def test_a_clock_that_is_off_is_named(lead: float) -> None:
    """Minutes before or behind the service's clock fail, with the side."""
    ok, found, cure = clock_check(lead)
    assert (ok, "ahead" in found) == (False, lead > 0)
    assert "clock" in cure


def test_a_clock_that_is_right_is_well(replay: Replay) -> None:
    """The service's own Date is what the clock is compared with."""
    from market_data.sources import open_feeds  # noqa: PLC0415

    feeds = open_feeds("yahoo", None, Settings())
    assert feeds.yahoo is not None
    assert clock_check(feeds.yahoo.clock_lead_seconds)[1].startswith("not compared")
    feeds.prices.fetch("CBA.AX", date(2025, 6, 2), date(2025, 6, 27))
    assert replay.stats()["by_endpoint"]["chart"]
    assert clock_check(feeds.yahoo.clock_lead_seconds)[0]


def test_a_home_that_can_not_be_written_fails_its_line(tmp_path: Path) -> None:
    """A file in the place of a folder is named, with what to do."""
    (tmp_path / "data").write_text("")
    line = lines_of(tmp_path, "write access")["write access"]
    assert not line.ok
    assert str(tmp_path / "data") in line.found
    assert "run again" in line.cure


def test_a_calendar_is_well_while_something_comes(tmp_path: Path) -> None:
    """The example that comes with the product is readable; none at all is no fault."""
    home = Home(tmp_path)
    assert calendar_check(home, NOW)[0]
    example = Path(__file__).parents[2] / "config" / "event_calendar.example.csv"
    shutil.copy(example, home.event_calendar)
    assert calendar_check(home, NOW)[0]


def test_a_word_that_is_no_source_is_refused(tmp_path: Path) -> None:
    """Wrong use is exit 2 and one sentence, as everywhere."""
    words = ["doctor", "--source", "ftp", "--home", str(tmp_path)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert "`source` must be one of yahoo, folder, sample" in result.stderr
