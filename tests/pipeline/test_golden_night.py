"""The sample night against a stored CSV, made when TensorFlow became the engine."""

import csv
import math
from datetime import UTC, datetime
from pathlib import Path

import pytest

from market_data.selection import Universe
from pipeline.plan import RunRequest, plan_run
from pipeline.progress import Progress
from pipeline.run import open_run, screening_stages
from pipeline.sources import open_sources
from pipeline.symbol import screen_all
from screening.row import build_row
from screening.table import csv_path, rank, read_rows, write_csv

GOLDEN = Path(__file__).parents[1] / "golden" / "2013-03-01_screening_results.csv"
TIMES = {"run_at", "model_trained_at"}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """Return the sample night's CSV rows, computed without Prefect."""
    home = tmp_path_factory.mktemp("home")
    request = RunRequest(
        selection=Universe(universe="sample"),
        source="sample",
        preset="quick_test",
        home=str(home),
    )
    plan = plan_run(request, now=datetime.now(UTC))
    with open_run(plan, "screening", lambda: None, Progress(plan.symbols)) as run:
        sources = open_sources(plan, run.feeds)
        found, _ = screen_all(plan, screening_stages(plan, run, sources))
    path = csv_path(plan.home.screening_csv, plan.as_of)
    blend = plan.settings.blend
    write_csv(path, rank(build_row(one, plan.run_at, blend) for one in found))
    return read_rows(path)


def is_same(text: str, other: str) -> bool:
    """Return whether two cells are equal; numbers may differ in the last digits."""
    try:
        return math.isclose(float(text), float(other), rel_tol=1e-3, abs_tol=1e-4)
    except ValueError:
        return text == other


def test_every_cell_is_that_of_the_golden_night(rows: list[dict[str, str]]) -> None:
    """Each cell, texts included, is as it was; only the times of the run differ."""
    with GOLDEN.open(encoding="utf-8") as file:
        golden = list(csv.DictReader(file))
    assert [row["symbol"] for row in rows] == [row["symbol"] for row in golden]
    assert list(rows[0]) == list(golden[0])
    assert not [
        (row["symbol"], name, row[name], before[name])
        for row, before in zip(rows, golden, strict=True)
        for name in before
        if name not in TIMES and not is_same(row[name], before[name])
    ]
