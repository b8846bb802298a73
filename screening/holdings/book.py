"""The holdings of one currency together: their value and the next session's loss. Pure.

Whole days of past standardised returns are drawn together, so that the losses of
holdings that fall on the same days add up, and others do not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.windows import Floats
from modelling.distribution import HIGH_SHARE, LOW_SHARE, quantile

DRAWS = 5_000
SEED = 42

SUBUNITS = {"GBp": ("GBP", 100), "GBX": ("GBP", 100), "ZAc": ("ZAR", 100)}
"""Currencies in which shares are quoted, with the money and how many make one of it."""


@dataclass(frozen=True)
class Position:
    """One holding on one night; money is in `currency`, negative for a short position.

    `centre` and `scale` are fractions of the close: the model's predicted return, else
    0, and the size that is expected of the session. `ordinary` are the standardised
    returns of past sessions without a report, by session. `drawn` are the standardised
    outcomes of a session that reacts, or may react, to a report, None on others.
    """

    symbol: str
    currency: str
    value: float
    centre: float
    scale: float
    ordinary: pd.Series
    drawn: Floats | None = None

    @cached_property
    def outcomes(self) -> Floats:
        """Return the changes in value, all of the same probability."""
        z = self.ordinary.to_numpy() if self.drawn is None else self.drawn
        return np.asarray(self.value * (self.centre + self.scale * z))

    @property
    def low(self) -> float:
        """Return the change below which one outcome of ten is expected."""
        return quantile(self.outcomes, LOW_SHARE)

    @property
    def high(self) -> float:
        """Return the change above which one outcome of ten is expected."""
        return quantile(self.outcomes, HIGH_SHARE)


@dataclass(frozen=True)
class Book:
    """The holdings of one currency; all amounts are in it.

    `low` and `high` are the ends of the 80 % interval of the change in value. `loss` is
    the loss that one session of ten exceeds, `plain_sum` the sum of the holdings' own;
    a negative loss is a gain. `capped` is true if the draws' loss was larger than the
    sum, which is then taken.
    """

    currency: str
    value: float
    low: float
    high: float
    loss: float
    plain_sum: float
    capped: bool
    symbols: tuple[str, ...]


def money_of(currency: str, amount: float) -> tuple[str, float]:
    """Return the currency and the amount in it: 250 GBp are 2.50 GBP."""
    money, parts = SUBUNITS.get(currency, (currency, 1))
    return money, amount / parts


def make_books(positions: Sequence[Position]) -> tuple[Book, ...]:
    """Return one book per currency, the largest value first: no exchange rate is known.

    A quantile is not subadditive: with unusual outcomes, e.g. two holdings that each
    lose only on one day of twelve, the loss that one session of ten exceeds can be
    larger together than the sum of the single ones (Artzner et al. 1999). The sum is
    then taken, so that `loss` <= `plain_sum` holds in every case.
    """
    currencies = dict.fromkeys(position.currency for position in positions)
    books = [
        _book(currency, [one for one in positions if one.currency == currency])
        for currency in currencies
    ]
    return tuple(sorted(books, key=lambda book: -abs(book.value)))


def _book(currency: str, positions: Sequence[Position]) -> Book:
    changes = draw_changes(positions)
    low, high = (quantile(changes, share) for share in (LOW_SHARE, HIGH_SHARE))
    plain_sum = -sum(position.low for position in positions)
    return Book(
        currency=currency,
        value=sum(position.value for position in positions),
        low=max(low, -plain_sum),
        high=high,
        loss=min(-low, plain_sum),
        plain_sum=plain_sum,
        capped=-low > plain_sum,
        symbols=tuple(position.symbol for position in positions),
    )


def draw_changes(positions: Sequence[Position]) -> Floats:
    """Return outcomes of the sum of the positions' changes in value.

    A book of one position has its outcomes. For others, days are drawn, each of them
    equally often. A position without a return on the day, and one that may react to a
    report, has an outcome of its own drawn instead. The order of the positions changes
    nothing.
    """
    if len(positions) == 1:
        return positions[0].outcomes
    ordered = sorted(positions, key=lambda position: position.symbol)
    days = np.unique(np.concatenate([one.ordinary.index for one in ordered]))
    generator = np.random.default_rng(SEED)
    drawn = _balanced(len(days), generator)
    changes = np.zeros(DRAWS)
    for one in ordered:
        own = one.ordinary.to_numpy() if one.drawn is None else one.drawn
        alone = own[_balanced(len(own), generator)]
        by_day = np.full(len(days), np.nan)
        by_day[np.searchsorted(days, one.ordinary.index)] = one.ordinary
        together = by_day[drawn]
        known = np.isfinite(together) & (one.drawn is None)
        changes += one.value * (
            one.centre + one.scale * np.where(known, together, alone)
        )
    return changes


def _balanced(count: int, generator: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return `DRAWS` numbers below `count`, each as often as the others, shuffled."""
    return generator.permutation(np.arange(DRAWS, dtype=np.int64) % count)
