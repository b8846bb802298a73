"""Each rule of the quality check alone: repaired, degraded or refused (SPEC 10)."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date

import numpy as np
import pandas as pd
import pytest

from config.errors import BadPrices, StalePrices, SymbolError, TooShort
from config.settings import PriceSettings
from market_data.price_schemas import price_frame
from market_data.prices import (
    ADJUSTED_CLOSE,
    CLOSE,
    HIGH,
    LOW,
    OHLC,
    PRICE_COLUMNS,
    VOLUME,
)
from market_data.quality import CheckedPrices, check_prices

type Damage = Callable[[pd.DataFrame], pd.DataFrame]

AS_OF = date(2025, 6, 27)
ALL = [*OHLC, ADJUSTED_CLOSE]
SETTINGS = PriceSettings()


@pytest.fixture
def prices(generated: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """Return 80 faultless sessions of New York up to the as-of session."""
    return generated(AS_OF, 80)


@pytest.fixture
def long(generated: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """Return 500 faultless sessions of New York up to the as-of session."""
    return generated(AS_OF, 500)


def check(prices: pd.DataFrame, exchange: str = "XNYS") -> CheckedPrices:
    """Return what the check makes of `prices` with the default settings."""
    return check_prices(prices, exchange, AS_OF, SETTINGS)


def rules(result: CheckedPrices) -> list[str]:
    """Return the names of the rules that were broken, in the order found."""
    return [defect.rule for defect in result.defects]


def with_value(row: int, column: str, value: float) -> Damage:
    """Return a damage: one cell holds `value`."""

    def damage(prices: pd.DataFrame) -> pd.DataFrame:
        prices = prices.copy()
        prices.loc[prices.index[row], column] = value
        return prices

    return damage


def with_row_of(row: int, session: str) -> Damage:
    """Return a damage: a copy of one row, of a tenth more, dated `session`."""

    def damage(prices: pd.DataFrame) -> pd.DataFrame:
        extra = prices.iloc[[row]] * 1.001
        extra.index = pd.DatetimeIndex([session], name="session").as_unit("ns")
        return pd.concat([prices, extra])

    return damage


def without_rows(first: int, after: int) -> Damage:
    """Return a damage: rows `first` to `after` (not included) are missing."""
    return lambda prices: pd.concat([prices.iloc[:first], prices.iloc[after:]])


def with_step(row: int, factor: float) -> Damage:
    """Return a damage: every price from `row` on is multiplied by `factor`."""

    def damage(prices: pd.DataFrame) -> pd.DataFrame:
        prices = prices.copy()
        prices.loc[prices.index[row:], [*OHLC, ADJUSTED_CLOSE]] *= factor
        return prices

    return damage


DAMAGES: dict[str, Damage] = {
    "duplicate": lambda prices: pd.concat([prices, prices.iloc[[5]]]),
    "two rows": lambda prices: pd.concat([prices, prices.iloc[[5]] * 1.001]),
    "unordered": lambda prices: prices.iloc[::-1],
    "missing": with_value(-5, CLOSE, np.nan),
    "other day": with_row_of(10, "2025-06-22"),
    "jump": with_step(40, 2),
}


def hole(prices: pd.DataFrame, missing: int = 11) -> pd.DataFrame:
    """Return the prices without some sessions, 100 before the end."""
    return without_rows(len(prices) - 100 - missing, len(prices) - 100)(prices)


def test_what_was_repaired_is_said(prices: pd.DataFrame) -> None:
    """Order and repeated rows have one right answer: mended, named, not degrading."""
    result = check(pd.concat([prices.iloc[::-1], prices.iloc[[5]]]))
    assert result.status == "ok"
    assert result.repairs[0] == "rows put in order of time"
    assert result.repairs[1].startswith("1 repeated rows dropped, first of ")


def test_faultless_prices_are_ok_and_unchanged(prices: pd.DataFrame) -> None:
    """Prices without a fault come back as they are."""
    result = check(prices)
    assert (result.status, result.defects) == ("ok", ())
    pd.testing.assert_frame_equal(result.frame, prices)


@pytest.mark.parametrize("name", ["duplicate", "unordered"])
def test_what_has_one_right_answer_is_repaired(prices: pd.DataFrame, name: str) -> None:
    """Exact duplicates and a wrong order are repaired, and the prices are ok."""
    result = check(DAMAGES[name](prices))
    assert result.status == "ok"
    pd.testing.assert_frame_equal(result.frame, prices)


def test_a_shuffle_with_duplicates_is_repaired(prices: pd.DataFrame) -> None:
    """Any order and any number of exact copies give the same prices."""
    twice = pd.concat([prices, prices]).sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(check(twice).frame, prices)


def test_of_two_different_rows_the_later_is_used(prices: pd.DataFrame) -> None:
    """Two rows of one session have no right answer: the later one, degraded."""
    result = check(DAMAGES["two rows"](prices))
    assert (result.status, rules(result)) == ("degraded", ["duplicate"])
    assert result.frame[CLOSE].iloc[5] == prices[CLOSE].iloc[5] * 1.001
    assert len(result.frame) == len(prices)


@pytest.mark.parametrize("column", PRICE_COLUMNS)
def test_a_row_without_a_value_is_left_out(prices: pd.DataFrame, column: str) -> None:
    """A missing value is never filled: its row goes, and is named."""
    result = check(with_value(-5, column, np.nan)(prices))
    assert (result.status, rules(result)) == ("degraded", ["missing_value"])
    assert prices.index[-5] not in result.frame.index
    assert result.defects[0].session == prices.index[-5].date()


@pytest.mark.parametrize(("missing", "refused"), [(4, False), (5, True), (80, True)])
def test_too_many_rows_without_a_value_are_refused(
    prices: pd.DataFrame, missing: int, *, refused: bool
) -> None:
    """Of 80 rows, 4 may lack a value (5 %) and 5 may not."""
    prices.iloc[:missing, 3] = np.nan
    if not refused:
        assert f"and {missing - 1} more" in check(prices).defects[0].sentence
        return
    with pytest.raises(BadPrices, match=f"{missing} of 80 rows lack .* accepted 5%"):
        check(prices)


@pytest.mark.parametrize("value", [0, -1.5, np.inf, -np.inf])
@pytest.mark.parametrize("column", [*OHLC, ADJUSTED_CLOSE])
def test_a_row_with_an_impossible_price_is_left_out(
    prices: pd.DataFrame, column: str, value: float
) -> None:
    """Zero, negative and infinite prices are named, and cost their own row only."""
    result = check(with_value(-5, column, value)(prices))
    assert (result.status, rules(result)) == ("degraded", ["impossible_value"])
    assert f"has `{column}` {value:g};" in result.defects[0].sentence
    assert result.defects[0].session == prices.index[-5].date()
    assert list(prices.index.difference(result.frame.index)) == [prices.index[-5]]


@pytest.mark.parametrize("value", [-1, np.inf])
def test_a_row_with_an_impossible_volume_is_left_out(
    prices: pd.DataFrame, value: float
) -> None:
    """A negative or infinite volume is named by value and session."""
    result = check(with_value(-5, VOLUME, value)(prices))
    assert rules(result) == ["impossible_value"]
    assert f"has `volume` {value:g};" in result.defects[0].sentence


@pytest.mark.parametrize("column", PRICE_COLUMNS)
def test_an_impossible_value_in_the_last_row_is_refused(
    prices: pd.DataFrame, column: str
) -> None:
    """Without the as-of session's bar there is no row."""
    with pytest.raises(BadPrices, match=f"last row, {AS_OF}, has `{column}` -1"):
        check(with_value(-1, column, -1)(prices))


