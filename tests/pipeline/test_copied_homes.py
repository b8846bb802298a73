"""An unfinished night goes on with the undamaged tables of its own home only."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import AS_OF

from market_data.selection import Symbols
from pipeline.checkpoints import open_checkpoints
from pipeline.download import download_once
from pipeline.earlier_runs import keep_findings, read_kept_findings
from pipeline.indicators import indicators
from pipeline.plan import RunPlan, RunRequest, plan_run
from screening.findings import PriceFindings, SymbolFindings
from storage.home import Home, write_atomic
from storage.paths import StoragePath, remove_tree

SYMBOL = "AAA.AX"
NOW = datetime(2025, 11, 10, 9, tzinfo=UTC)


def plan_of(home: StoragePath, market: Path) -> RunPlan:
    """Return the plan of a night of one symbol."""
    request = RunRequest(
        selection=Symbols(symbols=(SYMBOL,)),
        source="folder",
        folder=market,
        as_of=AS_OF,
        home=str(home),
    )
    return plan_run(request, NOW)


def download(plan: RunPlan) -> tuple[PriceFindings, tuple[str, ...]]:
    """Return the download of a run of the night, and the stages that it resumed."""
    checkpoints = open_checkpoints(plan, "screening")
    source = plan.open_feeds().prices
    found = download_once(plan, source, checkpoints, SYMBOL)
    return found, checkpoints.resumed(SYMBOL)


def copy_home(home: StoragePath, copy: StoragePath) -> None:
    """Copy all files of a home, on a disk or in S3, and remove the home."""
    if isinstance(home, Path):
        shutil.copytree(home, copy)
    else:
        for name in home.fs.find(home.path):
            target = copy / name.removeprefix(f"{home.path}/")
            write_atomic(target, home.fs.cat_file(name))
    remove_tree(home)


HARMS: list[Callable[[Path], object]] = [
    lambda table: table.write_bytes(table.read_bytes()[:9000]),
    lambda table: table.write_bytes(b""),
    lambda table: table.write_bytes(bytes(table.stat().st_size)),
    lambda table: table.unlink(),
    lambda table: (table.unlink(), table.mkdir()),
]


@pytest.mark.parametrize("harm", HARMS)
def test_a_checkpoint_without_its_table_counts_as_none(
    tmp_path: Path, market: Path, harm: Callable[[Path], object]
) -> None:
    """A torn, empty, zeroed or missing table is downloaded again and then whole."""
    plan = plan_of(tmp_path, market)
    first, _ = download(plan)
    assert isinstance(first.path, Path)
    harm(first.path)
    again, resumed = download(plan)
    assert (again, resumed) == (first, ())
    assert indicators(plan, SYMBOL, again).last
    assert download(plan)[1] == ("download",)


def test_a_copied_home_goes_on_with_its_own_tables(home: Home, market: Path) -> None:
    """The copy resumes the night although the home that it was copied from is gone."""
    old, copy = home.root / "old", home.root / "copy"
    first, _ = download(plan_of(old, market))
    copy_home(old, copy)
    plan = plan_of(copy, market)
    found, resumed = download(plan)
    assert resumed == ("download",)
    assert found.path == plan.table("prices", SYMBOL) != first.path
    assert indicators(plan, SYMBOL, found).last


def test_findings_of_a_copied_home_name_its_own_tables(
    home: Home, market: Path
) -> None:
    """A later report of the night reads the tables of the copy, not of the old home."""
    old, copy = home.root / "old", home.root / "copy"
    plan = plan_of(old, market)
    found = SymbolFindings(
        SYMBOL, AS_OF, plan.forecast_session(SYMBOL), prices=download(plan)[0]
    )
    assert not keep_findings(plan, [found])
    copy_home(old, copy)
    later = plan_of(copy, market)
    rows = [{"symbol": SYMBOL, "run_at": NOW.isoformat()}]
    kept = read_kept_findings(later.tables, rows)[SYMBOL]
    assert kept.prices
    assert kept.prices.path == later.table("prices", SYMBOL)


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/b/c", "x", "a/.."])
def test_a_place_outside_the_nights_tables_is_refused(
    tmp_path: Path, market: Path, name: str
) -> None:
    """A checkpoint that names another place counts as none."""
    plan = plan_of(tmp_path, market)
    first, _ = download(plan)
    (checkpoint,) = tmp_path.rglob(f"{SYMBOL}.json")
    text = checkpoint.read_text().replace(f"prices/{SYMBOL}.parquet", name)
    assert name in text
    checkpoint.write_text(text)
    assert download(plan) == (first, ())
