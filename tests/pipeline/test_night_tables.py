"""A damaged table between two stages is made again, or its symbol fails."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from config.errors import DamagedTable, UnknownSymbol
from config.parameters import TrainingOverrides
from market_data.folder import FolderSource
from market_data.selection import Symbols
from market_data.sessions import sessions_between
from market_data.sources import PriceSource
from pipeline.checkpoints import open_checkpoints
from pipeline.download import download, download_once, price_table
from pipeline.guard import guard
from pipeline.index import index
from pipeline.indicators import indicator_table, indicators
from pipeline.plan import RunPlan, RunRequest, plan_run
from risk_guard.known_events import NO_EVENT_SOURCE, KnownEvents
from screening.findings import NO_SENTIMENT, PriceFindings

AS_OF, NOW = date(2025, 11, 10), datetime(2025, 11, 10, 8, 30, tzinfo=UTC)
SYMBOL = "CBA.AX"
Damage = Callable[[Path], object]


def another_symbols(path: Path) -> None:
    """Put another symbol's table, signed for that one, in the place of this one."""
    path.write_bytes(path.with_name("BHP.AX.parquet").read_bytes())


def a_folder(path: Path) -> None:
    """Put a folder with a file in it in the table's place."""
    path.unlink()
    path.mkdir()
    (path / "file").touch()