@pytest.mark.parametrize(("wrong", "refused"), [(4, False), (5, True)])
def test_too_many_impossible_values_are_refused(
    prices: pd.DataFrame, wrong: int, *, refused: bool
) -> None:
    """They count together with the rows that lack a value."""
    prices.iloc[5:7, 0] = np.nan
    prices.iloc[7 : 5 + wrong, 3] = 0
    if not refused:
        assert rules(check(prices))[:2] == ["missing_value", "impossible_value"]
        return
    with pytest.raises(BadPrices, match=f"{wrong} of 80 rows lack .* accepted 5%"):
        check(prices)


@pytest.mark.parametrize("factor", [100, 0.01, 6, 1 / 6])
@pytest.mark.parametrize("row", [0, 1, 30, -10, -2])
@pytest.mark.parametrize("columns", [*[[one] for one in OHLC], ["adjusted_close"], ALL])
def test_a_row_that_leaps_and_comes_back_is_left_out(
    prices: pd.DataFrame, columns: list[str], row: int, factor: float
) -> None:
    """One wrong cell, or a row in another unit, is named and costs its row only."""
    damaged = prices.copy()
    damaged.loc[damaged.index[row], columns] *= factor
    result = check(damaged)
    assert rules(result)[:1] == ["leap"]
    assert set(rules(result)) <= {"leap", "few_sessions"}
    wrong = damaged.loc[damaged.index[row], columns[0]]
    assert f"`{columns[0]}` {wrong:g}" in result.defects[0].sentence
    assert list(prices.index.difference(result.frame.index)) == [prices.index[row]]


