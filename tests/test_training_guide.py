"""The guides for a first day: tables match the settings, commands run."""

import re
from datetime import date
from pathlib import Path

import pytest
from made_rows import csv_row, four
from typer.testing import CliRunner

from cli.app import app
from config.parameters import PRESETS, TrainingParameters
from config.settings import ModelSettings
from screening.table import csv_path, write_csv
from storage.home import Home

DOCS = Path(__file__).parents[1] / "docs"
TRAINING, REFERENCE, QUICKSTART = (
    (DOCS / f"{name}.md").read_text(encoding="utf-8")
    for name in ("training-guide", "quick-reference", "quickstart")
)
GRADES = ("excellent", "good", "moderate", "poor", "overfitting")


def first_cells(text: str) -> dict[str, list[str]]:
    """Return the cells of each table line that begins with a name, by the name."""
    lines = re.findall(r"^\| `(\w+)` \| (.+) \|$", text, re.MULTILINE)
    return {name: cells.split(" | ") for name, cells in lines}


def test_the_presets_of_the_reference_are_the_presets() -> None:
    """The table's epochs, window, batch and history are those of the presets."""
    shown = first_cells(REFERENCE.split("| preset |")[1].split("| grade |")[0])
    assert shown == {
        name: [
            str(one.epochs),
            str(one.sequence_length),
            str(one.batch_size),
            f"`{one.period}`",
        ]
        for name, one in PRESETS.items()
    }


def test_every_parameter_has_its_default_and_its_range() -> None:
    """The table has every training parameter with its default."""
    shown = first_cells(TRAINING.split("## Parameters")[1].split("## Memory")[0])
    assert list(shown) == list(TrainingParameters.model_fields)
    for name, value in TrainingParameters().model_dump().items():
        told = shown[name][0].replace("`", "")
        assert told.startswith(str(value).strip("()")), name
    assert shown["epochs"][1].startswith("1-100")
    assert shown["validation_split"][1] == "0.1-0.3"


@pytest.mark.parametrize("text", [TRAINING, REFERENCE], ids=["guide", "reference"])
def test_grades_and_ages_are_those_of_the_settings(text: str) -> None:
    """Thresholds that a document names are the defaults."""
    assert set(GRADES) <= set(first_cells(text))
    models = ModelSettings()
    assert f"below {models.good_loss}, ratio below {models.excellent_ratio}" in text
    assert f"above {models.poor_loss}" in text
    assert f"above {models.max_skill}" in text
    for days in (models.stale_after_days, models.expires_after_days):
        assert re.search(rf"[Oo]ver {days}\b", text)


@pytest.mark.parametrize("name", PRESETS)
def test_each_preset_was_measured(name: str) -> None:
    """The guide has measured figures for each preset."""
    table = TRAINING.split("## Presets")[1].split("## Parameters")[0]
    assert len(first_cells(table)[name]) == 6


def test_commands_that_only_read_run_as_written(tmp_path: Path) -> None:
    """The quickstart's reading commands run after a night."""
    made = {"symbol": "GOOG", "exchange": "XNYS", "data_source": "sample"}
    row = csv_row(four(1, 1, 1, None), run_at="2025-11-10T22:00:00+00:00", **made)
    write_csv(csv_path(Home(tmp_path).screening_csv, date(2025, 11, 10)), [row])
    lines = re.findall(r"^uv run overnight *(.*)$", QUICKSTART, re.MULTILINE)
    reading = [words.split() for words in lines if words[:7] in ("", "explain")]
    assert len(reading) == 2
    for words in reading:
        done = CliRunner().invoke(app, words, env={"OVERNIGHT_HOME": str(tmp_path)})
        assert done.exit_code == 0, done.output
        assert "GOOG" in done.output or "2025-11-10" in done.output
