"""Each rule of the quality check alone: repaired, degraded or refused (SPEC 10)."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date

import numpy as np
import pandas as pd
import pytest

from config.errors import BadPrices, StalePrices, SymbolError, TooShort
from config.settings import PriceSettings
from market_data.prices import (
    ADJUSTED_CLOSE,
    CLOSE,
    HIGH,
    LOW,
    OHLC,
    PRICE_COLUMNS,
    VOLUME,
    price_frame,
)
from market_data.quality import CheckedPrices, checked

type Damage = Callable[[pd.DataFrame], pd.DataFrame]

AS_OF = date(2025, 6, 27)
SETTINGS = PriceSettings()


@pytest.fixture
def prices(generated: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """Return 80 faultless sessions of New York up to the as-of session."""
    return generated(AS_OF, 80)


def check(prices: pd.DataFrame, exchange: str = "XNYS") -> CheckedPrices:
    """Return what the check makes of `prices` with the default settings."""
    return checked(prices, exchange, AS_OF, SETTINGS)


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
    "hole": without_rows(20, 35),
}


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
    with pytest.raises(BadPrices, match=f"at most 5% .*, got {missing} of 80"):
        check(prices)


@pytest.mark.parametrize("value", [0, -1.5, np.inf, -np.inf])
@pytest.mark.parametrize("column", [*OHLC, ADJUSTED_CLOSE])
def test_an_impossible_price_is_refused(
    prices: pd.DataFrame, column: str, value: float
) -> None:
    """Zero, negative and infinite prices are refused by column, value and session."""
    session = prices.index[-5].date()
    with pytest.raises(BadPrices, match=f"got `{column}` {value:g} on {session} "):
        check(with_value(-5, column, value)(prices))


@pytest.mark.parametrize("value", [-1, np.inf])
def test_an_impossible_volume_is_refused(prices: pd.DataFrame, value: float) -> None:
    """A negative or infinite volume is refused by column, value and session."""
    session = prices.index[-5].date()
    with pytest.raises(BadPrices, match=f"got `volume` {value:g} on {session} "):
        check(with_value(-5, VOLUME, value)(prices))


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
    with pytest.raises(BadPrices, match=f"must be 0.2 to 5 .* times on {session}"):
        check(with_step(60, factor)(prices))


def test_a_known_split_is_no_jump(prices: pd.DataFrame) -> None:
    """Where the adjusted close has no step, the close may have one."""
    prices.loc[prices.index[:40], OHLC] *= 10
    assert check(prices).status == "ok"


@pytest.mark.parametrize(
    ("missing", "found"), [(1, []), (10, []), (11, ["hole"]), (20, ["hole"])]
)
def test_a_hole_of_more_than_ten_sessions_is_degraded(
    prices: pd.DataFrame, missing: int, found: list[str]
) -> None:
    """Ten missing sessions in a row are taken, eleven are named."""
    result = check(without_rows(20, 20 + missing)(prices))
    assert rules(result) == found
    assert all(f"{missing} sessions" in one.sentence for one in result.defects)
    assert all(
        one.session == prices.index[20 + missing].date() for one in result.defects
    )


@pytest.mark.parametrize("rows", [1, 5])
def test_a_last_bar_before_the_as_of_session_is_refused(
    prices: pd.DataFrame, rows: int
) -> None:
    """Stale prices are refused with the session wanted and the session that came."""
    last = prices.index[-1 - rows].date()
    with pytest.raises(StalePrices, match=f"as-of session {AS_OF}, got {last}"):
        check(prices.iloc[:-rows])


def test_a_last_bar_without_a_value_is_stale(prices: pd.DataFrame) -> None:
    """A row that is left out does not count as the as-of session's bar."""
    with pytest.raises(StalePrices, match=f"got {prices.index[-2].date()}"):
        check(with_value(-1, CLOSE, np.nan)(prices))


def test_too_few_sessions_are_refused(prices: pd.DataFrame) -> None:
    """55 sessions are enough for screening, 54 are not."""
    assert check(prices.iloc[-55:]).status == "ok"
    with pytest.raises(TooShort, match="needs 55 sessions, got 54"):
        check(prices.iloc[-54:])


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


@pytest.mark.parametrize("name", ["two rows", "other day", "jump", "hole"])
def test_a_defect_is_named_with_rule_session_and_value(
    prices: pd.DataFrame, name: str
) -> None:
    """Each finding holds its session and a number, in one sentence without a code."""
    (defect,) = check(DAMAGES[name](prices)).defects
    assert defect.rule
    assert str(defect.session) in defect.sentence
    rest = defect.sentence.replace(str(defect.session), "")
    assert any(character.isdigit() for character in rest)


def test_several_defects_are_all_named(prices: pd.DataFrame) -> None:
    """One defect hides no other."""
    damaged = prices
    for name in ("two rows", "missing", "jump", "hole"):
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
