"""Bad prices through the check, the adjustment, the features and the votes."""

from collections.abc import Callable
from datetime import date
from functools import cache
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from config.errors import BadPrices, SymbolError
from config.settings import GuardSettings, PriceSettings
from features.indicators import indicator_frame
from features.votes import technical, trend
from features.windows import Scaler, feature_rows
from market_data.price_schemas import price_frame
from market_data.prices import (
    ADJUSTED_CLOSE,
    CLOSE,
    HIGH,
    LOW,
    OHLC,
    PRICE_COLUMNS,
    VOLUME,
    adjust_prices,
)
from market_data.quality import CheckedPrices, check_prices
from market_data.sessions import FIRST_DATE, sessions_between
from risk_guard.market_context import volatility

type Damage = Callable[[pd.DataFrame], pd.DataFrame]

AS_OF = date(2025, 6, 27)
LENGTHS = {"a year": 300, "5 years": 1260, "40 years": 10_200}
KNOWN_DAYS = sessions_between("XNYS", FIRST_DATE, AS_OF)
ALL_DAYS = pd.bdate_range("1985-01-01", FIRST_DATE, inclusive="left").append(
    pd.DatetimeIndex(KNOWN_DAYS.to_numpy())
)
"""Includes years before any calendar, in which holidays are unknown."""


def history(sessions: int = 300) -> pd.DataFrame:
    """Return faultless prices of New York up to the as-of session."""
    return _made(sessions).copy()


@cache
def _made(sessions: int) -> pd.DataFrame:
    days = ALL_DAYS[-sessions:]
    moves = np.random.default_rng(11).normal(0, 0.01, len(days)).clip(-0.03, 0.03)
    close = 100 * np.exp(np.cumsum(moves - moves.mean()))
    columns = {"open": close * 0.999, "high": close * 1.01, "low": close * 0.99}
    columns |= {"close": close, "adjusted_close": close}
    columns |= {"volume": np.full(len(days), 5e5) + np.arange(len(days))}
    return price_frame({name: columns[name].tolist() for name in PRICE_COLUMNS}, days)


def check(prices: pd.DataFrame) -> CheckedPrices:
    """Return what the check makes of the prices with the default settings."""
    return check_prices(prices, "XNYS", AS_OF, PriceSettings())


def cell(row: int, columns: list[str], value: float) -> Damage:
    """Return a damage of cells of one row."""

    def damage(prices: pd.DataFrame) -> pd.DataFrame:
        prices = prices.copy()
        prices.loc[prices.index[row], columns] = value
        return prices

    return damage


def step(row: int, factor: float) -> Damage:
    """Return a damage: all prices from a row on are of another unit."""

    def damage(prices: pd.DataFrame) -> pd.DataFrame:
        prices = prices.copy()
        prices.loc[prices.index[row] :, [*OHLC, ADJUSTED_CLOSE]] *= factor
        return prices

    return damage


def another_day(prices: pd.DataFrame) -> pd.DataFrame:
    """Return the prices with a row of a Saturday."""
    extra = prices.iloc[[-20]].set_axis(pd.DatetimeIndex(["2025-06-14"]))
    return pd.concat([prices, extra]).rename_axis(prices.index.name)


DAMAGES: dict[str, tuple[Damage, str]] = {
    "repeated": (lambda prices: pd.concat([prices, prices.iloc[[9]]]), "repaired"),
    "two rows": (
        lambda prices: pd.concat([prices, prices.iloc[[-30]] * 1.01]),
        "two different rows",
    ),
    "missing": (cell(-40, [CLOSE], np.nan), "lacks"),
    "no session": (another_day, "is no session"),
    "high < low": (
        cell(-50, [HIGH], 1e-9),
        "far off the prices around it",
    ),
    "jump": (step(-44, 1.6), "moved"),
    "hole": (lambda prices: prices.drop(prices.index[-90:-75]), "sessions are missing"),
    "zero": (cell(-35, [CLOSE], 0.0), "`close` 0"),
    "negative": (cell(-45, [LOW], -3.0), "`low` -3"),
    "split": (step(-55, 0.1), "a split without adjustment"),
    "pence": (step(-25, 100.0), "pence instead of pounds"),
    "stale": (lambda prices: prices.drop(prices.index.max()), "the last bar is of"),
    "unordered": (lambda prices: prices.iloc[::-1], "repaired"),  # Last: it moves all.
}
REFUSED = {"split", "pence", "stale"}


