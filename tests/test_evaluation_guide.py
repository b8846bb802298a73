"""docs/evaluation.md: its commands run as written, its columns and figures exist."""

import re
import shlex
from pathlib import Path

import pytest
from plain_night import ONE_PROCESS
from typer.testing import CliRunner

from cli.app import app
from evaluation.forecast_record import COLUMNS
from evaluation.metrics import Judgement, Metrics

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"```sh\nuv run overnight (.+?)\n```", GUIDE)


def test_the_guide_s_commands_are_the_two() -> None:
    """The guide has two commands: `evaluate` and `check-leaks`."""
    assert [words.split()[0] for words in COMMANDS] == ["evaluate", "check-leaks"]


@pytest.mark.long
def test_the_evaluation_runs_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command prints a table and writes the files that the guide names."""
    monkeypatch.setenv("OVERNIGHT_HOME", str(tmp_path))
    (tmp_path / "overnight.toml").write_text(ONE_PROCESS)
    done = CliRunner().invoke(app, shlex.split(COMMANDS[0]))
    assert done.exit_code == 0, done.output
    for name in (
        "lstm",
        "persistence",
        "majority",
        "ridge",
        "lightgbm",
        "buy_and_hold",
    ):
        assert name in done.stdout
    (folder,) = (tmp_path / "reports" / "evaluation").iterdir()
    assert folder.name == "2013-02-27_2013-03-01"
    assert {path.name for path in folder.iterdir()} == {
        "forecasts.csv",
        "models.csv",
        "figures.json",
        "reliability.png",
        "coverage.png",
        "returns.png",
        "sit_outs.png",
        "reaction_coverage.png",
    }


@pytest.mark.long
def test_nothing_of_ours_knows_the_future() -> None:
    """The second command prints one line per check; all pass, so it exits with 0."""
    done = CliRunner().invoke(app, shlex.split(COMMANDS[1]))
    lines = done.stdout.splitlines()
    assert done.exit_code == 0, done.output
    assert all(line.startswith("ok ") for line in lines)
    for stage in ("feature rsi", "vote trend", "scaler", "night, model", "registry"):
        assert any(line.startswith(f"ok    {stage}: ") for line in lines)


@pytest.mark.parametrize("table", ["The rows", "The figures"])
def test_the_tables_name_columns_and_figures_that_exist(table: str) -> None:
    """A column or figure that the guide defines is in the report."""
    section = GUIDE.split(f"## {table}\n")[1].split("\n## ")[0]
    named = re.findall(r"^\| (`[^|]+`) \|", section, flags=re.MULTILINE)
    words = [
        word.rstrip(".") for cell in named for word in re.findall(r"`(.+?)`", cell)
    ]
    assert words
    known = {*COLUMNS, *Judgement.model_fields, *Metrics.model_fields}
    assert [one for one in words if not any(k.startswith(one) for k in known)] == []
