"""The network and its training: from persistence, repeatable, without a leak."""

from types import ModuleType

import numpy as np
import pytest

from config.errors import TooShort, TrainingFailed
from config.parameters import TrainingParameters
from features.windows import CLOSE_COLUMN, Floats, split_windows
from modelling.grading import calibrate
from modelling.keras_network import build_network, start_network
from modelling.network import Network
from modelling.shrinkage import shrinkage_factor
from modelling.training import EpochDone, TrainedModel, train


@pytest.fixture(scope="module")
def stopped(rows: Floats, tiny: TrainingParameters) -> TrainedModel:
    """Return a model whose step is so large that the first epochs are its best."""
    hasty = tiny.model_copy(
        update={
            "epochs": 12,
            "learning_rate": 0.5,
            "early_stopping_patience": 1,
            "seed": 1,
        }
    )
    return train(rows, hasty)


def test_the_network_has_the_specified_layers(tiny: TrainingParameters) -> None:
    """LSTM, dropout, LSTM, dropout, dense 1, on windows of 30 sessions by 8."""
    network = build_network(tiny)
    kinds = [type(layer).__name__ for layer in network.layers]
    core = [kind for kind in kinds if kind in {"LSTM", "Dropout", "Dense"}]
    assert core == ["LSTM", "Dropout", "LSTM", "Dropout", "Dense"]
    assert network.input_shape == (None, 30, 8)
    assert network.output_shape == (None, 1)


def test_the_network_takes_its_parameters(
    backend: ModuleType, tiny: TrainingParameters
) -> None:
    """Units, dropout and window length are those asked for."""
    changes = {"lstm_units": (6, 5), "dropout": 0.4, "sequence_length": 45}
    network = build_network(tiny.model_copy(update=changes))
    lstms = [item for item in network.layers if isinstance(item, backend.layers.LSTM)]
    drops = [
        item for item in network.layers if isinstance(item, backend.layers.Dropout)
    ]
    assert [layer.units for layer in lstms] == [6, 5]
    assert [layer.rate for layer in drops] == [0.4, 0.4]
    assert network.input_shape == (None, 45, 8)


def test_the_same_seed_gives_the_same_model(
    trained: TrainedModel, rows: Floats, tiny: TrainingParameters
) -> None:
    """Trained twice: the same weights, losses and record, bit for bit."""
    again = train(rows, tiny)
    pairs = zip(trained.network.weights, again.network.weights, strict=True)
    assert all(first.tobytes() == second.tobytes() for first, second in pairs)
    assert again.validation_loss == trained.validation_loss
    assert again.calibration == trained.calibration


def test_another_seed_gives_another_model(
    trained: TrainedModel, rows: Floats, tiny: TrainingParameters
) -> None:
    """The seed is used: with another one the weights differ."""
    other = train(rows, tiny.model_copy(update={"seed": 7}))
    assert not np.array_equal(other.network.weights[0], trained.network.weights[0])


