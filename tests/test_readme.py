"""The README's first command, as a new user runs it."""

import csv
import os
import re
import subprocess
import time
from pathlib import Path

from risk_guard.calendar_file import read_calendar
from storage.settings_file import read_settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LIMIT_SECONDS = 180


def test_both_commands_stand_in_the_first_fifty_words() -> None:
    """A reader meets both commands at once."""
    opening = " ".join(README.split()[:50])
    assert "uv run overnight screen --source sample" in opening
    assert "uv run pytest" in opening


def test_the_settings_shown_can_be_read(tmp_path: Path) -> None:
    """The README's `overnight.toml` is one."""
    (example,) = re.findall(r"```toml\n(.+?)```", README, flags=re.DOTALL)
    (tmp_path / "overnight.toml").write_text(example)
    settings = read_settings(tmp_path)
    assert settings.universes == {"mine": ("BHP.AX", "AAPL")}
    assert settings.models.stale_after_days == 10


def test_every_link_leads_somewhere() -> None:
    """The files that the README names are there."""
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert links
    files = [link.partition("#")[0] for link in links]
    assert [file for file in files if not (ROOT / file).exists()] == []


def test_the_sample_night_runs_as_written(tmp_path: Path) -> None:
    """The first command gives a table, names CSV and report, each row is an LSTM's."""
    command = re.findall(r"```sh\n(.+?)\n```", README)[0]
    start = time.monotonic()
    done = subprocess.run(  # noqa: S602  the README's words are a shell's
        command,
        shell=True,
        cwd=ROOT,
        env={**as_a_new_user(), "OVERNIGHT_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - start < LIMIT_SECONDS
    (path,) = (tmp_path / "reports" / "csv").iterdir()
    assert f"CSV: {path}" in done.stdout
    (report,) = (tmp_path / "reports" / "html").iterdir()
    assert f"Report: {report}" in done.stdout
    assert "INFO" not in done.stderr
    assert "5 symbols as of 2013-03-01: 5 of 5 symbols" in done.stderr
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["symbol"] for row in rows) == [
        "AAPL",
        "FB",
        "GOOG",
        "IBM",
        "MSFT",
    ]
    assert {row["prediction_source"] for row in rows} == {"LSTM"}
    assert {row["event_status"] for row in rows} == {"unknown"}


def as_a_new_user() -> dict[str, str]:
    """Return the environment without what other tests have set for Prefect."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PREFECT_")
    }


def test_the_calendar_shown_can_be_read(tmp_path: Path) -> None:
    """The README's `event_calendar.csv` is one, without a bad line."""
    (example,) = re.findall(r"```csv\n(.+?)```", README, flags=re.DOTALL)
    (tmp_path / "event_calendar.csv").write_text(example)
    calendar = read_calendar(tmp_path / "event_calendar.csv")
    assert calendar.refusals == ()
    assert [line.symbol for line in calendar.lines] == ["CBA.AX", "ANZ.AX"]
