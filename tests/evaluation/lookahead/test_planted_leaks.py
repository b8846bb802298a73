"""Leaks that are planted on purpose: a check must find each of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from kept_indicators import indicators_of

from evaluation.lookahead.distribution_leaks import ListedReports, distribution_checks
from evaluation.lookahead.leaks import (
    feature_checks,
    scale_check,
    vote_checks,
    window_checks,
)
from evaluation.lookahead.shuffled_labels import shuffle_moves, window_label_check
from features.indicators import (
    MACD_SIGNAL,
    RSI,
    SMA_20,
    VOLATILITY_20D,
)
from features.windows import (
    Floats,
    Scaler,
    Windows,
    WindowSplit,
    feature_rows,
    split_windows,
)
from market_data.prices import CLOSE, PriceHistory
from market_data.sample import SampleSource
from market_data.sources import PriceSource
from modelling.distribution import next_scales, standardise
from modelling.reaction_pool import own_share
from pipeline.distributions import distributions
from pipeline.download import download
from pipeline.plan import RunPlan
from risk_guard.past_reports import PastReport
from screening.findings import DistributionFindings, SymbolFindings

SESSION, LATER = date(2013, 1, 31), date(2013, 2, 4)

Walk = Callable[[int, int], pd.DataFrame]
Split = Callable[[Floats, int, float], WindowSplit]


@pytest.fixture(scope="module")
def prices(walk: Walk) -> pd.DataFrame:
    """Return 400 sessions of a random walk."""
    return walk(400, 5)


def shift_rsi(prices: pd.DataFrame) -> pd.DataFrame:
    """Return the indicators with the RSI of the next session."""
    table = indicators_of(prices)
    return table.assign(**{RSI: table[RSI].shift(-1)})


def centre_average(prices: pd.DataFrame) -> pd.DataFrame:
    """Return the indicators with an average of sessions before and after."""
    centred = prices[CLOSE].rolling(20, center=True).mean()
    return indicators_of(prices).assign(**{SMA_20: centred})


def divide_by_mean(prices: pd.DataFrame) -> pd.DataFrame:
    """Return the indicators with a volatility relative to the whole history's mean."""
    table = indicators_of(prices)
    volatility = table[VOLATILITY_20D]
    return table.assign(**{VOLATILITY_20D: volatility / volatility.mean()})


def shift_signal_line(prices: pd.DataFrame) -> pd.DataFrame:
    """Return the indicators with the MACD's signal line of three sessions later."""
    table = indicators_of(prices)
    return table.assign(**{MACD_SIGNAL: table[MACD_SIGNAL].shift(-3)})


def scale_by_all_rows(rows: Floats, length: int, share: float) -> WindowSplit:
    """Split the windows with a scaler that is fitted on the validation span too."""
    return replace(split_windows(rows, length, share), scaler=Scaler.fit(rows))


def train_one_window_more(rows: Floats, length: int, share: float) -> WindowSplit:
    """Split the windows with the first validation window among the training ones."""
    split = split_windows(rows, length, share)
    parts = split.training, split.stopping.part(0, 1)
    joined = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("inputs", "targets", "last_closes", "next_closes")
    )
    return replace(split, training=Windows(*joined))


def put_target_in_inputs(rows: Floats, length: int, share: float) -> WindowSplit:
    """Split the windows with each window's target among its inputs."""

    def leak(windows: Windows) -> Windows:
        inputs = windows.inputs.copy()
        inputs[:, 0, -1] = windows.targets
        return replace(windows, inputs=inputs)

    split = split_windows(rows, length, share)
    parts = (split.training, split.stopping, split.calibration)
    return WindowSplit(*map(leak, parts), split.scaler)


@pytest.mark.parametrize(
    ("compute", "stage"),
    [
        (shift_rsi, "feature rsi"),
        (centre_average, "feature sma_20"),
        (divide_by_mean, "feature volatility_20d"),
    ],
)
def test_a_leak_in_a_feature_is_found(
    prices: pd.DataFrame, compute: Callable[[pd.DataFrame], pd.DataFrame], stage: str
) -> None:
    """The check of that column fails, and no other."""
    checks = feature_checks(prices, compute)
    assert [check.stage for check in checks if not check.passed] == [stage]


