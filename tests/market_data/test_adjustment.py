"""Adjusted closes against the dividends and splits of the same source."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from equipment import Replay, needed

from config.errors import BadPrices
from config.settings import PriceSettings
from market_data.adjustment import check_adjustment
from market_data.folder import FolderSource
from market_data.price_schemas import price_frame
from market_data.prices import (
    ADJUSTED_CLOSE,
    CLOSE,
    OHLC,
    VOLUME,
    PriceHistory,
    adjust_prices,
    usable_rows,
)
from market_data.quality import check_prices
from market_data.sessions import sessions_between
from market_data.yahoo import YahooSource
from market_data.yahoo_client import YahooClient

AS_OF = date(2025, 6, 27)
FIRST = date(2023, 6, 27)


def history(*, share: float = 0.02, seed: int = 1) -> PriceHistory:
    """Return faultless prices with four dividends, each `share` of the close before."""
    days = pd.DatetimeIndex(sessions_between("XNYS", FIRST, AS_OF).to_numpy())
    returns = np.random.default_rng(seed).normal(0, 0.01, len(days))
    places = [60, 185, 310, 435]
    returns[places] += np.log(1 - share)
    close = 50 * np.exp(np.cumsum(returns))
    factor = np.ones(len(days))
    for place in places:
        factor[:place] *= 1 - share
    opened = np.r_[close[0], close[:-1] * np.exp(returns[1:] * 0.6)]
    opened[places] = close[[place - 1 for place in places]] * (1 - share) * 1.002
    columns = {
        "open": opened.tolist(),
        "high": (close * 1.005).tolist(),
        "low": (close * 0.995).tolist(),
        "close": close.tolist(),
        "adjusted_close": (close * factor).tolist(),
        "volume": [1000.0] * len(days),
    }
    paid = {days[place].date(): close[place - 1] * share for place in places}
    return PriceHistory(price_frame(columns, days), "USD", "made", dividends=paid)


def changed(
    came: PriceHistory, change: Callable[[pd.DataFrame], None]
) -> tuple[PriceHistory, tuple[str, ...]]:
    """Return what the check makes of a history whose frame was changed."""
    frame = came.frame.copy()
    change(frame)
    return check_adjustment(replace(came, frame=frame), "AAPL", subunits=False)


def same(found: PriceHistory, right: PriceHistory) -> bool:
    """Return whether both give the same adjusted prices."""
    one, other = adjust_prices(found.frame), adjust_prices(right.frame)
    return bool(np.allclose(one[OHLC], other[OHLC], rtol=1e-3))


def test_right_steps_change_nothing() -> None:
    """Prices that agree with their dividends come back as they are."""
    came = history()
    assert check_adjustment(came, "AAPL", subunits=False) == (came, ())


@pytest.mark.parametrize("power", [-1, 1], ids=["left out", "taken out twice"])
@pytest.mark.parametrize("share", [0.003, 0.02, 0.05])
def test_a_wrong_step_is_made_anew(share: float, power: int) -> None:
    """One dividend that the factor lacks, or has twice, is put right and named."""
    came = history(share=share)
    day = sorted(came.dividends)[1]

    def change(frame: pd.DataFrame) -> None:
        earlier = frame.index < pd.Timestamp(day)
        frame.loc[earlier, ADJUSTED_CLOSE] *= (1 - share) ** power

    found, said = changed(came, change)
    assert same(found, came)
    assert len(said) == 1
    assert f"for the dividend of {day}:" in said[0]


def test_an_ex_date_off_by_a_day_is_no_defect() -> None:
    """Sources date an ex-date in different zones; the step is there all the same."""
    came = history()
    moved = {day + pd.Timedelta(days=1): paid for day, paid in came.dividends.items()}
    shifted = replace(came, dividends=moved)
    assert check_adjustment(shifted, "AAPL", subunits=False) == (shifted, ())


def test_a_spin_off_in_the_factor_is_left_there() -> None:
    """The close fell by what the factor takes out, though no dividend names it."""
    came = history()
    day = pd.Timestamp(sorted(came.dividends)[1])

    def change(frame: pd.DataFrame) -> None:
        frame.loc[frame.index >= day, OHLC] *= 0.8
        frame.loc[frame.index >= day, ADJUSTED_CLOSE] *= 0.8
        frame.loc[frame.index < day, ADJUSTED_CLOSE] *= 0.8

    assert changed(came, change)[1] == ()


@pytest.mark.parametrize("ratio", [4.0, 10.0, 0.05, 2.0, 1.5])
@pytest.mark.parametrize("columns", [[*OHLC, ADJUSTED_CLOSE], OHLC, [ADJUSTED_CLOSE]])
def test_a_named_split_that_is_not_in_the_prices_is_applied(
    ratio: float, columns: list[str]
) -> None:
    """The rows before it are put into the shares after it, and a sentence says so."""
    day = FIRST + (AS_OF - FIRST) / 2
    came = replace(history(), splits={day: ratio})

    def change(frame: pd.DataFrame) -> None:
        earlier = frame.index < pd.Timestamp(day)
        frame.loc[earlier, columns] *= ratio
        if CLOSE in columns:
            frame.loc[earlier, VOLUME] /= ratio

    found, said = changed(came, change)
    assert same(found, came)
    assert np.allclose(found.frame[VOLUME], came.frame[VOLUME])
    assert len(said) == 1
    assert f"divided by {ratio:g}: the source names this split" in said[0]


@pytest.mark.parametrize("ratio", [4.0, 0.1, 1.0145])
def test_a_named_split_that_is_in_the_prices_changes_nothing(ratio: float) -> None:
    """A source that split-adjusts its closes names its splits as well."""
    came = replace(history(), splits={date(2024, 6, 10): ratio})
    assert check_adjustment(came, "AAPL", subunits=False) == (came, ())


def test_a_leap_that_is_only_part_of_the_split_is_refused() -> None:
    """Neither nothing nor the ratio: which prices are right is not known."""
    came = replace(history(), splits={date(2024, 6, 10): 10.0})

    def change(frame: pd.DataFrame) -> None:
        frame.loc[frame.index < "2024-06-10", [*OHLC, ADJUSTED_CLOSE]] *= 3.2

    with pytest.raises(BadPrices, match=r"contradict the split of 2024-06-10: .* 10"):
        changed(came, change)


def test_a_dividend_of_most_of_the_price_without_a_fall_is_refused() -> None:
    """The dividend or the adjusted close is wrong, and it can't be told which."""
    came = history()
    day = sorted(came.dividends)[1]
    paid = came.dividends | {day: came.dividends[day] * 30}
    with pytest.raises(BadPrices, match=f"contradict its dividend of .* on {day}"):
        check_adjustment(replace(came, dividends=paid), "AAPL", subunits=False)


