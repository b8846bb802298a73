"""Reads a network from a `.keras` file without Keras: its weights are plain arrays.

A `.keras` file is a zip of `config.json`, which describes the layers, and
`model.weights.h5`. Nothing in it is executed.
"""

import io
import json
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from features.indicators import FEATURES
from modelling.network import Network, Weights
from storage.regular_files import file_version

LAYERS = ["InputLayer", "LSTM", "Dropout", "LSTM", "Dropout", "GetItem", "Dense", "Add"]
"""The layers of SPEC 4's network."""

LSTM_SETTINGS = {
    "activation": "tanh",
    "recurrent_activation": "sigmoid",
    "use_bias": True,
    "go_backwards": False,
}

KERAS = "3"
"""The major version of the Keras that loads our models."""

PLACES = (
    *(f"layers/lstm/cell/vars/{number}" for number in range(3)),
    *(f"layers/lstm_1/cell/vars/{number}" for number in range(3)),
    *(f"layers/dense/vars/{number}" for number in range(2)),
)
"""Where the weights are, in the order of Keras' `get_weights`."""


KEPT_NETWORKS = 32
"""So many networks stay in memory: 300 KB each with 100 and 50 units."""


def read_network(path: Path, max_mb: int) -> Network:
    """Return the network of a `.keras` file.

    Raises
    ------
    ValueError
        If the file unpacks to more than `max_mb` MB, another major version of Keras
        saved it, or it holds another network, or its weights have other shapes or
        values that are not finite.
    OSError, KeyError, zipfile.BadZipFile
        If it is not a whole `.keras` file.

    Notes
    -----
    The latest networks stay in memory for as long as their files do not change: a night
    asks for each twice, before the training and for the forecast.
    """
    return _read_version(path, max_mb, file_version(path))


@lru_cache(maxsize=KEPT_NETWORKS)
def _read_version(
    path: Path,
    max_mb: int,
    version: tuple[int, int, int],  # noqa: ARG001  another version is read anew
) -> Network:
    with zipfile.ZipFile(path) as archive:
        _require_bounded(archive, max_mb)
        _require_version(json.loads(archive.read("metadata.json")))
        _require_layers(json.loads(archive.read("config.json"))["config"]["layers"])
        content = archive.read("model.weights.h5")
    with h5py.File(io.BytesIO(content)) as stored:
        weights = tuple(np.asarray(stored[place], np.float32) for place in PLACES)
    _require_shapes(weights)
    return Network(weights)


def _require_bounded(archive: zipfile.ZipFile, max_mb: int) -> None:
    """Refuse a file that unpacks to more than any model: a few kB can be gigabytes.

    A reader of a zip takes no more out of it than its listing says.
    """
    unpacked = sum(part.file_size for part in archive.infolist())
    if unpacked > max_mb * 1_000_000:
        raise ValueError(f"{unpacked / 1e6:.0f} MB unpacked, of at most {max_mb}")


def _require_version(saved: dict[str, Any]) -> None:
    """Refuse a file of a Keras whose layers this Keras may not load."""
    version = str(saved["keras_version"])
    if version.partition(".")[0] != KERAS:
        raise ValueError(f"Keras {version} saved it, not Keras {KERAS}")


def _require_layers(layers: list[dict[str, Any]]) -> None:
    """Refuse a network of other layers: NumPy would compute something else."""
    kinds = [layer["class_name"] for layer in layers]
    if sorted(kinds) != sorted(LAYERS):
        raise ValueError(f"layers {', '.join(kinds)}, not {', '.join(LAYERS)}")
    for layer in layers:
        given = layer["config"]
        if layer["class_name"] != "LSTM":
            continue
        if given | LSTM_SETTINGS != given or "time_major" in given:
            raise ValueError(f"another kind of LSTM: {given.get('name')}")


def _require_shapes(weights: Weights) -> None:
    first, second = (len(weights[place]) for place in (1, 4))
    expected = [
        *((len(FEATURES), 4 * first), (first, 4 * first), (4 * first,)),
        *((first, 4 * second), (second, 4 * second), (4 * second,)),
        *((second, 1), (1,)),
    ]
    if [part.shape for part in weights] != expected:
        raise ValueError(f"weights of shapes {[part.shape for part in weights]}")
    if not all(np.isfinite(part).all() for part in weights):
        raise ValueError("weights that are not finite")
