"""The network in NumPy and its file: Keras' numbers without Keras."""

import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from config.parameters import TrainingParameters
from features.windows import CLOSE_COLUMN, Floats
from modelling.keras_network import build_network, write_network
from modelling.model_file import read_network
from modelling.network import Network


@pytest.fixture(scope="module")
def stored(
    random_network: Network,
    tiny: TrainingParameters,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Return a `.keras` file of the random network."""
    path = tmp_path_factory.mktemp("network") / "model.keras"
    write_network(random_network, tiny, path)
    return path


def rewrite(path: Path, new: Path, name: str, content: bytes) -> Path:
    """Write a copy of the zip `path` in which the part `name` has that content."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(new, "w") as archive:
        for part in old.namelist():
            archive.writestr(part, content if part == name else old.read(part))
    return new


@pytest.mark.parametrize("scale", [0.1, 1, 100])
def test_the_answer_is_that_of_keras(
    backend: ModuleType, stored: Path, random_network: Network, scale: float
) -> None:
    """Far outside the scaler's range too: the closes that Keras predicts, to 1e-6."""
    windows = np.random.default_rng(7).uniform(-scale, scale, (50, 30, 8))
    model = backend.saving.load_model(stored, safe_mode=True)
    theirs = np.asarray(model(windows.astype(np.float32), training=False))[:, 0]
    ours = random_network.predict_closes(windows)
    assert ours == pytest.approx(theirs, abs=1e-6 * max(1, scale))


def test_the_file_holds_the_weights(stored: Path, random_network: Network) -> None:
    """What was written is read back bit for bit."""
    found = read_network(stored, max_mb=10)
    pairs = zip(found.weights, random_network.weights, strict=True)
    assert all(mine.tobytes() == written.tobytes() for mine, written in pairs)


def test_zero_weights_predict_the_last_close(
    random_network: Network, tiny: TrainingParameters
) -> None:
    """Without weights the answer is the window's last close, exactly."""
    windows: Floats = np.random.default_rng(1).uniform(-0.5, 1.5, (7, 30, 8))
    zeros = Network(tuple(0 * part for part in random_network.weights))
    assert not zeros.predict_changes(windows).any()
    assert np.array_equal(zeros.predict_closes(windows), windows[:, -1, CLOSE_COLUMN])
    assert tiny.sequence_length == windows.shape[1]


def test_scaled_changes_are_scaled(random_network: Network) -> None:
    """A network scaled by a factor predicts that multiple of each change."""
    windows = np.random.default_rng(2).uniform(0, 1, (5, 30, 8))
    half = random_network.scale_changes(0.5).predict_changes(windows)
    assert half == pytest.approx(0.5 * random_network.predict_changes(windows))


def test_another_activation_is_refused(stored: Path, tmp_path: Path) -> None:
    """A network that Keras would compute differently is not computed at all."""
    with zipfile.ZipFile(stored) as archive:
        config = json.loads(archive.read("config.json"))
    config["config"]["layers"][1]["config"]["activation"] = "relu"
    content = json.dumps(config).encode()
    changed = rewrite(stored, tmp_path / "m.keras", "config.json", content)
    with pytest.raises(ValueError, match="another kind of LSTM"):
        read_network(changed, max_mb=10)


def test_another_network_is_refused(
    backend: ModuleType, tiny: TrainingParameters, tmp_path: Path
) -> None:
    """A network with one more layer is refused with the names of its layers."""
    path, ours = tmp_path / "m.keras", build_network(tiny)
    more = backend.layers.Dense(1)(ours.output)
    backend.Model(ours.input, more).save(path)
    with pytest.raises(ValueError, match="Dense, Add, Dense, not InputLayer"):
        read_network(path, max_mb=10)


def test_each_file_has_its_own_weights(
    random_network: Network,
    untrained: Network,
    tiny: TrainingParameters,
    tmp_path: Path,
) -> None:
    """Networks that are written one after another, or at once, do not mix."""
    networks = [random_network, untrained, random_network.scale_changes(2)] * 3
    with ThreadPoolExecutor(3) as pool:
        for number, network in enumerate(networks):
            pool.submit(write_network, network, tiny, tmp_path / f"{number}.keras")
    for number, network in enumerate(networks):
        found = read_network(tmp_path / f"{number}.keras", max_mb=10)
        pairs = zip(found.weights, network.weights, strict=True)
        assert all(np.array_equal(one, other) for one, other in pairs)


def test_the_start_of_all_trainings_can_t_be_changed(untrained: Network) -> None:
    """A training that wrote into it would change all later ones."""
    with pytest.raises(ValueError, match="read-only"):
        untrained.weights[0][:] = 0


def test_weights_that_are_not_finite_are_refused(
    random_network: Network, tiny: TrainingParameters, tmp_path: Path
) -> None:
    """A network with a NaN would predict one."""
    broken = Network((*random_network.weights[:-1], np.array([np.nan], np.float32)))
    write_network(broken, tiny, tmp_path / "m.keras")
    with pytest.raises(ValueError, match="not finite"):
        read_network(tmp_path / "m.keras", max_mb=10)


def test_a_large_file_is_refused(stored: Path, tmp_path: Path) -> None:
    """A few kB that unpack to more than any model needs are not unpacked."""
    bomb = rewrite(stored, tmp_path / "m.keras", "metadata.json", b" " * 3_000_000)
    with pytest.raises(ValueError, match="3 MB unpacked, of at most 2"):
        read_network(bomb, max_mb=2)