def test_a_dividend_of_a_hundred_times_what_was_paid_is_refused() -> None:
    """The close did not fall by it and the factor is right: nothing is overwritten."""
    came = history(share=0.0013)
    day, amount = next(iter(came.dividends.items()))
    wrong = replace(came, dividends={**came.dividends, day: 100 * amount})
    with pytest.raises(BadPrices, match=f"contradict its dividend of .* on {day}"):
        check_adjustment(wrong, "AAPL", subunits=False)


def traded(
    *, adjusted_already: bool, decimals: int, share: float = 0.004
) -> PriceHistory:
    """Return closes without adjusted ones: as traded, or adjusted already."""
    came = history(share=share)
    frame = adjust_prices(came.frame) if adjusted_already else came.frame
    closes = frame[OHLC].round(decimals)
    columns = {name: closes[name].tolist() for name in OHLC}
    columns |= {
        ADJUSTED_CLOSE: columns[CLOSE],
        VOLUME: frame[VOLUME].tolist(),
    }
    return replace(came, frame=price_frame(columns, frame.index))


def test_closes_as_traded_have_their_dividends_taken_out() -> None:
    """Without an adjusted close it is computed from close and dividends."""
    found, said = check_adjustment(
        traded(adjusted_already=False, decimals=2), "AAPL", subunits=False
    )
    assert same(found, history(share=0.004))
    assert len(said) == 1


@pytest.mark.parametrize("decimals", [4, 6])
def test_adjusted_closes_are_not_adjusted_twice(decimals: int) -> None:
    """The default of yfinance: closes off the tick that do not fall on ex-dates."""
    came = traded(adjusted_already=True, decimals=decimals)
    assert check_adjustment(came, "AAPL", subunits=False) == (came, ())


def test_closes_that_tell_neither_are_refused_with_the_remedy() -> None:
    """Adjusted closes rounded to the tick look like traded ones."""
    came = traded(adjusted_already=True, decimals=2, share=0.005)
    with pytest.raises(BadPrices, match=r'do not show .*Ticker\("AAPL"\).history'):
        check_adjustment(came, "AAPL", subunits=False)