def test_a_leak_in_a_vote_is_found(prices: pd.DataFrame) -> None:
    """A vote that uses a later signal line fails."""
    checks = vote_checks(prices, shift_signal_line)
    assert [check.stage for check in checks if not check.passed] == ["vote technical"]


@pytest.mark.parametrize(
    ("split", "stages"),
    [
        (scale_by_all_rows, {"scaler"}),
        (train_one_window_more, {"training targets"}),
        (put_target_in_inputs, {"window inputs"}),
    ],
)
def test_a_leak_in_the_windows_is_found(
    prices: pd.DataFrame, split: Split, stages: set[str]
) -> None:
    """The checks of the part that holds the leak fail."""
    checks = window_checks(feature_rows(indicators_of(prices)), 30, 0.3, split)
    assert stages <= {check.stage for check in checks if not check.passed}


def test_a_target_among_the_inputs_predicts_shuffled_labels(
    prices: pd.DataFrame,
) -> None:
    """A regression on such windows is right much more than half the time."""
    shuffled = [shuffle_moves(prices, seed=4)]
    assert not window_label_check(shuffled, put_target_in_inputs).passed


def test_a_scale_with_its_own_session_is_found(prices: pd.DataFrame) -> None:
    """The scale of a session may use the session before, and nothing later."""

    def with_own_session(prices: pd.DataFrame) -> pd.DataFrame:
        return standardise(prices).assign(scale=next_scales(prices))

    assert scale_check(prices).passed
    found = scale_check(prices, with_own_session)
    assert not found.passed
    assert "changes with prices from that day on" in found.detail


@pytest.fixture(scope="module")
def history() -> PriceHistory:
    """Return a year and a half of the sample."""
    return SampleSource().fetch("AAPL", date(2011, 9, 1), date(2013, 3, 1))


def of_later_prices(
    plan: RunPlan, source: PriceSource | None, findings: Sequence[SymbolFindings]
) -> Mapping[str, DistributionFindings]:
    """Return the distributions from prices of two more sessions, and a later report."""
    assert source
    later = replace(plan, sessions={"XNYS": LATER})
    report = PastReport(date(2013, 2, 1), "before_open", ListedReports.name)
    (found,) = findings
    known = found.known_events
    known = replace(known, past_reports=(*known.past_reports, report))
    stored = download(later, source, found.symbol)
    return distributions(
        later, source, [replace(found, prices=stored, known_events=known)]
    )


def with_a_later_share(
    plan: RunPlan, source: PriceSource | None, findings: Sequence[SymbolFindings]
) -> Mapping[str, DistributionFindings]:
    """Return the distributions; only their own share knows the later reaction."""
    (later,) = of_later_prices(plan, source, findings).values()
    found = distributions(plan, source, findings)
    size = np.array([past.z for past in later.past])
    return {
        symbol: replace(one, own_share=own_share(size, 2.648))
        for symbol, one in found.items()
    }


def test_a_night_s_distribution_has_no_leak(
    night: RunPlan, history: PriceHistory
) -> None:
    """Listed reports after the night change nothing."""
    checks = distribution_checks(night, history, SESSION)
    assert [check.stage for check in checks] == ["past reactions", "own share", "scale"]
    assert [check.detail for check in checks if not check.passed] == []
    assert checks[0].detail == "3 reactions, all of them by 2013-01-31"


@pytest.mark.parametrize(
    ("find", "stages"),
    [
        (of_later_prices, ["past reactions", "own share", "scale"]),
        (with_a_later_share, ["own share"]),
    ],
)
def test_a_reaction_or_a_scale_of_a_later_session_is_found(
    night: RunPlan,
    history: PriceHistory,
    find: Callable[..., Mapping[str, DistributionFindings]],
    stages: list[str],
) -> None:
    """Neither the table, the own share nor the scale may know the forecast session."""
    checks = distribution_checks(night, history, SESSION, find)
    assert [check.stage for check in checks if not check.passed] == stages
