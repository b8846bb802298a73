"""Measures how fast models are trained: by this project, by Keras and by PyTorch.

    uv run python benchmarks/training.py [--symbols 8] [--epochs 50] [--rounds 1]
                                         [--json]

Each symbol is 504 real sessions of the sample's stocks: 444 windows of 60 by 8, batch
32, LSTM 100 and 50, early stopping off. Every contender trains the same symbols for the
same epochs with the same batch and judges the models. The start of its processes and
the loading of its libraries are timed separately. Validation losses are printed too,
because a worse fit would be no fair comparison.

- `keras`: one process, one symbol after the other, `fit` of Keras on TensorFlow with
  its default number of threads.
- `overnight`: the training of this project, in one process per core or symbol.
- `torch`: PyTorch's own LSTM in a plain loop, if it is installed.
- `floor`: the seconds of an epoch's matrix products at the rate of one large product,
  measured on all cores.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from config.parameters import TrainingParameters
from features.indicators import FEATURES, indicator_frame
from features.windows import CLOSE_COLUMN, Floats, feature_rows, split_windows
from market_data.prices import adjust_prices
from market_data.sample import LAST_SESSION, SampleSource
from modelling.jobs import load_backend_quietly
from modelling.keras_network import build_network
from modelling.network import Network
from modelling.training import train
from workers.process_pool import OnEpoch, ProcessPool

OURS = "overnight"
STOCKS = ("AAPL", "GOOG", "IBM", "MSFT")
SESSIONS = 504

Outcome = tuple[float, float, tuple[float, ...]]
"""Seconds to start, seconds to train all, and the validation losses."""


@dataclass(frozen=True)
class Timing:
    """The figures of one contender; `seconds` are those of all symbols together."""

    contender: str
    symbols: int
    epochs: int
    start_seconds: float
    seconds: float
    validation_losses: tuple[float, ...]

    @property
    def symbols_per_minute(self) -> float:
        """Return how many models are trained per minute."""
        return 60 * self.symbols / self.seconds

    @property
    def seconds_per_epoch(self) -> float:
        """Return the seconds of the clock per symbol and epoch."""
        return self.seconds / (self.symbols * self.epochs)


def main() -> None:
    """Print a table or JSON."""
    options = _parse_arguments()
    if options.child:
        _child(options.child, options.symbols, options.epochs)
        return
    contenders = ["keras", OURS]
    if importlib.util.find_spec("torch"):
        contenders.append("torch")
    rounds = [
        [_measure(name, options.symbols, options.epochs) for name in contenders]
        for _ in range(options.rounds)
    ]
    report = _report(
        rounds, float(_output_of("floor", options.symbols, options.epochs))
    )
    print(json.dumps(report, indent=2) if options.json else _format_table(report))


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--symbols", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=1, help="medians of several")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    return parser.parse_args()


def _measure(name: str, symbols: int, epochs: int) -> Timing:
    values = json.loads(_output_of(name, symbols, epochs))
    values["validation_losses"] = tuple(values["validation_losses"])
    return Timing(**values)


def _output_of(name: str, symbols: int, epochs: int) -> str:
    """Return the last line that a new process prints for one contender."""
    counts = ["--symbols", str(symbols), "--epochs", str(epochs)]
    root = str(Path(__file__).parent.parent)
    done = subprocess.run(  # noqa: S603  itself
        [sys.executable, __file__, "--child", name, *counts],
        env=os.environ | {"PYTHONPATH": root, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the contender `{name}` failed:\n{done.stderr}")
    return done.stdout.splitlines()[-1]


def _report(rounds: Sequence[Sequence[Timing]], floor: float) -> dict[str, Any]:
    """Return all figures: medians over the rounds, ratios within each round."""
    by_name = {one.contender: one for one in rounds[0]}
    medians = {
        name: {
            "symbols_per_minute": _median(
                one.symbols_per_minute for one in _timings(rounds, name)
            ),
            "seconds_per_epoch": _median(
                one.seconds_per_epoch for one in _timings(rounds, name)
            ),
            "start_seconds": _median(
                one.start_seconds for one in _timings(rounds, name)
            ),
            "median_validation_loss": _median(first.validation_losses),
        }
        for name, first in by_name.items()
    }
    ratios = {
        f"speedup_vs_sequential_{other}": _median(
            mine.symbols_per_minute / theirs.symbols_per_minute
            for mine, theirs in zip(
                _timings(rounds, OURS), _timings(rounds, other), strict=True
            )
        )
        for other in ("keras", "torch")
        if other in by_name
    }
    losses = medians[OURS]["median_validation_loss"]
    return {
        **ratios,
        "validation_loss_vs_keras": losses / medians["keras"]["median_validation_loss"],
        "floor_seconds_per_epoch": floor,
        "times_the_floor": medians[OURS]["seconds_per_epoch"] / floor,
        "cores": len(os.sched_getaffinity(0)),
        "symbols": rounds[0][0].symbols,
        "epochs": rounds[0][0].epochs,
        "engines": medians,
        "rounds": [[asdict(one) for one in each] for each in rounds],
    }


def _timings(rounds: Sequence[Sequence[Timing]], name: str) -> list[Timing]:
    return [one for each in rounds for one in each if one.contender == name]


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)


def _format_table(report: dict[str, Any]) -> str:
    symbols, epochs, cores = report["symbols"], report["epochs"], report["cores"]
    lines = [
        f"{symbols} symbols, {epochs} epochs each, {cores} cores",
        f"{'':12}{'symbols/min':>12}{'s/epoch':>9}{'start s':>9}{'val. loss':>11}",
    ]
    for name, one in report["engines"].items():
        lines.append(
            f"{name:12}{one['symbols_per_minute']:12.2f}"
            f"{one['seconds_per_epoch']:9.3f}{one['start_seconds']:9.1f}"
            f"{one['median_validation_loss']:11.6f}"
        )
    lines.append(f"{'floor':24}{report['floor_seconds_per_epoch']:9.3f}")
    lines += [
        f"{name}: {value:.2f}"
        for name, value in report.items()
        if name.startswith(("speedup", "validation", "times"))
    ]
    return "\n".join(lines)


def _child(name: str, symbols: int, epochs: int) -> None:
    """Print one contender's figures as a line of JSON."""
    parameters = TrainingParameters(epochs=epochs, early_stopping_patience=0)
    histories = list(_histories(symbols))
    if name == "floor":
        print(_floor(histories[0], parameters))
        return
    run = {"keras": _sequential_keras, "torch": _sequential_torch, OURS: _ours}[name]
    start_seconds, seconds, losses = run(histories, parameters)
    print(
        json.dumps(
            asdict(Timing(name, symbols, epochs, start_seconds, seconds, losses))
        )
    )