def test_a_forecast_asked_twice_is_the_same(trained: TrainedModel) -> None:
    """No dropout is at work outside training."""
    window = np.random.default_rng(2).uniform(0, 1, (1, 30, 8))
    first, second = (trained.network.predict_closes(window) for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_training_moves_the_network(trained: TrainedModel, untrained: Network) -> None:
    """After training the weights of both LSTM layers are others than before."""
    for layer in (0, 3):
        before, after = untrained.weights[layer], trained.network.weights[layer]
        assert not np.allclose(before, after, atol=1e-4)


def test_losses_are_those_of_the_kept_weights(
    trained: TrainedModel, rows: Floats
) -> None:
    """Both losses are finite mean squared errors that can be computed again."""
    split = split_windows(rows, 30, 0.2)
    parts = (split.stopping, split.calibration)
    inputs = np.concatenate([part.inputs for part in parts])
    targets = np.concatenate([part.targets for part in parts])
    again = np.mean((trained.network.predict_closes(inputs) - targets) ** 2)
    assert np.isfinite([trained.loss, trained.validation_loss]).all()
    assert trained.validation_loss == pytest.approx(again, rel=1e-5)


def test_the_record_is_that_of_the_calibration_windows(
    trained: TrainedModel, rows: Floats
) -> None:
    """Residuals are actual minus predicted returns of the latest windows only."""
    part = split_windows(rows, 30, 0.2).calibration
    changes = trained.network.predict_changes(part.inputs)
    predicted = trained.scaler.price_change(changes) / part.last_closes
    again = calibrate(predicted, part.next_closes / part.last_closes - 1)
    assert len(trained.calibration.residuals) == len(part) == 11
    assert trained.calibration.residuals == pytest.approx(again.residuals, abs=1e-7)
    assert trained.calibration.skill == pytest.approx(again.skill, rel=1e-5)


def test_the_model_counts_its_windows(trained: TrainedModel) -> None:
    """140 rows in windows of 30 are 110 windows: 88 to train, 22 to validate."""
    assert (trained.training_windows, trained.validation_windows) == (88, 22)
    assert trained.epochs.run == 2


def test_later_rows_do_not_reach_the_training(
    trained: TrainedModel, rows: Floats, tiny: TrainingParameters
) -> None:
    """Other calibration rows give the same weights: only their record changes."""
    altered = rows.copy()
    altered[88 + 30 + 11 :] *= 1.1
    again = train(altered, tiny)
    pairs = zip(trained.network.weights, again.network.weights, strict=True)
    assert all(first.tobytes() == second.tobytes() for first, second in pairs)
    assert again.calibration != trained.calibration


@pytest.mark.usefixtures("trained")
def test_each_epoch_is_reported_once(epochs_seen: list[EpochDone]) -> None:
    """Progress comes once an epoch, counted from 1, with finite losses."""
    assert [(done.epoch, done.epochs) for done in epochs_seen] == [(1, 2), (2, 2)]
    losses = [(done.loss, done.validation_loss) for done in epochs_seen]
    assert np.isfinite(losses).all()


def test_early_stopping_stops(stopped: TrainedModel) -> None:
    """With patience 1, a loss that gets worse ends it one epoch after the best."""
    assert 1 < stopped.epochs.run < 12
    assert stopped.epochs.best == stopped.epochs.run - 1


@pytest.mark.parametrize("learning_rate", [0.001, 0.5])
def test_the_predicted_change_is_shrunk_to_its_worth(
    rows: Floats, tiny: TrainingParameters, learning_rate: float
) -> None:
    """The dense unit is multiplied once by what its changes were worth."""
    from modelling.fit import fit  # noqa: PLC0415  imports TensorFlow

    parameters = tiny.model_copy(update={"learning_rate": learning_rate})
    model, part = train(rows, parameters), split_windows(rows, 30, 0.2).stopping
    weights, _ = fit(
        start_network(parameters).weights,
        split_windows(rows, 30, 0.2),
        parameters,
        lambda *_: None,
    )
    before = Network(weights).predict_changes(part.inputs)
    factor = shrinkage_factor(before, part.targets - part.inputs[:, -1, CLOSE_COLUMN])
    assert model.shrinkage_factor == factor
    after = model.network.predict_changes(part.inputs)
    assert after == pytest.approx(factor * before, abs=1e-6)


def test_a_network_that_is_worth_nothing_predicts_no_change(
    stopped: TrainedModel, rows: Floats
) -> None:
    """Its answer is the last close, exactly, its skill 1, and it has no direction."""
    part = split_windows(rows, 30, 0.2).calibration
    assert stopped.shrinkage_factor == 0
    assert not stopped.network.predict_changes(part.inputs).any()
    assert stopped.calibration.skill == 1
    assert stopped.calibration.directional_accuracy is None


def test_what_was_learned_is_kept(rows: Floats, tiny: TrainingParameters) -> None:
    """Where tomorrow is yesterday, the change is believed, and the skill shows it."""
    wave = rows.copy()
    wave[:, 0] = 50 + np.resize([0.0, 5.0, 10.0, 5.0], len(rows))
    changes = {"epochs": 60, "dropout": 0.0, "learning_rate": 0.02}
    parameters = tiny.model_copy(update=changes | {"early_stopping_patience": 60})
    model = train(wave, parameters)
    assert 0.9 < model.shrinkage_factor <= 1
    assert model.calibration.skill is not None
    assert model.calibration.skill < 0.5


def test_early_stopping_can_be_off(rows: Floats, tiny: TrainingParameters) -> None:
    """With patience 0 every planned epoch is run, however bad, and nothing shrunk."""
    changes = {"epochs": 5, "learning_rate": 0.5, "early_stopping_patience": 0}
    model = train(rows, tiny.model_copy(update=changes))
    assert (model.epochs, model.shrinkage_factor) == ((5, 5), 1)


def test_training_leaves_its_rows(rows: Floats, tiny: TrainingParameters) -> None:
    """The rows are as they were after a training."""
    before = rows.copy()
    train(rows, tiny.model_copy(update={"epochs": 1}))
    assert rows.tobytes() == before.tobytes()


@pytest.mark.parametrize("count", [0, 30, 40])
def test_too_few_sessions_are_refused(
    rows: Floats, tiny: TrainingParameters, count: int
) -> None:
    """Rows that give no windows to validate on are refused with their count."""
    with pytest.raises(TooShort, match=rf"too_short: .* more rows than {count} "):
        train(rows[:count], tiny)


def test_windows_longer_than_the_history_are_refused(
    rows: Floats, tiny: TrainingParameters
) -> None:
    """Enough sessions but too few windows is too short as well."""
    long = tiny.model_copy(update={"sequence_length": 120})
    with pytest.raises(TooShort, match="windows of 120 sessions"):
        train(rows[:130], long)


def test_a_loss_that_is_no_number_is_a_failure(
    rows: Floats, tiny: TrainingParameters
) -> None:
    """Where the loss is not finite there is no model, but an error that says so."""
    broken = rows.copy()
    broken[3, 1] = np.nan
    with pytest.raises(TrainingFailed, match="the training diverged: loss nan"):
        train(broken, tiny)


def test_a_network_that_predicts_no_change_has_the_loss_ratio_of_persistence(
    rows: Floats, tiny: TrainingParameters
) -> None:
    """Its compared ratio is 1 also for a stock that is now four times as volatile."""
    lively = rows.copy()
    lively[-25:] = lively[-26] + 4 * (rows[-25:] - rows[-26])
    untrained = start_network(tiny)
    calm_model, lively_model = (
        train(part, tiny, trained=untrained) for part in (rows, lively)
    )
    assert lively_model.loss_ratio > 4 * calm_model.loss_ratio
    for model in (calm_model, lively_model):
        assert model.persistence_loss_ratio == pytest.approx(model.loss_ratio)
        assert model.compared_ratio == pytest.approx(1)
