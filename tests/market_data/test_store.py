"""The price store: what a night asks for, and what it runs on without an answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from config.errors import (
    BadPrices,
    RateLimited,
    StorageError,
    SymbolError,
    UnknownSymbol,
    Unreachable,
)
from config.settings import PriceSettings
from market_data.prices import ADJUSTED_CLOSE, CLOSE, VOLUME, PriceHistory
from market_data.store import PriceStore
from storage.home import Home

FIRST_NIGHT, SECOND_NIGHT = date(2025, 6, 26), date(2025, 6, 27)
FIRST = date(2025, 3, 3)
FIRST_OF_MAY = pd.Timestamp(2025, 5, 1)
SETTINGS = PriceSettings(overlap_sessions=10)


@dataclass
class FakeSource:
    """Prices in memory; notes what it is asked for, and fails when told to."""

    frame: pd.DataFrame
    name: str = "fake"
    remote: bool = True
    failure: SymbolError | None = None
    requests: list[tuple[date, date]] = field(default_factory=list)

    def fetch(self, symbol: str, first: date, last: date) -> PriceHistory:
        """Return the rows from `first` to `last`, or raise the failure."""
        self.requests.append((first, last))
        if self.failure is not None:
            raise self.failure
        days = self.frame.index
        wanted = (days >= pd.Timestamp(first)) & (days <= pd.Timestamp(last))
        if not wanted.any():
            raise UnknownSymbol(f"{symbol} must have rows, got none.")
        return PriceHistory(self.frame[wanted], "USD", self.name)


@dataclass
class Uncut:
    """A source that hands out its whole history, whatever it is asked for."""

    history: PriceHistory
    remote: bool
    name: str = "uncut"

    def fetch(self, symbol: str, first: date, last: date) -> PriceHistory:  # noqa: ARG002
        """Return everything."""
        return self.history


@pytest.fixture
def source(generated: Callable[..., pd.DataFrame]) -> FakeSource:
    """Return a source with 120 sessions up to the second night."""
    return FakeSource(generated(SECOND_NIGHT, 120))


@pytest.fixture
def store(tmp_path: Path, source: FakeSource) -> PriceStore:
    """Return an empty store of that source."""
    return PriceStore(tmp_path, source, SETTINGS)


def test_a_store_in_any_home_asks_once(home: Home, source: FakeSource) -> None:
    """Wherever the home is, what was stored one night is not asked for on the next."""
    store = PriceStore(home.prices, source, SETTINGS)
    first = store.history("AAPL", FIRST, SECOND_NIGHT)
    again = store.history("AAPL", FIRST, SECOND_NIGHT)
    assert source.requests == [(FIRST, SECOND_NIGHT)]
    pd.testing.assert_frame_equal(again.frame, first.frame, check_freq=False)
    assert again.currency == "USD"
    source.failure = Unreachable("no line")
    assert store.history("AAPL", FIRST, SECOND_NIGHT).source == "fake"


def expected(source: FakeSource, first: date, last: date) -> pd.DataFrame:
    """Return what the source holds from `first` to `last`."""
    return source.frame.loc[str(first) : str(last)]


def days_before(source: FakeSource, last: date, sessions: int) -> date:
    """Return the session that opens the last `sessions` ones up to `last`."""
    return source.frame.loc[: str(last)].index[-sessions].date()


def test_the_first_night_asks_for_everything(
    store: PriceStore, source: FakeSource
) -> None:
    """An empty store asks for the whole range and returns it."""
    history = store.history("AAPL", FIRST, FIRST_NIGHT)
    assert source.requests == [(FIRST, FIRST_NIGHT)]
    assert (history.currency, history.source) == ("USD", "fake")
    pd.testing.assert_frame_equal(
        history.frame, expected(source, FIRST, FIRST_NIGHT), check_freq=False
    )


def test_the_second_night_asks_for_new_sessions_and_the_overlap(
    store: PriceStore, source: FakeSource
) -> None:
    """Of the stored sessions only the last ten are asked for again."""
    store.history("AAPL", FIRST, FIRST_NIGHT)
    history = store.history("AAPL", FIRST, SECOND_NIGHT)
    overlap_first = days_before(source, FIRST_NIGHT, SETTINGS.overlap_sessions)
    assert source.requests[1:] == [(overlap_first, SECOND_NIGHT)]
    pd.testing.assert_frame_equal(
        history.frame, expected(source, FIRST, SECOND_NIGHT), check_freq=False
    )


def test_the_same_night_asks_once(store: PriceStore, source: FakeSource) -> None:
    """What is stored up to the as-of session is not asked for again."""
    once = store.history("AAPL", FIRST, FIRST_NIGHT)
    again = store.history("AAPL", FIRST, FIRST_NIGHT)
    assert len(source.requests) == 1
    assert (again.currency, again.source) == (once.currency, once.source)
    pd.testing.assert_frame_equal(again.frame, once.frame, check_freq=False)


def test_a_new_store_on_the_same_folder_knows_what_was_stored(
    tmp_path: Path, source: FakeSource
) -> None:
    """The store lives in its files, not in the process."""
    PriceStore(tmp_path, source, SETTINGS).history("AAPL", FIRST, FIRST_NIGHT)
    PriceStore(tmp_path, source, SETTINGS).history("AAPL", FIRST, FIRST_NIGHT)
    assert len(source.requests) == 1


@pytest.mark.parametrize("change", [1.001, 0.1, 10.0])
@pytest.mark.parametrize("columns", [[ADJUSTED_CLOSE], [CLOSE, ADJUSTED_CLOSE]])
def test_a_re_adjusted_history_is_fetched_anew(
    store: PriceStore, source: FakeSource, columns: list[str], change: float
) -> None:
    """Where the overlap differs, every stored session is from another scale."""
    store.history("AAPL", FIRST, FIRST_NIGHT)
    source.frame = source.frame.copy()
    source.frame.loc[: str(FIRST_NIGHT), columns] *= change
    history = store.history("AAPL", FIRST, SECOND_NIGHT)
    assert source.requests[2:] == [(FIRST, SECOND_NIGHT)]
    pd.testing.assert_frame_equal(
        history.frame, expected(source, FIRST, SECOND_NIGHT), check_freq=False
    )


def test_a_gap_in_the_new_overlap_is_fetched_anew(
    store: PriceStore, source: FakeSource
) -> None:
    """A stored session that the source no longer has is a changed history."""
    store.history("AAPL", FIRST, FIRST_NIGHT)
    source.frame = source.frame.drop(source.frame.index[-4])
    history = store.history("AAPL", FIRST, SECOND_NIGHT)
    assert len(source.requests) == 3
    assert source.frame.index[-1] in history.frame.index


def test_noise_of_single_precision_is_no_change(
    store: PriceStore, source: FakeSource
) -> None:
    """A relative difference of 1e-6 and another volume are the same history."""
    store.history("AAPL", FIRST, FIRST_NIGHT)
    source.frame = (source.frame * (1 + 1e-6)).assign(**{VOLUME: 1.0})
    store.history("AAPL", FIRST, SECOND_NIGHT)
    assert len(source.requests) == 2


@pytest.mark.parametrize("age", [4, 30, 70], ids="{} sessions old".format)
@pytest.mark.parametrize("damage", ["no row", "no close"])
def test_a_hole_of_any_age_heals(
    store: PriceStore, source: FakeSource, age: int, damage: str
) -> None:
    """A session that Yahoo lacked for a night is there again with the next one."""
    whole, day = source.frame, source.frame.index[-age]
    source.frame = whole.drop(day)
    if damage == "no close":
        source.frame = whole.copy()
        source.frame.loc[day, CLOSE] = np.nan
    store.history("AAPL", FIRST, FIRST_NIGHT)
    source.frame = whole
    history = store.history("AAPL", FIRST, SECOND_NIGHT)
    pd.testing.assert_frame_equal(
        history.frame, expected(source, FIRST, SECOND_NIGHT), check_freq=False
    )


def test_a_hole_that_stays_costs_one_request_a_night(
    store: PriceStore, source: FakeSource
) -> None:
    """A share that was suspended is asked for as often as any, only further back."""
    source.frame = source.frame.drop(source.frame.index[-60:-40])
    store.history("AAPL", FIRST, FIRST_NIGHT)
    history = store.history("AAPL", FIRST, SECOND_NIGHT)
    assert source.requests[1:] == [(FIRST, SECOND_NIGHT)]
    assert len(history.frame) == len(expected(source, FIRST, SECOND_NIGHT))


def test_an_older_first_session_is_asked_for(
    store: PriceStore, source: FakeSource
) -> None:
    """Stored prices that begin too late are fetched anew from the wanted session."""
    store.history("AAPL", FIRST, SECOND_NIGHT)
    earlier = date(2025, 1, 10)
    history = store.history("AAPL", earlier, SECOND_NIGHT)
    assert source.requests[1:] == [(earlier, SECOND_NIGHT)]
    assert history.frame.index[0].date() == earlier


def test_a_listing_after_first_is_not_asked_for_again(
    store: PriceStore, source: FakeSource
) -> None:
    """A young share has no older prices; the store knows it has asked."""
    store.history("AAPL", date(2000, 1, 3), FIRST_NIGHT)
    store.history("AAPL", date(2000, 1, 3), FIRST_NIGHT)
    assert len(source.requests) == 1


@pytest.mark.parametrize("as_of", [date(2025, 4, 30), date(2025, 6, 20)])
def test_an_as_of_in_the_past_sees_nothing_later(
    store: PriceStore, source: FakeSource, as_of: date
) -> None:
    """Stored rows after the as-of session are cut, and stay stored."""
    store.history("AAPL", FIRST, SECOND_NIGHT)
    past = store.history("AAPL", FIRST, as_of).frame
    pd.testing.assert_frame_equal(
        past, expected(source, FIRST, as_of), check_freq=False
    )
    assert store.history("AAPL", FIRST, SECOND_NIGHT).frame.index[-1].date() == (
        SECOND_NIGHT
    )
    assert len(source.requests) == 1


def test_a_later_first_session_cuts_the_front(
    store: PriceStore, source: FakeSource
) -> None:
    """Stored rows before the wanted range are left out."""
    store.history("AAPL", FIRST, SECOND_NIGHT)
    later = date(2025, 5, 1)
    frame = store.history("AAPL", later, SECOND_NIGHT).frame
    assert frame.index[0].date() == later
    assert len(source.requests) == 1


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"no parquet at all" * 50])
def test_a_corrupt_file_is_fetched_anew(
    tmp_path: Path, store: PriceStore, source: FakeSource, damage: bytes
) -> None:
    """A torn or foreign file counts as nothing stored, and is replaced."""
    store.history("AAPL", FIRST, SECOND_NIGHT)
    (stored,) = tmp_path.rglob("*.parquet")
    stored.write_bytes(damage)
    history = store.history("AAPL", FIRST, SECOND_NIGHT)
    store.history("AAPL", FIRST, SECOND_NIGHT)
    assert source.requests == [(FIRST, SECOND_NIGHT)] * 2
    assert len(history.frame) == len(expected(source, FIRST, SECOND_NIGHT))


@pytest.mark.parametrize("keep", [0.5, 0.9, 0.999])
def test_a_file_cut_short_is_fetched_anew(
    tmp_path: Path, store: PriceStore, source: FakeSource, keep: float
) -> None:
    """The front part of a good file is no good file."""
    store.history("AAPL", FIRST, SECOND_NIGHT)
    (stored,) = tmp_path.rglob("*.parquet")
    content = stored.read_bytes()
    stored.write_bytes(content[: int(len(content) * keep)])
    store.history("AAPL", FIRST, SECOND_NIGHT)
    assert len(source.requests) == 2


def test_a_parquet_file_of_another_form_is_fetched_anew(
    tmp_path: Path, store: PriceStore, source: FakeSource
) -> None:
    """A readable table that is no price frame counts as nothing stored."""
    store.history("AAPL", FIRST, SECOND_NIGHT)
    (stored,) = tmp_path.rglob("*.parquet")
    pd.DataFrame({"close": [1.0]}).to_parquet(stored)
    store.history("AAPL", FIRST, SECOND_NIGHT)
    assert len(source.requests) == 2


EDITS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "older half in cents": lambda frame: frame.mul(
        np.where(frame.index < FIRST_OF_MAY, 100.0, 1.0), axis=0
    ),
    "a column more": lambda frame: frame.assign(extra=1.0),
    "a column less": lambda frame: frame.drop(columns=VOLUME),
    "texts": lambda frame: frame.astype(str),
    "unsorted": lambda frame: frame.iloc[::-1],
    "a time zone": lambda frame: frame.tz_localize("Australia/Sydney"),
    "no dates": lambda frame: frame.reset_index(drop=True),
    "no rows": lambda frame: frame.iloc[:0],
}


def edited(stored: Path, edit: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Change a stored table as a person with pandas would, its attributes kept."""
    frame = pd.read_parquet(stored)
    changed = edit(frame)
    changed.attrs = frame.attrs
    changed.to_parquet(stored)


