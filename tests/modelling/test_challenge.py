"""Champion and challenger: the test's own law, the same sessions, who goes live."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.settings import ModelSettings
from market_data.prices import CLOSE
from modelling.challenge import challenge, champion_residuals, p_value_new_is_worse
from modelling.jobs import TrainingJob, train_symbol
from modelling.keras_network import write_network
from modelling.model_metadata import ModelMetadata
from modelling.network import Network
from modelling.registry import ModelPair, Registry

Describe = Callable[..., ModelMetadata]

# Keras 3 hands its variables to NumPy 2 in the way of NumPy 1 while it saves a model.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)

errors = st.lists(st.floats(-0.1, 0.1), min_size=12, max_size=40)


def test_the_chance_is_that_of_a_paired_t_test() -> None:
    """One-sided, on squared errors, as scipy's own test of two related samples."""
    from scipy import stats  # noqa: PLC0415  half a second

    generator = np.random.default_rng(1)
    new, kept = generator.normal(0, 0.012, 41), generator.normal(0, 0.01, 41)
    expected = stats.ttest_rel(new**2, kept**2, alternative="greater").pvalue
    assert p_value_new_is_worse(new, kept) == pytest.approx(expected)


@settings(max_examples=30, deadline=None)
@given(new=errors, seed=st.integers(0, 99))
def test_who_is_worse_one_way_is_better_the_other(new: list[float], seed: int) -> None:
    """The two one-sided chances add up to 1 where the errors differ at all."""
    one = np.round(new, 4)
    other = np.random.default_rng(seed).permutation(one)
    both = p_value_new_is_worse(one, other) + p_value_new_is_worse(other, one)
    assert both == pytest.approx(2 if np.ptp(one**2 - other**2) == 0 else 1)


def test_equals_are_refused_as_seldom_as_the_level_says() -> None:
    """Of models that are equally good about one in twenty loses by luck."""
    generator = np.random.default_rng(7)
    pairs = generator.normal(0, 0.01, (2000, 2, 41))
    lost = [p_value_new_is_worse(new, kept) < 0.05 for new, kept in pairs]
    assert np.mean(lost) == pytest.approx(0.05, abs=0.015)


def test_the_champion_is_asked_for_the_sessions_it_never_saw(
    untrained: Network, describe: Describe, indicators: pd.DataFrame
) -> None:
    """Its own calibration span and what came after, up to what the new one has."""
    closes = indicators[CLOSE].to_numpy()
    moves = closes[1:] / closes[:-1] - 1
    champion = describe(
        last_session=indicators.index[-6].date(),
        price_basis=float(closes[-6]),
        calibration_residuals=(0.01,) * 10,
    )
    for asked, given_back in ((11, 11), (15, 15), (22, 15)):
        kept = champion_residuals(champion, untrained, indicators, asked)
        assert kept == pytest.approx(moves[-given_back:], abs=1e-6)


def test_a_champion_in_old_money_is_asked_in_its_own(
    untrained: Network, describe: Describe, indicators: pd.DataFrame
) -> None:
    """Dividends since its training change no return of its residuals."""
    close = float(indicators[CLOSE].iloc[-1])
    now = champion_residuals(describe(price_basis=close), untrained, indicators, 5)
    champion = describe(price_basis=close / 0.97)
    before = champion_residuals(champion, untrained, indicators, 5)
    assert before == pytest.approx(now, abs=1e-6)


@pytest.mark.parametrize(("noise", "lost"), [(0.0, False), (0.05, True)])
def test_worse_beyond_noise_loses(
    *,
    untrained: Network,
    describe: Describe,
    indicators: pd.DataFrame,
    noise: float,
    lost: bool,
) -> None:
    """Residuals like the champion's own take over; much larger ones do not."""
    champion = describe(calibration_residuals=(0.01,) * 22)
    kept = champion_residuals(champion, untrained, indicators, 22)
    new = kept + noise
    contest = challenge(champion, untrained, indicators, new, ModelSettings())
    assert contest is not None
    assert (contest.sessions, contest.lost) == (22, lost)
    assert contest.champion_rmse == pytest.approx(np.sqrt(np.mean(kept**2)))
    assert ("stays" if lost else "replaces") in contest.sentence


def test_too_few_common_sessions_speak_for_nobody(
    untrained: Network, describe: Describe, indicators: pd.DataFrame
) -> None:
    """A champion that was fitted on nearly all of the span is not compared on it."""
    champion = describe(calibration_residuals=(0.01,) * 9)
    new = np.full(22, 9.0)
    assert challenge(champion, untrained, indicators, new, ModelSettings()) is None


def strict(job: TrainingJob, folder: Path, **changes: object) -> TrainingJob:
    """Return the job in a folder of its own that lets every model be usable."""
    lenient = {"max_skill": 99.0, "overfitting_ratio": 9e9, "poor_loss": 9e9}
    models = ModelSettings.model_validate(lenient | changes)
    return replace(job, models=folder, settings=models)


@pytest.fixture
def champion(job: TrainingJob, untrained: Network, tmp_path: Path) -> Registry:
    """Give a registry whose live model is the untrained network: no change."""
    registry = Registry(tmp_path, strict(job, tmp_path).settings)
    described = train_symbol(strict(job, tmp_path / "other"))
    early = described.training_date - timedelta(days=8)
    live = described.model_copy(update={"training_date": early})
    registry.save(live, partial(write_network, untrained, job.parameters))
    return registry


def test_a_job_puts_the_new_model_before_the_live_one(
    champion: Registry, job: TrainingJob
) -> None:
    """A new one that is no worse goes live, the contest on its record."""
    saved = train_symbol(strict(job, champion.folder, significance=1e-9))
    assert champion.require(job.symbol) == saved
    assert saved.challenge is not None
    assert not saved.challenge.lost
    assert saved.challenge.sessions == len(saved.calibration_residuals)


def test_a_loser_waits_beside_the_champion(
    champion: Registry, describe: Describe, job: TrainingJob
) -> None:
    """A usable model that lost lies in `rejected/`; the live one is untouched."""
    before = champion.require(job.symbol)
    contest = train_symbol(strict(job, champion.folder, history_kept=0)).challenge
    assert contest is not None
    loser = describe(challenge=contest.model_copy(update={"lost": True}))
    live = champion.require(job.symbol)
    later = loser.model_copy(update={"last_session": live.last_session})
    saved = champion.save(later, lambda path: path.write_bytes(b"loser"))
    assert (saved.usable, saved.takes_over) == (True, False)
    assert champion.require(job.symbol) == live != before
    assert champion.last_rejected(job.symbol) == saved
    assert ModelPair.of(champion.folder / "rejected", job.symbol).model.exists()


@pytest.mark.parametrize("days", [29, 31])
def test_an_expired_champion_defends_nothing(
    champion: Registry, job: TrainingJob, days: int
) -> None:
    """Past its 30 days any usable model takes its place, without a contest."""
    live = champion.require(job.symbol)
    later = live.training_date + timedelta(days=days)
    saved = train_symbol(replace(strict(job, champion.folder), trained_at=later))
    assert (saved.challenge is None) == (days > 30)


def test_a_damaged_champion_defends_nothing(
    champion: Registry, job: TrainingJob
) -> None:
    """A live model whose file does not load can't be asked."""
    live = champion.require(job.symbol)
    champion.save(live, lambda path: path.write_bytes(b"no model"))
    saved = train_symbol(strict(job, champion.folder))
    assert saved.challenge is None
    assert champion.require(job.symbol) == saved