@pytest.mark.parametrize("unit", [1.0, 100.0])
def test_pounds_taken_out_of_pence_are_put_right(unit: float) -> None:
    """London: a step of a hundredth of the dividend, prices in pence or pounds."""
    came = history(share=0.03)
    frame = came.frame.copy()
    for day, paid in came.dividends.items():
        earlier = frame.index < pd.Timestamp(day)
        before = frame.loc[earlier, CLOSE].iloc[-1]
        frame.loc[earlier, ADJUSTED_CLOSE] *= (1 - paid / 100 / before) / 0.97
    frame[[*OHLC, ADJUSTED_CLOSE]] *= unit
    wrong = replace(came, frame=frame, currency="GBp")
    found, said = check_adjustment(wrong, "BARC.L", subunits=True)
    factor = adjust_prices(found.frame)[CLOSE] / adjust_prices(came.frame)[CLOSE]
    assert np.allclose(factor, unit, rtol=1e-6)
    assert "(and 3 more)" in said[0]


def test_a_dividend_in_unsplit_shares_is_taken_for_what_it_is() -> None:
    """Raw closes and dividends as paid, before a split that neither contains."""
    day = date(2024, 6, 10)
    came = replace(history(), splits={day: 10.0})
    paid = {
        on: amount * (10 if on < day else 1) for on, amount in came.dividends.items()
    }
    frame = came.frame.copy()
    frame.loc[frame.index < pd.Timestamp(day), [*OHLC, ADJUSTED_CLOSE]] *= 10
    found, _ = check_adjustment(
        replace(came, frame=frame, dividends=paid), "AAPL", subunits=False
    )
    assert same(found, came)


def test_rows_in_any_order_with_gaps_are_read() -> None:
    """The check comes before the rows are put in order and their gaps counted."""
    came = history()
    frame = came.frame.iloc[::-1].copy()
    frame.iloc[5, 0] = np.nan
    found, said = check_adjustment(replace(came, frame=frame), "AAPL", subunits=False)
    assert found.frame is frame
    assert said == ()


def test_known_wrong_london_prices_get_their_dividends() -> None:
    """Recorded: closes in pence, from which the source took dividends in pounds."""
    source = FolderSource(needed("market"))
    came = source.fetch("HSBA.L", FIRST, AS_OF)
    found, said = check_adjustment(came, "HSBA.L", subunits=True)
    rows = usable_rows(found.frame)
    step = (rows[ADJUSTED_CLOSE] / rows[CLOSE]).loc["2025-05-07":"2025-05-08"]
    close = rows[CLOSE].loc["2025-05-07"]
    assert step.iloc[0] / step.iloc[1] == pytest.approx(1 - 7.37 / close, rel=1e-4)
    assert said[0].startswith("adjusted closes computed anew for the dividend of 2023")


def test_other_recorded_prices_agree_with_their_dividends() -> None:
    """Ordinary dividends, demergers, rights issues and splits of real stocks."""
    folder: Path = needed("market")
    for symbol in ("CBA.AX", "BHP.AX", "NAB.AX", "AAPL", "NVDA", "QBE.AX", "SUN.AX"):
        came = FolderSource(folder).fetch(symbol, date(2015, 1, 1), AS_OF)
        assert check_adjustment(came, symbol, subunits=False) == (came, ())


def test_yahoo_s_own_split_is_applied_where_yahoo_did_not(replay: Replay) -> None:
    """NVDA's four for one of 2021 and AMD's splits come with the answer's prices."""
    replay.set_now("2021-09-01T12:00")
    replay.faults("unadjusted_split,endpoint=chart,symbols=NVDA")
    client = YahooClient(PriceSettings(retry_seconds=5, requests_per_second=50))
    as_of = date(2021, 8, 31)
    came = YahooSource(client).fetch("NVDA", date(2019, 8, 31), as_of)
    assert came.splits == {date(2021, 7, 20): 4.0}
    found, said = check_adjustment(came, "NVDA", subunits=False)
    clean = check_prices(found.frame, "XNYS", as_of, PriceSettings()).frame
    assert adjust_prices(clean)[CLOSE].iloc[-50:].mean() == pytest.approx(
        200.85, abs=0.01
    )
    assert said[0].startswith("prices before 2021-07-20 divided by 4")