@pytest.mark.parametrize("sessions", LENGTHS.values(), ids=LENGTHS.keys())
@pytest.mark.parametrize("pair", list(combinations(DAMAGES, 2)), ids=" and ".join)
def test_two_defects_are_both_answered(pair: tuple[str, str], sessions: int) -> None:
    """Two that degrade are both named; with one that refuses, the symbol is refused."""
    prices = history(sessions)
    for name in pair:
        prices = DAMAGES[name][0](prices)
    said = outcome(prices)
    fatal = REFUSED & set(pair)
    if fatal:
        assert any(DAMAGES[name][1] in said for name in fatal)
        return
    for name in pair:
        assert DAMAGES[name][1] in said


def outcome(prices: pd.DataFrame) -> str:
    """Return all texts about the prices that a person reads."""
    try:
        found = check(prices)
    except SymbolError as error:
        return str(error)
    repaired = [f"repaired: {text}" for text in found.repairs]
    return "; ".join([*(defect.sentence for defect in found.defects), *repaired])


def scaled(factor: float) -> Damage:
    """Return a damage: prices of quite another size."""
    return lambda prices: prices.assign(
        **{name: prices[name] * factor for name in [*OHLC, ADJUSTED_CLOSE]}
    )


def constant(prices: pd.DataFrame) -> pd.DataFrame:
    """Return a price that never moves, of which nothing is traded."""
    still = dict.fromkeys([*OHLC, ADJUSTED_CLOSE], 12.5) | {VOLUME: 0.0}
    return prices.assign(**still)


STRANGE: dict[str, tuple[Damage, int]] = {
    "tiny": (scaled(1e-8), 300),
    "huge": (scaled(1e7), 300),
    "constant": (constant, 300),
    "untraded": (lambda prices: prices.assign(**{VOLUME: 0.0}), 300),
    "young": (lambda prices: prices, 60),
    "just enough": (lambda prices: prices, 55),
    "old": (lambda prices: prices, LENGTHS["40 years"]),
}


@pytest.mark.parametrize("defect", DAMAGES)
@pytest.mark.parametrize("name", ["tiny", "huge", "constant", "untraded", "young"])
def test_a_defect_of_strange_prices_is_answered(name: str, defect: str) -> None:
    """A large, rarely traded or new share does not hide wrong prices."""
    strange, sessions = STRANGE[name]
    damage, answer = DAMAGES[defect]
    if (name, defect) == ("young", "hole"):
        answer = "only 45 of 60 sessions"
        damage = lambda prices: prices.drop(prices.index[-30:-15])  # noqa: E731
    if (name, defect) == ("constant", "no session"):
        answer = "1 rows without a trade dropped"
    assert answer in outcome(damage(strange(history(sessions))))


@pytest.mark.parametrize("name", STRANGE)
def test_strange_prices_give_finite_answers(name: str) -> None:
    """Strange but possible prices are screened without infinity or unexplained NaN."""
    damage, sessions = STRANGE[name]
    found = check(damage(history(sessions)))
    stopped = name in ("constant", "untraded")
    assert found.status == ("degraded" if stopped else "ok")
    indicators = indicator_frame(adjust_prices(found.frame))
    last = indicators.iloc[-1]
    for vote in (trend(indicators), technical(indicators)):
        assert vote.present or (name == "constant" and vote.reason)
        assert not vote.present or abs(vote.direction) <= 1
        assert not vote.present or 0 <= vote.confidence <= 1
    assert not np.isinf(last.to_numpy(float)).any()
    wild = volatility(adjust_prices(found.frame)[CLOSE], GuardSettings())
    assert wild is None or np.isfinite(wild.ratio)
    if name == "constant":
        with pytest.raises(BadPrices, match="a price that never moved"):
            feature_rows(indicators)
        return
    rows = feature_rows(indicators)
    scaled_rows = Scaler.fit(rows).scale(rows)
    assert ((scaled_rows >= -1e-9) & (scaled_rows <= 1 + 1e-9)).all()