@pytest.mark.parametrize("factor", [100, 0.01, 6, 1 / 6])
@pytest.mark.parametrize("columns", [*[[one] for one in OHLC], ["adjusted_close"], ALL])
def test_a_leap_in_the_last_row_is_refused(
    prices: pd.DataFrame, columns: list[str], factor: float
) -> None:
    """Only the next session can tell whether it stays."""
    prices.loc[prices.index[-1], columns] *= factor
    with pytest.raises(BadPrices, match=f"last row, {AS_OF}, has `{columns[0]}`"):
        check(prices)


def test_a_wrong_cell_for_a_week_is_left_out(long: pd.DataFrame) -> None:
    """A price far off the others of its own row needs no neighbour to be seen."""
    long.iloc[200:205, 1] *= 100
    result = check(long)
    assert rules(result) == ["leap"]
    assert len(result.frame) == 495


def test_wrong_cells_side_by_side_and_in_turn_are_left_out(long: pd.DataFrame) -> None:
    """One wrong row does not make the next, right one look wrong."""
    long.iloc[[100, 102, 104], :5] *= 100
    long.iloc[300, 1], long.iloc[301, 2] = 9e4, 1e-3
    result = check(long)
    assert rules(result) == ["leap"]
    assert "(and 2 more)" in result.defects[0].sentence
    gone = long.index.difference(result.frame.index)
    assert list(gone) == list(long.index[[100, 102, 104, 300, 301]])


def test_many_leaps_are_refused(long: pd.DataFrame) -> None:
    """More than 5 % of wrong rows is no accident."""
    long.iloc[100:400:10, 1] *= 100
    with pytest.raises(BadPrices, match=r"30 of 500 rows lack .* accepted 5%"):
        check(long)


def test_a_session_without_trade_is_no_fault(prices: pd.DataFrame) -> None:
    """A volume of zero happens: nothing was traded."""
    assert check(with_value(-5, VOLUME, 0)(prices)).status == "ok"


def test_high_below_low_is_degraded(prices: pd.DataFrame) -> None:
    """A session whose high is below its low is kept and named."""
    session = prices.index[-5]
    prices.loc[session, [HIGH, LOW]] = [99.0, 101.0]
    result = check(prices)
    assert (result.status, rules(result)) == ("degraded", ["high_below_low"])
    assert len(result.frame) == len(prices)


def test_a_contradiction_is_named_by_its_own_close(prices: pd.DataFrame) -> None:
    """The sentence quotes the bar that breaks the rule, not an earlier broken one."""
    earlier, later = prices.index[-9], prices.index[-5]
    prices.loc[earlier, CLOSE] = prices.loc[earlier, HIGH] * 1.01
    prices.loc[later, [HIGH, LOW]] = [99.0, 101.0]
    result = check(prices)
    assert rules(result) == ["high_below_low", "outside_high_low"]
    said = [defect.sentence for defect in result.defects]
    for sentence, day in zip(said, (later, earlier), strict=True):
        assert sentence.endswith(f", close {prices.loc[day, CLOSE]:g}")


