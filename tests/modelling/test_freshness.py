"""Fresh, stale, rejected or missing: by the clock and by the sessions."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from config.parameters import TrainingParameters
from config.settings import ModelSettings
from features.indicators import FEATURES
from market_data.prices import CLOSE
from modelling.freshness import ModelState, is_due, model_state, night_model
from modelling.keras_network import write_network
from modelling.model_metadata import Challenge, ModelMetadata
from modelling.network import Network
from modelling.registry import Registry

Describe = Callable[..., ModelMetadata]

NOON = datetime(2013, 3, 1, 12, 0, tzinfo=UTC)
SESSION_DAY = date(2013, 3, 1)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """Return an empty registry."""
    return Registry(tmp_path / "models", ModelSettings())


def put(registry: Registry, describe: Describe, **changes: object) -> ModelMetadata:
    """Save a live pair whose model file is any bytes; only its metadata is read."""
    metadata = describe(**changes)
    return registry.save(metadata, lambda path: path.write_bytes(b"not read here"))


@pytest.mark.parametrize(
    ("age", "days", "status"),
    [
        (timedelta(0), 0, "fresh"),
        (timedelta(hours=23), 0, "fresh"),
        (timedelta(days=7), 7, "fresh"),
        (timedelta(days=7, seconds=1), 7, "stale"),
        (timedelta(days=8), 8, "stale"),
        (timedelta(days=30), 30, "stale"),
        (timedelta(hours=-3), 0, "fresh"),
    ],
)
def test_age_by_the_clock(
    describe: Describe, age: timedelta, days: int, status: str
) -> None:
    """A model is stale once more than 7 days have passed since it was trained."""
    metadata = describe(training_date=NOON - age, last_session=SESSION_DAY)
    state = model_state(metadata, SESSION_DAY, NOON, ModelSettings())
    assert state == ModelState(status, days, due=status == "stale")


@pytest.mark.parametrize(("days", "limit"), [(31, 30), (400, 30), (13, 12)])
def test_an_expired_model_is_silent(describe: Describe, days: int, limit: int) -> None:
    """Past `expires_after_days` what it learned is of another time; it says so."""
    metadata = describe(training_date=NOON, last_session=SESSION_DAY)
    night, now = SESSION_DAY + timedelta(days=days), NOON + timedelta(days=days)
    settings = ModelSettings(expires_after_days=limit)
    state = model_state(metadata, night, now, settings)
    assert (state.status, state.due, state.usable) == ("stale", True, False)
    expected = f"{days} days old, more than `expires_after_days` ({limit})"
    assert expected in state.reason


@pytest.mark.parametrize(
    ("days", "status"), [(0, "fresh"), (3, "fresh"), (7, "fresh"), (8, "stale")]
)
def test_age_by_the_sessions(describe: Describe, days: int, status: str) -> None:
    """A model trained just now on old sessions is as old as those sessions."""
    last_session = SESSION_DAY - timedelta(days=days)
    metadata = describe(training_date=NOON, last_session=last_session)
    state = model_state(metadata, SESSION_DAY, NOON, ModelSettings())
    assert state == ModelState(status, days, due=status == "stale")


def test_the_older_age_counts(describe: Describe) -> None:
    """Of clock and sessions the larger age is the model's."""
    metadata = describe(
        training_date=NOON - timedelta(days=3),
        last_session=SESSION_DAY - timedelta(days=5),
    )
    assert model_state(metadata, SESSION_DAY, NOON, ModelSettings()).age_days == 5


@pytest.mark.parametrize(("limit", "status"), [(1, "stale"), (2, "fresh")])
def test_the_age_limit_is_a_setting(
    describe: Describe, limit: int, status: str
) -> None:
    """`stale_after_days` moves the line."""
    metadata = describe(
        training_date=NOON - timedelta(days=2), last_session=SESSION_DAY
    )
    settings = ModelSettings(stale_after_days=limit)
    assert model_state(metadata, SESSION_DAY, NOON, settings).status == status


