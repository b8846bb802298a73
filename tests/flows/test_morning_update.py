"""The flow of the update before the opening, and its command, with Prefect."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from own_updates import AS_OF, publish_night
from typer.testing import CliRunner

from cli.app import app
from flows.morning_update import morning_update
from screening.update_row import IN_THE_OPENING_PRICE, update_csv_path
from storage.home import Home

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture(scope="module")
def published(market: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the home of a night of three stocks, long past by now."""
    home = tmp_path_factory.mktemp("flow")
    publish_night(home, market)
    return home


@pytest.fixture
def home(published: Path, tmp_path: Path) -> Path:
    """Return a copy of that home."""
    shutil.copytree(published, tmp_path / "home")
    return tmp_path / "home"


def test_a_replay_completes_with_its_files(home: Path) -> None:
    """Its rows are not live, and the CSV has one per symbol."""
    state: Any = morning_update(home=str(home), replay=True, return_state=True)
    summary = state.result()
    assert state.name == "Completed"
    assert len(summary.texts.updated) == 3
    csv = update_csv_path(Home(home).screening_csv, AS_OF)
    assert csv.read_text().count(",false,") >= 3


def test_a_missed_night_fails_the_run(home: Path) -> None:
    """The state is Missed; its message names both nights, and no CSV is written."""
    state: Any = morning_update(home=str(home), return_state=True)
    assert state.name == "Missed"
    assert "was never published" in state.message
    assert "that of 2025-11-10" in state.message
    assert not update_csv_path(Home(home).screening_csv, AS_OF).exists()
    (stored,) = (home / "data" / "delivery").glob("*/no_update.json")
    assert "was never published" in stored.read_text()


def test_the_command_prints_where_the_gap_is(home: Path) -> None:
    """A table, the sentence on the gap and the paths; without --replay one sentence."""
    command = ["update", "--home", str(home)]
    done = CliRunner().invoke(app, [*command, "--replay"])
    assert done.exit_code == 0, done.output
    assert IN_THE_OPENING_PRICE in done.stdout
    assert "never counts as live" in done.stdout
    late = CliRunner().invoke(app, [*command, "--as-of", "2025-11-10"])
    assert late.exit_code != 0
    assert "pass --replay" in late.stderr