def test_an_old_and_small_contradiction_is_a_note(long: pd.DataFrame) -> None:
    """A close 0.5 % above the high degrades for 20 sessions; 30 % does for ever."""

    def with_close_above(row: int, factor: float) -> CheckedPrices:
        damaged = long.copy()
        damaged.iloc[row, 1] = damaged.iloc[row, 3] / factor
        damaged.iloc[row, 2] = damaged.iloc[row, 1] * 0.99
        return check(damaged)

    assert rules(with_close_above(-20, 1.005)) == ["outside_high_low"]
    old = with_close_above(-21, 1.005)
    assert (old.status, len(old.frame)) == ("ok", 500)
    assert old.notes[0].startswith(f"{long.index[-21].date()} has an open or close")
    assert rules(with_close_above(-200, 1.3)) == ["outside_high_low"]


@pytest.mark.parametrize(
    ("over", "found"), [(0.0009, []), (0.0011, ["outside_high_low"])]
)
@pytest.mark.parametrize("column", ["open", "close"])
@pytest.mark.parametrize("end", [HIGH, LOW])
def test_open_and_close_lie_within_low_and_high(
    prices: pd.DataFrame, column: str, end: str, over: float, found: list[str]
) -> None:
    """A tenth of a percent is rounding, more is a bar that contradicts itself."""
    day, close = prices.index[-20], prices[CLOSE].iloc[-20]
    prices.loc[day, [HIGH, LOW]] = [close * 1.01, close * 0.99]
    beyond = 1 + over if end == HIGH else 1 / (1 + over)
    prices.loc[day, column] = prices.loc[day, end] * beyond
    assert rules(check(prices)) == found


def traded(prices: pd.DataFrame, row: int, times: float) -> pd.DataFrame:
    """Return the prices with so many times the usual volume in a row."""
    prices = prices.copy()
    prices.iloc[row, 5] *= times
    return prices


@pytest.mark.parametrize("factor", [1.2, 0.8])
@pytest.mark.parametrize(
    ("times", "status"), [(0, "degraded"), (1.4, "degraded"), (1.7, "ok"), (9, "ok")]
)
def test_a_large_move_that_was_traded_is_a_note(
    prices: pd.DataFrame, factor: float, times: float, status: str
) -> None:
    """News brings volume; without it a large move is a defect."""
    result = check(traded(with_step(40, factor)(prices), 40, times))
    day = prices.index[40].date()
    assert result.status == status
    said = [*result.notes, *(one.sentence for one in result.defects)]
    assert len(said) == 1
    assert str(day) in said[0]


@pytest.mark.parametrize("factor", [1.3, 0.7, 3, 1 / 3])
def test_a_move_that_comes_back_at_once_is_degraded(
    prices: pd.DataFrame, factor: float
) -> None:
    """However much was traded: no session near it has such a price."""
    prices.iloc[40, :5] *= factor
    result = check(traded(prices, 40, 9))
    assert (result.status, rules(result), result.notes) == ("degraded", ["jump"], ())
    assert "came back in the next session" in result.defects[0].sentence


def test_a_swing_among_swings_is_a_note(prices: pd.DataFrame) -> None:
    """In a crash prices go to and fro, and are traded."""
    prices.iloc[[40, 42], :5] *= 0.8
    prices.iloc[40:44, 2] *= 0.9
    prices.iloc[40:44, 5] *= 5
    assert check(prices).status == "ok"


def test_an_untraded_share_may_move(prices: pd.DataFrame) -> None:
    """Where nothing is traded on most days, any volume on the day is much."""
    prices[VOLUME] = 0.0
    prices.iloc[-1, 5] = 100
    moved = with_step(40, 1.3)(prices)
    assert rules(check(moved)) == ["jump"]
    moved.iloc[40, 5] = 500
    assert check(moved).status == "ok"


@pytest.mark.parametrize("factor", [4.9, 2.0, 0.5, 0.21])
def test_a_jump_is_degraded(prices: pd.DataFrame, factor: float) -> None:
    """A split or a unit that nobody adjusted for is named on its own session."""
    result = check(with_step(40, factor)(prices))
    assert (result.status, rules(result)) == ("degraded", ["jump"])
    assert result.defects[0].session == prices.index[40].date()