@pytest.mark.parametrize("what", EDITS)
def test_a_file_that_was_edited_is_fetched_anew_and_it_is_said(
    tmp_path: Path, store: PriceStore, source: FakeSource, what: str
) -> None:
    """Nothing of it is used, whatever was changed, and the next night is quiet."""
    store.history("AAPL", FIRST, FIRST_NIGHT)
    edited(next(tmp_path.rglob("*.parquet")), EDITS[what])
    history = store.history("AAPL", FIRST, SECOND_NIGHT)
    pd.testing.assert_frame_equal(
        history.frame, expected(source, FIRST, SECOND_NIGHT), check_freq=False
    )
    (note,) = history.notes
    assert note == (
        "the prices were fetched anew, because the stored file AAPL.parquet can't be "
        "used: its content was changed after it was written"
    )
    assert store.history("AAPL", FIRST, SECOND_NIGHT).notes == ()


@pytest.mark.parametrize("name", ["currency", "company", "dividends", "asked_from"])
@pytest.mark.parametrize("value", [None, 3, "x", [], {"x": None}, {"2025-05-01": None}])
def test_an_attribute_of_another_type_is_fetched_anew(
    tmp_path: Path, store: PriceStore, name: str, value: object
) -> None:
    """No attribute that was edited, or taken out, breaks a night."""
    for change in ({name: value}, {}):
        store.history("AAPL", FIRST, FIRST_NIGHT)
        (stored,) = tmp_path.rglob("*.parquet")
        frame = pd.read_parquet(stored)
        frame.attrs.pop(name)
        frame.attrs |= change
        frame.to_parquet(stored)
        assert len(store.history("AAPL", FIRST, FIRST_NIGHT).notes) == 1


