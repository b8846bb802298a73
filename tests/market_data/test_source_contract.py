"""The one contract that every price source passes: sample, folder and Yahoo."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from config.errors import SymbolError, UnknownSymbol
from config.settings import PriceSettings
from market_data.folder import FolderSource
from market_data.price_schemas import RAW_PRICES
from market_data.prices import YAHOO_COLUMNS
from market_data.sample import SampleSource
from market_data.sources import PriceSource
from market_data.yahoo import YahooSource
from market_data.yahoo_client import YahooClient

# Without a fault nothing may need a retry, so none is allowed.
SETTINGS = PriceSettings(retry_seconds=0, requests_per_second=50)


@dataclass(frozen=True)
class Case:
    """A source, a symbol it has, and a range of about a year that it covers."""

    source: PriceSource
    symbol: str
    first: date
    last: date

    def rows(self, first: date | None = None, last: date | None = None) -> pd.DataFrame:
        """Return the frame of the range, or of a part of it."""
        asked = (first or self.first, last or self.last)
        return self.source.fetch(self.symbol, *asked).frame


def folder_case(folder: Path, prices: pd.DataFrame) -> Case:
    """Return a folder source with one generated CSV, as Yahoo's page saves it."""
    (folder / "prices").mkdir()
    names = {ours: theirs for theirs, ours in YAHOO_COLUMNS.items()}
    table = prices.rename(columns=names).rename_axis("Date")
    table.to_csv(folder / "prices" / "CBA.AX.csv")
    return Case(FolderSource(folder), "CBA.AX", date(2024, 7, 1), date(2025, 6, 20))


@pytest.fixture(params=["sample", "folder", "yahoo"])
def case(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    generated: Callable[..., pd.DataFrame],
) -> Case:
    """Return each source in turn; Yahoo answers through the replay, if it is there."""
    if request.param == "sample":
        return Case(SampleSource(), "IBM", date(2012, 1, 3), date(2012, 12, 28))
    if request.param == "folder":
        return folder_case(tmp_path, generated(date(2025, 6, 27), 400, "XASX"))
    request.getfixturevalue("replay")
    source = YahooSource(YahooClient(SETTINGS))
    return Case(source, "BHP.AX", date(2024, 7, 1), date(2025, 6, 20))


def test_rows_have_the_one_form(case: Case) -> None:
    """Columns, types and index are those of `RAW_PRICES`."""
    RAW_PRICES.validate(case.rows())


def test_only_sessions_of_the_range_come(case: Case) -> None:
    """Nothing before `first` and nothing after `last`, and both ends are there."""
    frame = case.rows()
    assert frame.index[0].date() == case.first
    assert frame.index[-1].date() == case.last


def test_sessions_come_in_order_and_once(case: Case) -> None:
    """A faultless source gives one row a session, oldest first, without a time."""
    index = case.rows().index
    assert index.is_monotonic_increasing
    assert index.is_unique
    assert (index == index.normalize()).all()


def test_a_year_is_a_year(case: Case) -> None:
    """About 250 sessions a year come, none of them invented on a weekend."""
    index = case.rows().index
    assert 235 <= len(index) <= 255
    assert (index.day_of_week < 5).all()


def test_values_are_prices(case: Case) -> None:
    """Prices are above zero, and the close lies between low and high."""
    frame = case.rows()
    assert (frame.drop(columns="volume") > 0).all(axis=None)
    within = frame["close"].between(frame["low"] * 0.999, frame["high"] * 1.001)
    assert within.all()


@pytest.mark.parametrize("days", [1, 30, 180])
def test_an_earlier_last_gives_the_same_rows_and_fewer(case: Case, days: int) -> None:
    """What a run of an earlier as-of sees is a prefix: no row knows a later one."""
    last = case.last - timedelta(days=days)
    earlier = case.rows(last=last)
    assert earlier.index[-1].date() <= last
    whole = case.rows()
    pd.testing.assert_frame_equal(earlier, whole.iloc[: len(earlier)], check_freq=False)


def test_a_later_first_gives_the_same_rows_and_fewer(case: Case) -> None:
    """A shorter range is a part of the longer one."""
    first = case.last - timedelta(days=30)
    shorter = case.rows(first=first)
    assert shorter.index[0].date() >= first
    pd.testing.assert_frame_equal(
        shorter, case.rows().iloc[-len(shorter) :], check_freq=False
    )


def test_one_session_can_be_asked_for(case: Case) -> None:
    """A range of one session gives that session."""
    assert case.rows(first=case.last).index.date.tolist() == [case.last]


def test_the_same_request_gives_the_same_rows(case: Case) -> None:
    """Asking twice gives equal frames that share nothing."""
    once, again = case.rows(), case.rows()
    pd.testing.assert_frame_equal(once, again)
    once.iloc[:, :] = 0.0
    pd.testing.assert_frame_equal(case.rows(), again)


@pytest.mark.parametrize("symbol", ["ZZZZZ", "ZZZZZ.AX", "QQQQ-B"])
def test_an_unknown_symbol_is_named(case: Case, symbol: str) -> None:
    """A symbol without a history is `UnknownSymbol`, and the message names it."""
    with pytest.raises(UnknownSymbol, match=symbol):
        case.source.fetch(symbol, case.first, case.last)


@pytest.mark.parametrize("first", [date(1970, 1, 1), date(1901, 1, 1)])
def test_a_range_without_rows_is_never_an_empty_frame(case: Case, first: date) -> None:
    """Before every listing there are no prices, and the source says so."""
    with pytest.raises(SymbolError):
        case.source.fetch(case.symbol, first, first + timedelta(days=10))


def test_a_source_says_its_name_and_whether_it_is_remote(case: Case) -> None:
    """The history carries the source's name; only Yahoo costs requests."""
    history = case.source.fetch(case.symbol, case.first, case.last)
    assert history.source == case.source.name
    assert history.source in {"sample", "folder", "yahoo"}
    assert case.source.remote is (case.source.name == "yahoo")


def test_a_currency_is_a_code_or_empty(case: Case) -> None:
    """The currency has three letters, or is empty where the source does not say."""
    currency = case.source.fetch(case.symbol, case.first, case.last).currency
    assert currency == "" or (len(currency) == 3 and currency.isalpha())