@pytest.mark.parametrize("factor", [100, 0.01, 10, 0.1, 5.1, 0.19])
def test_a_step_to_another_unit_is_refused(prices: pd.DataFrame, factor: float) -> None:
    """A 10:1 split nobody adjusted for, or pence for pounds, is no price history."""
    session = prices.index[60].date()
    with pytest.raises(BadPrices, match=f"the close of {session}, .* 0.2 to 5 times"):
        check(with_step(60, factor)(prices))


def test_a_known_split_is_no_jump(prices: pd.DataFrame) -> None:
    """Where the adjusted close has no step, the close may have one."""
    prices.loc[prices.index[:40], OHLC] *= 10
    assert check(prices).status == "ok"


@pytest.mark.parametrize(
    ("missing", "found"), [(1, []), (10, []), (11, ["hole"]), (20, ["hole"])]
)
def test_a_hole_of_more_than_ten_sessions_is_degraded(
    long: pd.DataFrame, missing: int, found: list[str]
) -> None:
    """Ten missing sessions in a row are taken, eleven are named."""
    result = check(hole(long, missing))
    assert rules(result) == found
    assert all(f"{missing} sessions" in one.sentence for one in result.defects)
    assert all(one.session == long.index[400].date() for one in result.defects)


@pytest.mark.parametrize(
    ("missing", "status"),
    [(3, "ok"), (4, "degraded"), (9, "degraded"), (12, "degraded")],
)
def test_sessions_missing_of_late_degrade(
    long: pd.DataFrame, missing: int, status: str
) -> None:
    """Of the last 60, 57 are enough, and 48 are the least."""
    result = check(without_rows(499 - missing, 499)(long))
    assert result.status == status
    if status == "degraded":
        assert f"only {60 - missing} of 60 sessions" in result.defects[0].sentence


@pytest.mark.parametrize("first", [486, 100])
def test_too_many_missing_sessions_are_refused(long: pd.DataFrame, first: int) -> None:
    """13 of the last 60, or more than a fifth of all, are too many."""
    last = 499 if first == 486 else 201
    with pytest.raises(BadPrices, match=r"only \d+ of \d+ sessions .* 80% are needed"):
        check(without_rows(first, last)(long))


def test_every_twentieth_session_missing_degrades(long: pd.DataFrame) -> None:
    """A history that lacks more than 5 % here and there is not whole."""
    lacking = long.drop(long.index[5:420:14])
    assert rules(check(lacking)) == ["few_sessions"]
    assert check(long.drop(long.index[5:420:20])).status == "ok"


@pytest.mark.parametrize(("days", "kind"), [(2, ""), (5, "weekly"), (21, "monthly")])
@pytest.mark.parametrize("offset", [0, 1])
def test_bars_of_another_length_are_refused(
    generated: Callable[..., pd.DataFrame], days: int, kind: str, offset: int
) -> None:
    """Weekly and monthly bars are named, whether they end with the as-of or not."""
    bars = generated(AS_OF, 2000).iloc[::-days][offset:].iloc[::-1]
    with pytest.raises(BadPrices, match=f"look like {kind} bars" if kind else "only"):
        check(bars)


@pytest.mark.parametrize("rule", ["W-MON", "MS"])
def test_weekly_bars_dated_on_holidays_are_named(rule: str) -> None:
    """Yahoo dates them on Mondays and firsts of months, sessions or not."""
    days = pd.date_range("2018-01-01", AS_OF, freq=rule)
    columns = {name: [100.0 + i for i in range(len(days))] for name in PRICE_COLUMNS}
    with pytest.raises(BadPrices, match=r"they look like (weekly|monthly) bars"):
        check(price_frame(columns, days))


def test_a_young_share_lacks_nothing(prices: pd.DataFrame) -> None:
    """Sessions count from the first row: before its listing there were none."""
    assert check(prices.iloc[-56:]).status == "ok"


@pytest.mark.parametrize("rows", [1, 5])
def test_a_last_bar_before_the_as_of_session_is_refused(
    prices: pd.DataFrame, rows: int
) -> None:
    """Stale prices are refused with the session wanted and the session that came."""
    last = prices.index[-1 - rows].date()
    expected = f"is of {last}, not of the as-of session {AS_OF}"
    with pytest.raises(StalePrices, match=expected):
        check(prices.iloc[:-rows])