def test_another_symbols_file_is_fetched_anew(
    tmp_path: Path, store: PriceStore, source: FakeSource
) -> None:
    """A file copied or renamed belongs to the symbol that it was written for."""
    store.history("MSFT", FIRST, SECOND_NIGHT)
    (stored,) = tmp_path.rglob("MSFT.parquet")
    stored.rename(stored.with_name("AAPL.parquet"))
    history = store.history("AAPL", FIRST, SECOND_NIGHT)
    assert len(source.requests) == 2
    assert "it belongs to 'MSFT fake', not to AAPL fake" in history.notes[0]


def test_a_file_of_an_earlier_version_is_fetched_anew_once(
    tmp_path: Path, store: PriceStore, source: FakeSource
) -> None:
    """It had no fingerprint: who changed it since, nobody knows."""
    store.history("AAPL", FIRST, SECOND_NIGHT)
    (stored,) = tmp_path.rglob("*.parquet")
    frame = pd.read_parquet(stored)
    del frame.attrs["names"], frame.attrs["fingerprint"]
    frame.to_parquet(stored)
    history = store.history("AAPL", FIRST, SECOND_NIGHT)
    assert "an earlier version or another program wrote it" in history.notes[0]
    store.history("AAPL", FIRST, SECOND_NIGHT)
    assert len(source.requests) == 2