def _histories(symbols: int) -> Iterable[Floats]:
    """Yield 504 feature rows per symbol; from the fifth symbol on they end earlier."""
    for number in range(symbols):
        stock = STOCKS[number % len(STOCKS)]
        end = LAST_SESSION - timedelta(days=30 * (number // len(STOCKS)))
        history = SampleSource().fetch(stock, end - timedelta(days=3 * 365), end)
        yield feature_rows(indicator_frame(adjust_prices(history.frame)))[-SESSIONS:]


def _sequential_keras(
    histories: Sequence[Floats], parameters: TrainingParameters
) -> Outcome:
    """Train with Keras on TensorFlow, one symbol after the other."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    began = time.perf_counter()
    import keras  # noqa: F401, PLC0415  the backend is chosen first

    started = time.perf_counter()
    losses = tuple(_keras_loss(rows, parameters) for rows in histories)
    return started - began, time.perf_counter() - started, losses


def _keras_loss(rows: Floats, parameters: TrainingParameters) -> float:
    """Return the validation loss of the network that Keras' own loop trains."""
    import keras  # noqa: PLC0415
    from keras_loop import fit  # noqa: PLC0415

    keras.utils.set_random_seed(parameters.seed)
    model = build_network(parameters)
    split = split_windows(rows, parameters.sequence_length, parameters.validation_split)
    fit(model, split, parameters, lambda *_: None)
    trained = Network(tuple(model.get_weights()))
    return train(rows, parameters, trained=trained).validation_loss


def _ours(histories: Sequence[Floats], parameters: TrainingParameters) -> Outcome:
    """Train in a process pool, as a night does: no more processes than symbols."""
    processes = min(len(os.sched_getaffinity(0)), len(histories))
    began = time.perf_counter()
    pool = ProcessPool(processes, len(histories) + 2, 3600)
    with pool, ThreadPoolExecutor(processes) as threads:
        list(threads.map(partial(pool.run, _load), range(processes)))
        started = time.perf_counter()
        jobs = [(rows, parameters) for rows in histories]
        losses = tuple(threads.map(partial(pool.run, _train), jobs))
        return started - began, time.perf_counter() - started, losses


def _load(_number: int, _on_epoch: OnEpoch) -> None:
    """Load what training needs; sleep so that each process gets one of these jobs."""
    import modelling.fit  # noqa: F401, PLC0415  imports TensorFlow

    load_backend_quietly()
    time.sleep(2)


def _train(given: tuple[Floats, TrainingParameters], on_epoch: OnEpoch) -> float:
    return train(*given, on_epoch).validation_loss


def _sequential_torch(
    histories: Sequence[Floats], parameters: TrainingParameters
) -> Outcome:
    """Train with PyTorch, one symbol after the other, without validation per epoch."""
    began = time.perf_counter()
    import torch  # noqa: F401, PLC0415

    started = time.perf_counter()
    losses = tuple(_torch_loss(rows, parameters) for rows in histories)
    return started - began, time.perf_counter() - started, losses


def _torch_loss(rows: Floats, parameters: TrainingParameters) -> float:
    """Return the validation loss after a plain loop over shuffled batches."""
    import torch  # noqa: PLC0415

    torch.manual_seed(parameters.seed)
    split = split_windows(rows, parameters.sequence_length, parameters.validation_split)
    network = _torch_network(parameters)
    optimizer = torch.optim.Adam(network.parameters(), parameters.learning_rate)
    inputs = torch.tensor(split.training.inputs, dtype=torch.float32)
    targets = torch.tensor(split.training.targets, dtype=torch.float32)
    for _ in range(parameters.epochs):
        for batch in torch.randperm(len(inputs)).split(parameters.batch_size):
            optimizer.zero_grad()
            loss = (network(inputs[batch]) - targets[batch]).square().mean()
            loss.backward()
            optimizer.step()
    parts = (split.stopping, split.calibration)
    network.eval()
    with torch.no_grad():
        seen = np.concatenate(
            [network(torch.tensor(part.inputs, dtype=torch.float32)) for part in parts]
        )
    truth = np.concatenate([part.targets for part in parts])
    return float(np.mean(np.square(seen - truth)))


def _torch_network(parameters: TrainingParameters) -> Any:  # noqa: ANN401
    """Return the network of SPEC 4 made of PyTorch's own layers."""
    from torch import nn  # noqa: PLC0415

    first, second = parameters.lstm_units

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.LSTM(len(FEATURES), first, batch_first=True)
            self.second = nn.LSTM(first, second, batch_first=True)
            self.dropout = nn.Dropout(parameters.dropout)
            self.change = nn.Linear(second, 1)
            nn.init.zeros_(self.change.weight)
            nn.init.zeros_(self.change.bias)

        def forward(self, windows: Any) -> Any:  # noqa: ANN401
            hidden = self.dropout(self.first(windows)[0])
            last = self.dropout(self.second(hidden)[0][:, -1])
            return windows[:, -1, CLOSE_COLUMN] + self.change(last)[:, 0]

    return Network()


def _floor(rows: Floats, parameters: TrainingParameters) -> float:
    """Return the seconds of an epoch's products at the rate of one large product."""
    split = split_windows(rows, parameters.sequence_length, parameters.validation_split)
    first, second = parameters.lstm_units
    features = len(FEATURES)
    weights = 4 * (first * (features + first) + second * (first + second))
    forward = 2 * weights * parameters.sequence_length
    # Training computes a product forward, one for the inputs' gradient and one for the
    # weights'; validation only forward.
    operations = forward * (3 * len(split.training) + len(split.stopping))
    return operations / _operations_per_second()


def _operations_per_second(size: int = 2048, tries: int = 7) -> float:
    """Return the operations per second of a large single-precision product."""
    square = np.ones((size, size), np.float32)
    product = np.empty_like(square)
    seconds = []
    for _ in range(tries):
        began = time.perf_counter()
        np.matmul(square, square, out=product)
        seconds.append(time.perf_counter() - began)
    return 2 * size**3 / statistics.median(seconds)


if __name__ == "__main__":
    main()