def test_a_last_bar_without_a_value_is_stale(prices: pd.DataFrame) -> None:
    """A row that is left out does not count as the as-of session's bar."""
    with pytest.raises(StalePrices, match=f"is of {prices.index[-2].date()}"):
        check(with_value(-1, CLOSE, np.nan)(prices))


def test_too_few_sessions_are_refused(prices: pd.DataFrame) -> None:
    """55 sessions are enough for screening, 54 are not."""
    assert check(prices.iloc[-55:]).status == "ok"
    with pytest.raises(TooShort, match="needs 55 sessions, got 54"):
        check(prices.iloc[-54:])


def with_rows_on_weekends(prices: pd.DataFrame, rows: int) -> pd.DataFrame:
    """Return the prices with so many rows dated on Saturdays."""
    days = pd.date_range(end="2025-06-21", periods=rows, freq="W-SAT").as_unit("ns")
    extra = prices.iloc[-rows - 5 : -5].set_axis(days).rename_axis("session")
    return pd.concat([prices, extra])


def test_many_rows_of_no_session_are_refused(prices: pd.DataFrame) -> None:
    """Dates a day off, or of another exchange, are no accident of single rows."""
    assert rules(check(with_rows_on_weekends(prices, 4))) == ["no_session"]
    with pytest.raises(BadPrices, match=r"5 of 85 rows .* 2025-05-24, a Saturday"):
        check(with_rows_on_weekends(prices, 5))


@pytest.mark.parametrize("shift", [1, -1])
def test_dates_a_day_off_are_refused(long: pd.DataFrame, shift: int) -> None:
    """Each week then has a row on a day without a session."""
    shifted = long.set_axis(long.index + pd.Timedelta(days=shift)).rename_axis(
        "session"
    )
    with pytest.raises(BadPrices, match="rows are dated on days without a session"):
        check(shifted.loc[: str(AS_OF)])


@pytest.mark.parametrize("kind", ["empty", "carried on"])
def test_a_row_without_a_trade_on_a_holiday_is_no_defect(
    prices: pd.DataFrame, kind: str
) -> None:
    """Yahoo has such rows: without values, or the last close with volume 0."""
    days = pd.DatetimeIndex(["2025-06-19", "2025-05-26"]).as_unit("ns")
    before = prices.index.searchsorted(days) - 1
    rows = prices.iloc[before].set_axis(days).rename_axis("session")
    rows[OHLC] = rows[[CLOSE] * 4].to_numpy() if kind == "carried on" else np.nan
    rows[VOLUME] = 0.0
    if kind == "empty":
        rows[ADJUSTED_CLOSE] = np.nan
    result = check(pd.concat([prices, rows]))
    assert (result.status, len(result.frame)) == ("ok", 80)
    carried = [one for one in result.repairs if "without a trade" in one]
    assert len(carried) == (kind == "carried on")


@pytest.mark.parametrize("newest_first", [True, False])
def test_of_two_rows_the_newer_counts_in_any_order(
    prices: pd.DataFrame, *, newest_first: bool
) -> None:
    """A file that begins with the newest row has the newer of two rows above."""
    old = with_value(-1, CLOSE, 99.0)(prices).iloc[[-1]]
    both = pd.concat([prices.iloc[:-1], old, prices.iloc[[-1]]])
    result = check(both.iloc[::-1] if newest_first else both)
    assert result.frame[CLOSE].iloc[-1] == prices[CLOSE].iloc[-1]
    assert "and not 99" in result.defects[0].sentence


@pytest.mark.parametrize("last", [True, False])
def test_an_empty_second_row_takes_no_value_away(
    prices: pd.DataFrame, *, last: bool
) -> None:
    """Of a row with prices and one without, the one with prices is right."""
    empty = prices.iloc[[-1]] * np.nan
    both = [prices, empty] if last else [prices.iloc[:-1], empty, prices.iloc[[-1]]]
    result = check(pd.concat(both))
    assert (result.status, len(result.frame)) == ("ok", 80)