@pytest.mark.parametrize("failure", [RateLimited("asked too often."), Unreachable("x")])
def test_a_file_that_does_not_fit_never_stands_in(
    tmp_path: Path, store: PriceStore, source: FakeSource, failure: SymbolError
) -> None:
    """Without an answer the symbol fails, with both reasons."""
    store.history("AAPL", FIRST, SECOND_NIGHT)
    edited(next(tmp_path.rglob("*.parquet")), EDITS["older half in cents"])
    source.failure = failure
    with pytest.raises(type(failure), match=r", and the stored file AAPL.parquet"):
        store.history("AAPL", FIRST, SECOND_NIGHT)


FAILURES = [RateLimited("asked too often."), Unreachable("no answer.")]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.code)
def test_stored_prices_stand_in_when_they_reach_the_as_of_session(
    store: PriceStore, source: FakeSource, failure: SymbolError
) -> None:
    """Shorter stored prices are better than none, and are marked as stored."""
    store.history("AAPL", FIRST, SECOND_NIGHT)
    source.failure = failure
    history = store.history("AAPL", date(2025, 1, 10), SECOND_NIGHT)
    assert history.source == "fake (stored)"
    pd.testing.assert_frame_equal(
        history.frame, expected(source, FIRST, SECOND_NIGHT), check_freq=False
    )


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.code)
def test_a_failure_is_raised_where_stored_prices_do_not_reach(
    store: PriceStore, source: FakeSource, failure: SymbolError
) -> None:
    """Stored prices that end before the as-of session never stand in for it."""
    store.history("AAPL", FIRST, FIRST_NIGHT)
    source.failure = failure
    with pytest.raises(type(failure)):
        store.history("AAPL", FIRST, SECOND_NIGHT)


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.code)
def test_a_failure_is_raised_where_nothing_is_stored(
    tmp_path: Path, store: PriceStore, source: FakeSource, failure: SymbolError
) -> None:
    """Without an answer and without stored prices the symbol fails, and leaves none."""
    source.failure = failure
    with pytest.raises(type(failure)):
        store.history("AAPL", FIRST, SECOND_NIGHT)
    assert list(tmp_path.rglob("*.parquet")) == []