def edited(path: Path, edit: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Change the table as a person with pandas would."""
    edit(pd.read_parquet(path)).to_parquet(path)


DAMAGES: dict[str, Damage] = {
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "no bytes": lambda path: path.write_bytes(b""),
    "random bytes": lambda path: path.write_bytes(np.random.default_rng(1).bytes(9999)),
    "gone": lambda path: path.unlink(),
    "a folder": a_folder,
    "another symbol's": another_symbols,
    "a column less": lambda path: edited(path, lambda table: table.iloc[:, 1:]),
    "texts": lambda path: edited(path, lambda table: table.astype(str)),
    "other numbers": lambda path: edited(path, lambda table: table * 2),
}


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder of prices of two stocks and their index."""
    folder = tmp_path_factory.mktemp("market")
    (folder / "prices").mkdir()
    days = sessions_between("XASX", date(2024, 11, 1), AS_OF).date
    for seed, name in enumerate((SYMBOL, "BHP.AX", "^AXJO")):
        moves = np.random.default_rng(seed).normal(0, 0.01, len(days))
        close = 50 * np.exp(np.cumsum(moves))
        table = pd.DataFrame({"Date": days, "Close": close, "Adj Close": close})
        table = table.assign(Open=close, High=close, Low=close, Volume=1000)
        table.to_csv(folder / "prices" / f"{name}.csv", index=False)
    return folder


def plan(home: Path, market: Path) -> RunPlan:
    """Return the plan of a night on these prices."""
    return plan_run(
        RunRequest(
            selection=Symbols(symbols=(SYMBOL, "BHP.AX")),
            source="folder",
            folder=market,
            as_of=AS_OF,
            train="never",
            parameters=TrainingOverrides(period="1y"),
            home=home,
        ),
        now=NOW,
    )


@pytest.fixture(scope="module")
def whole(market: Path, tmp_path_factory: pytest.TempPathFactory) -> PriceFindings:
    """Give the stored prices of a night in a home that no test damages."""
    night = plan(tmp_path_factory.mktemp("whole"), market)
    for symbol in ("BHP.AX", SYMBOL):
        found = download(night, night.open_feeds().prices, symbol)
        indicators(night, symbol, found)
    return found


@pytest.fixture
def night(tmp_path: Path, market: Path) -> RunPlan:
    """Give the plan of a night in a home of the test's own."""
    return plan(tmp_path, market)


@pytest.fixture
def source(night: RunPlan) -> PriceSource:
    """Give the night's source of prices."""
    return night.open_feeds().prices


@pytest.fixture
def prices(night: RunPlan, whole: PriceFindings) -> PriceFindings:
    """Give the symbol's stored prices; another symbol's and the index' lie beside."""
    shutil.copytree(Path(str(whole.path)).parents[1], Path(str(night.tables)))
    return replace(whole, path=night.table("prices", SYMBOL))


@pytest.mark.parametrize("what", DAMAGES)
def test_damaged_prices_are_downloaded_again(
    night: RunPlan, source: PriceSource, prices: PriceFindings, what: str
) -> None:
    """Wherever they are read next, the numbers are those that were written."""
    whole = price_table(night, SYMBOL, prices, None)
    first = indicators(night, SYMBOL, prices, source)
    DAMAGES[what](prices.path)
    assert indicators(night, SYMBOL, prices, source) == first
    DAMAGES[what](prices.path)
    pd.testing.assert_frame_equal(price_table(night, SYMBOL, prices, source), whole)


def test_a_file_is_read_again_only_if_it_has_changed(
    night: RunPlan, prices: PriceFindings
) -> None:
    """A file of the same size and time is the same version of it."""
    path, whole = Path(str(prices.path)), price_table(night, SYMBOL, prices, None)
    status = path.stat()
    path.write_bytes(bytes(status.st_size))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    pd.testing.assert_frame_equal(price_table(night, SYMBOL, prices, None), whole)
    path.touch()
    with pytest.raises(DamagedTable):
        price_table(night, SYMBOL, prices, None)


def test_a_stage_that_changes_its_table_changes_no_other_stage(
    night: RunPlan, prices: PriceFindings
) -> None:
    """Each read gives a table of its own."""
    whole = price_table(night, SYMBOL, prices, None)
    changed = price_table(night, SYMBOL, prices, None)
    changed.iloc[:, :] = 0.0
    changed.attrs["changed"] = True
    again = price_table(night, SYMBOL, prices, None)
    pd.testing.assert_frame_equal(again, whole)
    assert again.attrs == whole.attrs


@pytest.mark.parametrize("what", DAMAGES)
def test_damaged_indicators_are_computed_again(
    night: RunPlan, prices: PriceFindings, what: str
) -> None:
    """From the night's prices, without any request."""
    found = indicators(night, SYMBOL, prices)
    whole = indicator_table(night, SYMBOL, found)
    DAMAGES[what](found.path)
    pd.testing.assert_frame_equal(indicator_table(night, SYMBOL, found), whole)


@pytest.mark.parametrize("what", [one for one in DAMAGES if one != "another symbol's"])
@pytest.mark.parametrize("stage", ["prices", "index"])
def test_the_guard_says_the_same_after_a_damage(
    night: RunPlan, source: PriceSource, prices: PriceFindings, stage: str, what: str
) -> None:
    """Both are downloaded again; without a source the hedge is missing."""
    market = index(night, source, "^AXJO")
    asked = (
        night,
        SYMBOL,
        KnownEvents((), NO_EVENT_SOURCE),
        NO_SENTIMENT,
        prices,
        market,
    )
    before = guard(*asked)
    name = SYMBOL if stage == "prices" else "^AXJO"
    DAMAGES[what](night.table(stage, name))
    if stage == "index":
        assert guard(*asked).context.hedge is None
    else:
        with pytest.raises(DamagedTable):
            guard(*asked)
    assert guard(*asked, source) == before


@pytest.mark.parametrize("what", DAMAGES)
def test_a_checkpoint_of_a_damaged_table_is_not_used(
    night: RunPlan, source: PriceSource, prices: PriceFindings, what: str
) -> None:
    """The next run of a killed night downloads that symbol anew, and no other."""
    checkpoints = open_checkpoints(night, "screening")
    first = {
        symbol: download_once(night, source, checkpoints, symbol)
        for symbol in night.symbols
    }
    DAMAGES[what](prices.path)
    again = open_checkpoints(
        replace(night, run_at=NOW + timedelta(hours=1)), "screening"
    )
    assert download_once(night, source, again, SYMBOL) == first[SYMBOL]
    assert len(price_table(night, SYMBOL, prices, None)) == prices.sessions
    assert download_once(night, source, again, "BHP.AX") == first["BHP.AX"]
    assert again.resumed(SYMBOL) == ()
    assert again.resumed("BHP.AX") == ("download",)


def test_a_checkpoint_that_names_another_table_is_not_used(
    night: RunPlan, source: PriceSource, prices: PriceFindings
) -> None:
    """A symbol's table lies in one place."""
    checkpoints = open_checkpoints(night, "screening")
    other = night.table("prices", "BHP.AX")
    checkpoints.write("download", SYMBOL, replace(prices, path=other))
    assert download_once(night, source, checkpoints, SYMBOL) == prices


@pytest.mark.parametrize("name", ["begun.json", "download/CBA.AX.json"])
@pytest.mark.parametrize("what", ["a folder", "no bytes", "other JSON"])
def test_damaged_checkpoints_are_written_anew(
    night: RunPlan, source: PriceSource, prices: PriceFindings, name: str, what: str
) -> None:
    """Whatever lies in the place of a checkpoint, the work is done again."""
    checkpoints = open_checkpoints(night, "screening")
    download_once(night, source, checkpoints, SYMBOL)
    path = checkpoints.folder / name
    damages = DAMAGES | {"other JSON": lambda path: path.write_text('{"run_at": 1}')}
    damages[what](path)
    again = open_checkpoints(night, "screening")
    assert download_once(night, source, again, SYMBOL) == prices
    assert download_once(night, source, again, SYMBOL) == prices
    assert "download" in again.resumed(SYMBOL)


def test_what_can_not_be_made_anew_names_the_cause(
    night: RunPlan, prices: PriceFindings
) -> None:
    """Without the inputs the symbol fails, with the source's reason or the file's."""
    found = indicators(night, SYMBOL, prices)
    for path in (prices.path, found.path):
        path.write_bytes(b"PAR1")
    with pytest.raises(DamagedTable, match=r"damaged_table: CBA.AX.parquet can't be"):
        indicator_table(night, SYMBOL, found)
    with pytest.raises(UnknownSymbol):
        price_table(night, SYMBOL, prices, FolderSource(night.home.root))
