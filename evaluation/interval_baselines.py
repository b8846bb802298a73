"""Intervals that the row's own one is compared with, each up to the as-of session.

Two are normal with the mean 0: their variance is that of RiskMetrics (1996), or that of
GARCH(1,1) (Bollerslev 1986). The others are the first edition's, and ours as it is on
sessions without a report.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from statistics import NormalDist

import numpy as np
import pandas as pd

from modelling.distribution import HIGH_SHARE
from modelling.forecasting import Forecast
from screening.findings import SymbolFindings
from screening.row import Row

DECAY = 0.94
"""Weight of yesterday's variance in today's, RiskMetrics' value for daily returns."""

END = NormalDist().inv_cdf(HIGH_SHARE)
"""Standard deviations from the mean to each end of a normal 80 % interval."""

MIN_RETURNS = 100
"""Returns that a GARCH model needs."""

PERCENT = 100
"""The fit of GARCH converges on returns in percent, not on fractions."""


@dataclass(frozen=True)
class GarchParameters:
    """GARCH(1,1) with the mean 0, fitted on returns in percent."""

    omega: float
    alpha: float
    beta: float


def garch_notices() -> tuple[str, ...]:
    """Return a sentence if GARCH is left out because its package is missing."""
    missing = (
        "the intervals of GARCH(1,1) are left out: the package arch is not installed; "
        "it is in the development group, which `uv sync` installs"
    )
    return () if find_spec("arch") else (missing,)


def fit_garch(closes: pd.Series) -> GarchParameters | None:
    """Return the parameters fitted on all returns of `closes`.

    None without the package `arch`, with fewer than `MIN_RETURNS` returns, or if the
    price never moved.
    """
    returns = _percent_returns(closes)
    if not find_spec("arch") or len(returns) < MIN_RETURNS or not returns.any():
        return None
    from arch import arch_model  # noqa: PLC0415  optional, and seconds to import

    model = arch_model(returns, mean="Zero", p=1, q=1, rescale=False)
    fitted = model.fit(disp="off", show_warning=False).params
    return GarchParameters(*(float(value) for value in fitted))


def garch_deviation(closes: pd.Series, parameters: GarchParameters) -> float:
    """Return the standard deviation of the return after the last close, a fraction.

    The parameters stay as they were fitted; the variance follows all `closes`.
    """
    from arch import arch_model  # noqa: PLC0415  optional, and seconds to import

    model = arch_model(_percent_returns(closes), mean="Zero", p=1, q=1, rescale=False)
    fixed = model.fix([parameters.omega, parameters.alpha, parameters.beta])
    variance = fixed.forecast(horizon=1).variance.to_numpy()[-1, 0]
    return float(np.sqrt(variance)) / PERCENT


def ewma_deviation(closes: pd.Series) -> float:
    """Return the root of the exponentially weighted mean of the squared returns.

    NaN without a return.
    """
    squares = closes.pct_change(fill_method=None).dropna() ** 2
    if squares.empty:
        return float("nan")
    return float(np.sqrt(squares.ewm(alpha=1 - DECAY, adjust=False).mean().iloc[-1]))


def _percent_returns(closes: pd.Series) -> pd.Series:
    return closes.pct_change(fill_method=None).dropna() * PERCENT


def interval_columns(
    found: SymbolFindings,
    closes: pd.Series,
    garch: GarchParameters | None,
    baselines: Mapping[str, Forecast],
) -> Row:
    """Return the record's columns of all intervals but the row's own one.

    `closes` are adjusted, up to the as-of session. Without a usable model the first
    edition is that of "tomorrow equals today", so that it has an interval on all rows.
    """
    row: Row = {}
    ordinary = found.distribution.ordinary
    if ordinary:
        row |= {"ordinary_low": ordinary.low, "ordinary_high": ordinary.high}
    model = found.model.forecast if found.model else None
    first = model or baselines.get("persistence")
    if first:
        row |= {
            "first_edition_low": first.low,
            "first_edition_high": first.high,
            "first_edition_probability_up": first.probability_up,
        }
    row |= _normal_interval("ewma", ewma_deviation(closes))
    if garch:
        row |= _normal_interval("garch", garch_deviation(closes, garch))
    return row


def _normal_interval(name: str, deviation: float) -> Row:
    """Return both ends, nothing if the deviation is not known."""
    if not np.isfinite(deviation):
        return {}
    return {f"{name}_low": -END * deviation, f"{name}_high": END * deviation}
