"""The market's state of whole nights: with an index, without, and with kept rows."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import AS_OF, GOOD, RunNight, write_prices

from market_data.prices import CLOSE
from market_data.selection import Symbols
from pipeline.index import index
from pipeline.plan import RunRequest, plan_run
from screening.market_file import read_market_states
from storage.home import Home
from storage.tables import read_table

NOW = datetime(2025, 11, 10, 8, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def with_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of two stocks and the index, with a sector of one stock."""
    folder = tmp_path_factory.mktemp("with-index")
    for seed, symbol in enumerate((*GOOD[:2], "^AXJO")):
        write_prices(folder, symbol, seed)
    (folder / "events").mkdir()
    (folder / "events" / "AAA.AX.json").write_text('{"profile": {"sector": "Energy"}}')
    return folder


def test_kept_symbols_and_the_index_are_part_of_the_nights_state(
    quick_night: RunNight, with_index: Path, tmp_path: Path
) -> None:
    """The second run adds its symbol to the state, and `overnight` can read it."""
    run: dict[str, Any] = {"folder": with_index, "train": "never"}
    first = quick_night(tmp_path, "AAA.AX", **run).result()
    both = quick_night(tmp_path, "BBB.AX", **run).result()
    (alone,), (found,) = first.market, both.market
    assert (alone.symbols.priced, found.symbols.priced) == (1, 2)
    assert found.index == alone.index
    assert found.index
    assert found.index.against_sma_200 is not None
    assert found.index_reason == ""
    assert list(found.sectors) == ["Energy"]
    assert read_market_states(Home(tmp_path), AS_OF) == both.market
    assert "^AXJO" in both.report.read_text(encoding="utf-8")


def test_without_an_index_the_nights_own_closes_are_used(
    quick_night: RunNight, market: Path, tmp_path: Path
) -> None:
    """The state is that of the mean return of the usable symbols."""
    night = quick_night(tmp_path, *GOOD, train="never", folder=market).result()
    (found,) = night.market
    assert found.index
    assert found.index.session == AS_OF
    assert found.index.from_closes
    assert "no file prices/^AXJO.csv" in found.index_reason


def test_a_night_of_failures_has_a_state_without_numbers(
    quick_night: RunNight, market: Path, tmp_path: Path
) -> None:
    """No symbol is usable and there is no index: nothing is known, and no 0."""
    night = quick_night(tmp_path, "GONE.AX", train="never", folder=market)
    (found,) = night.data.summary.market
    assert found.index is None
    assert found.symbols.advances is None
    assert (found.symbols.symbols, found.symbols.priced) == (1, 0)


def test_a_short_run_still_has_a_year_of_the_index(
    with_index: Path, tmp_path: Path
) -> None:
    """A history of one year has no year of scales, so the index' begins earlier."""
    request = RunRequest(
        selection=Symbols(symbols=GOOD[:1]),
        source="folder",
        folder=with_index,
        as_of=AS_OF,
        preset="quick_test",
        home=str(tmp_path),
    )
    plan = plan_run(request, now=NOW)
    found = index(plan, plan.open_feeds().prices, "^AXJO")
    assert found.path
    table = read_table(found.path)
    assert table.index[0].date() < date(2024, 11, 10) == plan.first_date("AAA.AX")
    assert found.state
    assert found.state.volatility
    assert found.state.close == table[CLOSE].iloc[-1]


def test_a_damaged_state_reads_as_none(tmp_path: Path) -> None:
    """`overnight` shows the rest of the night."""
    path = Home(tmp_path).nights / AS_OF.isoformat() / "market_state.json"
    path.parent.mkdir(parents=True)
    path.write_text("[{", encoding="utf-8")
    assert read_market_states(Home(tmp_path), AS_OF) == ()