@pytest.mark.parametrize(("sessions", "refused"), [(5, False), (6, True)])
def test_more_than_one_percent_of_double_sessions_are_refused(
    long: pd.DataFrame, sessions: int, *, refused: bool
) -> None:
    """Two downloads in one file; one such session is accepted in any file."""
    doubled = pd.concat([long, long.iloc[50 : 50 + sessions] * 1.001])
    if not refused:
        assert rules(check(doubled)) == ["duplicate"]
        return
    with pytest.raises(
        BadPrices, match="6 of 500 sessions have several different rows"
    ):
        check(doubled)


def test_hourly_bars_are_named(long: pd.DataFrame) -> None:
    """Six rows of a session are no daily bars."""
    hours = pd.concat([long * (1 + hour / 1000) for hour in range(6)])
    with pytest.raises(BadPrices, match=r"has 6.*bars of hours or minutes"):
        check(hours)


@pytest.mark.parametrize("day", ["2025-06-22", "2025-06-19"])
def test_a_row_of_no_session_is_left_out(prices: pd.DataFrame, day: str) -> None:
    """A row of a Sunday or a holiday goes, and is named with its exchange."""
    result = check(with_row_of(10, day)(prices))
    assert (result.status, rules(result)) == ("degraded", ["no_session"])
    assert "no session of XNYS" in result.defects[0].sentence
    pd.testing.assert_frame_equal(result.frame, prices)


def test_sessions_are_those_of_the_symbols_exchange(
    generated: Callable[..., pd.DataFrame],
) -> None:
    """What is a session in Sydney need not be one in New York."""
    sydney = generated(AS_OF, 80, "XASX")
    assert check(sydney, "XASX").status == "ok"
    assert "no_session" in rules(check(sydney, "XNYS"))


@pytest.mark.parametrize(
    "days",
    [
        ["2025-06-28"],
        ["2025-06-28", "2025-06-29"],
        ["1985-03-01", "1985-03-04"],
        [],
    ],
)
def test_rows_of_no_known_session_alone_are_refused(
    generated: Callable[..., pd.DataFrame], days: list[str]
) -> None:
    """Prices that hold no session of the calendar are a symbol's reason, no crash."""
    rows = generated(AS_OF, max(len(days), 1)).iloc[: len(days)]
    columns = {name: rows[name].tolist() for name in PRICE_COLUMNS}
    with pytest.raises(SymbolError):
        check(price_frame(columns, pd.DatetimeIndex(days)))


@pytest.mark.parametrize("name", ["two rows", "other day", "jump"])
def test_a_defect_is_named_with_rule_session_and_value(
    prices: pd.DataFrame, name: str
) -> None:
    """Each finding holds its session and a number, in one sentence without a code."""
    (defect,) = check(DAMAGES[name](prices)).defects
    assert defect.rule
    assert str(defect.session) in defect.sentence
    rest = defect.sentence.replace(str(defect.session), "")
    assert any(character.isdigit() for character in rest)


def test_several_defects_are_all_named(long: pd.DataFrame) -> None:
    """One defect hides no other."""
    damaged = hole(long)
    for name in ("two rows", "missing", "jump"):
        damaged = DAMAGES[name](damaged)
    assert {"duplicate", "missing_value", "jump", "hole"} <= set(rules(check(damaged)))


@pytest.mark.parametrize("name", [*DAMAGES, "zero"])
def test_the_check_changes_no_argument(prices: pd.DataFrame, name: str) -> None:
    """The frame handed in stays as it was, whatever is found in it."""
    damaged = (DAMAGES | {"zero": with_value(-5, CLOSE, 0)})[name](prices)
    before = damaged.copy(deep=True)
    with suppress(BadPrices):
        check(damaged)
    pd.testing.assert_frame_equal(damaged, before)


@pytest.mark.parametrize("name", DAMAGES)
def test_the_check_is_idempotent(prices: pd.DataFrame, name: str) -> None:
    """Prices that came through once come through unchanged again."""
    once = check(DAMAGES[name](prices)).frame
    pd.testing.assert_frame_equal(check(once).frame, once)