@pytest.mark.parametrize(("days", "due"), [(2, False), (9, True)])
def test_a_rejected_model_is_silent_at_any_age(
    describe: Describe, *, days: int, due: bool
) -> None:
    """A rejected model is never used; once old it is up for training again."""
    metadata = describe(
        training_date=NOON - timedelta(days=days),
        last_session=SESSION_DAY,
        rejected="graded poor",
    )
    state = model_state(metadata, SESSION_DAY, NOON, ModelSettings())
    assert state == ModelState("rejected", days, "graded poor", due=due)
    assert not state.usable


@pytest.mark.parametrize(
    ("state", "usable"),
    [
        (ModelState("fresh", 0), True),
        (ModelState("stale", 9, due=True), True),
        (ModelState("stale", 9, "a split?", due=True), False),
        (ModelState("rejected", 2, "graded poor"), False),
        (ModelState("missing", None, "none", due=True), False),
    ],
)
def test_which_model_is_used(*, state: ModelState, usable: bool) -> None:
    """Fresh and stale models speak unless they have a reason not to."""
    assert state.usable == usable


def test_a_fitting_model_is_found_for_the_night(
    registry: Registry, describe: Describe, indicators: pd.DataFrame
) -> None:
    """The night gets the live metadata and its age."""
    saved = put(registry, describe, training_date=NOON)
    now = NOON + timedelta(days=1)
    assert night_model(registry, "CBA.AX", indicators, now) == (
        saved,
        ModelState("fresh", 1),
    )


def test_no_model_is_missing_with_the_command_that_helps(
    registry: Registry, indicators: pd.DataFrame
) -> None:
    """Where there is no model, the reason says how to get one."""
    metadata, state = night_model(registry, "CBA.AX", indicators, NOON)
    assert metadata is None
    assert state.status == "missing"
    assert "overnight train CBA.AX" in state.reason


def test_a_later_models_metadata_stays_hidden(
    registry: Registry, describe: Describe, indicators: pd.DataFrame
) -> None:
    """In a replay of an older night, nothing of a later model is handed out."""
    put(registry, describe, training_date=NOON)
    metadata, state = night_model(registry, "CBA.AX", indicators.iloc[:-1], NOON)
    assert metadata is None
    assert state.status == "missing"
    assert "after the as-of session" in state.reason


def test_a_split_silences_the_model(
    registry: Registry, describe: Describe, indicators: pd.DataFrame
) -> None:
    """After a 10:1 split the model counts as stale, and is not used until trained."""
    put(registry, describe, training_date=NOON)
    split = indicators.assign(**{CLOSE: indicators[CLOSE] / 10})
    metadata, state = night_model(registry, "CBA.AX", split, NOON)
    assert metadata is not None
    assert (state.status, state.usable, state.due) == (
        "stale",
        False,
        True,
    )
    assert "a split?" in state.reason


def test_a_history_without_the_models_last_session_silences_it(
    registry: Registry, describe: Describe, indicators: pd.DataFrame
) -> None:
    """Without the session that ties both, the price unit can't be compared."""
    known = indicators.index[-3]
    put(registry, describe, training_date=NOON, last_session=known.date())
    _, state = night_model(registry, "CBA.AX", indicators.drop(known), NOON)
    assert not state.usable
    assert str(known.date()) in state.reason


def lost(describe: Describe, **changes: object) -> ModelMetadata:
    """Return a model that is usable and worse than the one of day 0."""
    contest = Challenge(
        champion_trained_at=NOON,
        sessions=40,
        rmse=0.02,
        champion_rmse=0.01,
        p_value=0.001,
        lost=True,
    )
    return describe(challenge=contest, **changes)


@pytest.mark.parametrize(
    ("night", "tried", "rejected", "due"),
    [
        (8, None, None, True),
        (8, 8, None, False),
        (15, 8, None, False),
        (16, 8, None, True),
        (15, 8, "graded poor", False),
        (16, 8, "graded poor", True),
        (31, 29, None, True),
        (31, 29, "graded poor", False),
    ],
)
def test_a_refused_refresh_is_tried_again_after_its_days(
    registry: Registry,
    describe: Describe,
    indicators: pd.DataFrame,
    *,
    night: int,
    tried: int | None,
    rejected: str | None,
    due: bool,
) -> None:
    """A champion that stays is not challenged every night, unless it has expired."""
    put(registry, describe, training_date=NOON)
    if tried is not None:
        at = NOON + timedelta(days=tried)
        loser = lost(describe, training_date=at, rejected=rejected)
        registry.save(loser, lambda path: path.write_bytes(b"the loser"))
    now = NOON + timedelta(days=night)
    metadata, state = night_model(registry, "CBA.AX", indicators, now)
    assert metadata is not None
    assert metadata.training_date == NOON
    assert (state.status, state.due) == ("stale", due)


