"""Checkpoints: what an unfinished run has finished, and when they are removed."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.parameters import TrainingOverrides
from market_data.selection import Symbols
from pipeline.checkpoints import Checkpoints, open_checkpoints
from pipeline.plan import RunPlan, RunRequest, plan_run
from screening.findings import PriceFindings

NOW = datetime(2025, 11, 10, 8, 30, tzinfo=UTC)


def plan(home: Path, now: datetime = NOW, **changes: Any) -> RunPlan:  # noqa: ANN401
    """Return the plan of a night for CBA.AX."""
    request = {
        "selection": Symbols(symbols=("CBA.AX",)),
        "source": "yahoo",
        "folder": None,
        "as_of": date(2025, 11, 10),
        "train": "stale",
        "preset": "standard",
        "parameters": TrainingOverrides(),
        "home": home,
    }
    return plan_run(RunRequest(**(request | changes)), now=now)


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    """Give the checkpoints of a night that has just begun."""
    return open_checkpoints(plan(tmp_path), "screening")


def findings(home: Path) -> PriceFindings:
    """Return what a download found, its table written."""
    return PriceFindings(
        path=home / "data" / "nights" / "2025-11-10" / "prices" / "CBA.AX.parquet",
        sessions=504,
        currency="AUD",
        source="yahoo",
        defects=("a hole of 11 sessions",),
        dividends={date(2025, 8, 20): 2.6},
    )


def never() -> PriceFindings:
    """Fail: what is finished must not be done again."""
    raise AssertionError("the work was done again")


def test_what_is_kept_comes_back_as_it_was(
    checkpoints: Checkpoints, tmp_path: Path
) -> None:
    """Dates, paths and every digit of a number survive."""
    checkpoints.write("download", "CBA.AX", findings(tmp_path))
    found = checkpoints.read("download", "CBA.AX", PriceFindings)
    assert found == findings(tmp_path)


def test_work_is_done_once(checkpoints: Checkpoints, tmp_path: Path) -> None:
    """The first call works; the second returns the same and is noted as resumed."""
    work: list[Callable[[], PriceFindings]] = [lambda: findings(tmp_path), never]
    first, second = (
        checkpoints.resume_or_run("download", "CBA.AX", PriceFindings, one)
        for one in work
    )
    assert first == second == findings(tmp_path)
    assert checkpoints.resumed("CBA.AX") == ("download",)
    assert checkpoints.resumed("ANZ.AX") == ()


def test_another_symbol_has_a_checkpoint_of_its_own(
    checkpoints: Checkpoints, tmp_path: Path
) -> None:
    """A checkpoint is used for its own symbol and its own stage only."""
    checkpoints.write("download", "CBA.AX", findings(tmp_path))
    assert checkpoints.read("download", "ANZ.AX", PriceFindings) is None
    assert checkpoints.read("other", "CBA.AX", PriceFindings) is None


def test_a_damaged_checkpoint_is_none(checkpoints: Checkpoints, tmp_path: Path) -> None:
    """What can't be read is done again."""
    checkpoints.write("download", "CBA.AX", findings(tmp_path))
    (path,) = (checkpoints.folder / "download").iterdir()
    path.write_text(path.read_text()[:50])
    assert checkpoints.read("download", "CBA.AX", PriceFindings) is None
    path.write_text(json.dumps({"path": "x"}))
    assert checkpoints.read("download", "CBA.AX", PriceFindings) is None


def test_the_next_run_of_the_night_goes_on(
    checkpoints: Checkpoints, tmp_path: Path
) -> None:
    """A later run of the same request has the same checkpoints and beginning."""
    checkpoints.write("download", "CBA.AX", findings(tmp_path))
    later = open_checkpoints(plan(tmp_path, NOW + timedelta(hours=3)), "screening")
    assert later == checkpoints
    assert later.begun_at == NOW
    assert later.read("download", "CBA.AX", PriceFindings)


@pytest.mark.parametrize(
    "changes",
    [
        {"as_of": date(2025, 11, 7)},
        {"source": "sample", "as_of": date(2013, 3, 1)},
        {"train": "always"},
        {"preset": "quick_test"},
        {"parameters": TrainingOverrides(seed=7)},
    ],
)
def test_another_request_begins_anew(
    checkpoints: Checkpoints, tmp_path: Path, changes: dict[str, Any]
) -> None:
    """Nothing is resumed from a run that was asked for something else."""
    checkpoints.write("download", "CBA.AX", findings(tmp_path))
    other = open_checkpoints(plan(tmp_path, **changes), "screening")
    assert other.read("download", "CBA.AX", PriceFindings) is None


def test_settings_are_part_of_the_request(
    checkpoints: Checkpoints, tmp_path: Path
) -> None:
    """A threshold changed between two runs makes the second one new."""
    night = plan(tmp_path)
    prices = night.settings.prices.model_copy(update={"jump_multiple": 9.0})
    changed = night.settings.model_copy(update={"prices": prices})
    other = open_checkpoints(replace(night, settings=changed), "screening")
    assert other.folder != checkpoints.folder


def test_a_training_takes_nothing_from_a_screening(
    checkpoints: Checkpoints, tmp_path: Path
) -> None:
    """Each flow has checkpoints of its own."""
    assert open_checkpoints(plan(tmp_path), "training").folder != checkpoints.folder


def test_a_night_that_ended_is_forgotten(
    checkpoints: Checkpoints, tmp_path: Path
) -> None:
    """After `drop` the same request begins anew."""
    checkpoints.write("download", "CBA.AX", findings(tmp_path))
    checkpoints.drop()
    later = open_checkpoints(plan(tmp_path, NOW + timedelta(hours=3)), "screening")
    assert later.begun_at == NOW + timedelta(hours=3)
    assert later.read("download", "CBA.AX", PriceFindings) is None


def test_one_stage_can_be_forgotten(checkpoints: Checkpoints, tmp_path: Path) -> None:
    """If symbols failed, the downloads are dropped and the other stages are kept."""
    checkpoints.write("download", "CBA.AX", findings(tmp_path))
    checkpoints.write("other", "CBA.AX", findings(tmp_path))
    checkpoints.drop("download")
    assert checkpoints.read("download", "CBA.AX", PriceFindings) is None
    assert checkpoints.read("other", "CBA.AX", PriceFindings)