@pytest.mark.parametrize("kind", [UnknownSymbol, BadPrices])
def test_a_wrong_answer_is_never_covered_by_stored_prices(
    store: PriceStore, source: FakeSource, kind: type[SymbolError]
) -> None:
    """Only a source that can't be asked is stood in for."""
    store.history("AAPL", FIRST, SECOND_NIGHT)
    source.failure = kind("what came.")
    with pytest.raises(kind):
        store.history("AAPL", date(2025, 1, 10), SECOND_NIGHT)


def test_a_failed_night_harms_no_stored_prices(
    store: PriceStore, source: FakeSource
) -> None:
    """After a failure the next night goes on from what was stored."""
    store.history("AAPL", FIRST, FIRST_NIGHT)
    source.failure = RateLimited("asked too often.")
    with pytest.raises(RateLimited):
        store.history("AAPL", FIRST, SECOND_NIGHT)
    source.failure = None
    store.history("AAPL", FIRST, SECOND_NIGHT)
    assert source.requests[-1][0] > FIRST


def test_symbols_and_sources_do_not_share_prices(
    tmp_path: Path, store: PriceStore, source: FakeSource
) -> None:
    """Each symbol of each source has its own file."""
    store.history("AAPL", FIRST, SECOND_NIGHT)
    store.history("MSFT", FIRST, SECOND_NIGHT)
    other = FakeSource(source.frame, name="other")
    PriceStore(tmp_path, other, SETTINGS).history("AAPL", FIRST, SECOND_NIGHT)
    assert (len(source.requests), len(other.requests)) == (2, 1)
    assert len(list(tmp_path.rglob("*.parquet"))) == 3


def test_a_local_source_is_always_asked(tmp_path: Path, source: FakeSource) -> None:
    """A file on this machine may have been corrected since: it is read again."""
    source.remote = False
    store = PriceStore(tmp_path, source, SETTINGS)
    store.history("AAPL", FIRST, SECOND_NIGHT)
    store.history("AAPL", FIRST, SECOND_NIGHT)
    assert source.requests == [(FIRST, SECOND_NIGHT)] * 2


@pytest.mark.parametrize("remote", [True, False])
def test_a_source_that_does_not_cut_is_cut(
    tmp_path: Path, source: FakeSource, *, remote: bool
) -> None:
    """Whatever a source hands out, nothing later than the as-of session comes back."""
    paid = dict.fromkeys((FIRST_NIGHT, SECOND_NIGHT), 0.25)
    whole = PriceHistory(source.frame, "USD", "uncut", dividends=paid)
    uncut = Uncut(whole, remote=remote)
    history = PriceStore(tmp_path, uncut, SETTINGS).history("AAPL", FIRST, FIRST_NIGHT)
    wanted = expected(source, FIRST, FIRST_NIGHT)
    pd.testing.assert_frame_equal(history.frame, wanted, check_freq=False)
    assert history.dividends == {FIRST_NIGHT: 0.25}


@pytest.mark.parametrize("order", ["reversed", "shuffled"])
def test_unordered_rows_come_through_the_store(
    store: PriceStore, source: FakeSource, order: str
) -> None:
    """What a source gives in another order reaches the quality check whole, twice."""
    ordered = source.frame
    shuffled = ordered.sample(frac=1, random_state=5)
    source.frame = ordered.iloc[::-1] if order == "reversed" else shuffled
    for night in (FIRST_NIGHT, SECOND_NIGHT):
        frame = store.history("AAPL", FIRST, night).frame.sort_index()
        wanted = ordered.loc[str(FIRST) : str(night)]
        pd.testing.assert_frame_equal(frame, wanted, check_freq=False)


def test_a_store_that_cannot_be_written_is_named(
    tmp_path: Path, source: FakeSource
) -> None:
    """An unwritable store is a clear error with the path."""
    blocked = tmp_path / "file"
    blocked.write_text("in the way", encoding="utf-8")
    with pytest.raises(StorageError, match=str(blocked)):
        PriceStore(blocked, source, SETTINGS).history("AAPL", FIRST, SECOND_NIGHT)