def test_a_later_night_s_try_means_nothing_to_a_replay(
    registry: Registry, describe: Describe, indicators: pd.DataFrame
) -> None:
    """A replayed night knows nothing of a challenge that had not been yet."""
    known = indicators.index[-9].date()
    put(registry, describe, training_date=NOON, last_session=known)
    loser = lost(describe, training_date=NOON + timedelta(days=1))
    registry.save(loser, lambda path: path.write_bytes(b"the loser"))
    now = NOON + timedelta(days=1)
    _, replayed = night_model(registry, "CBA.AX", indicators.iloc[:-1], now)
    assert replayed.due
    _, state = night_model(registry, "CBA.AX", indicators, now)
    assert not state.due


def test_a_live_model_of_the_future_is_not_challenged_every_night(
    registry: Registry, describe: Describe, indicators: pd.DataFrame
) -> None:
    """A clock was ahead: a challenger that lost counts although it is dated earlier."""
    as_of = indicators.index[-1].date()
    now = datetime.combine(as_of, NOON.timetz())
    old = indicators.index[-10]
    put(
        registry,
        describe,
        training_date=now + timedelta(days=300),
        last_session=old.date(),
        price_basis=float(indicators[CLOSE][old]),
    )
    assert night_model(registry, "CBA.AX", indicators, now)[1].due
    loser = lost(describe, training_date=now, last_session=as_of)
    registry.save(loser, lambda path: path.write_bytes(b"the loser"))
    assert not night_model(registry, "CBA.AX", indicators, now)[1].due


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"features": tuple(reversed(FEATURES))}, "must know the features close,"),
        ({"features": ("close", "gold_price")}, "got close, gold_price"),
        ({"scaler_minimum": (0.0,) * 7}, "8 minima and maxima, got 7 and 8"),
        ({"scaler_maximum": (-1.0,) * 8}, "a minimum above its maximum"),
    ],
)
def test_a_model_of_other_inputs_is_missing_and_due(
    registry: Registry,
    describe: Describe,
    indicators: pd.DataFrame,
    changes: dict[str, tuple[object, ...]],
    reason: str,
) -> None:
    """Metadata of other features, or of another scaler, describe no model of ours."""
    put(registry, describe, training_date=NOON, **changes)
    metadata, state = night_model(registry, "CBA.AX", indicators, NOON)
    assert metadata is None
    assert (state.status, state.due) == ("missing", True)
    assert reason in state.reason


def test_a_fresh_model_that_cannot_forecast_is_due(
    registry: Registry, describe: Describe, indicators: pd.DataFrame
) -> None:
    """A file that holds no network of ours is trained anew at once."""
    put(registry, describe, training_date=NOON)
    assert night_model(registry, "CBA.AX", indicators, NOON)[1].status == "fresh"
    assert is_due(registry, "CBA.AX", indicators, NOON)


@pytest.mark.parametrize(
    "change", [{"sequence_length": 29}, {"lstm_units": (6, 5)}, {}], ids=str
)
def test_a_network_of_another_shape_is_due(  # noqa: PLR0917  fixtures
    registry: Registry,
    describe: Describe,
    indicators: pd.DataFrame,
    untrained: Network,
    tiny: TrainingParameters,
    change: dict[str, object],
) -> None:
    """Units and window length of the metadata must be those of the model."""
    metadata = describe(
        training_date=NOON, parameters=tiny.model_copy(update=dict(change))
    )
    registry.save(metadata, partial(write_network, untrained, tiny))
    assert is_due(registry, "CBA.AX", indicators, NOON) is bool(change)
