"""What the GPU's process does: read many symbols' features, train them together.

Judging and registering are left to the process slots, which do them side by side.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from config.errors import SymbolError
from config.parameters import TrainingParameters
from features.windows import WindowSplit, split_windows
from modelling.jobs import TrainingJob, load_backend_quietly, training_data
from modelling.training import EpochDone, Fitted, untrained

OnEpoch = Callable[[EpochDone], None]


@dataclass(frozen=True)
class BatchJob:
    """Symbols to train together, in a batch that has `places` for so many."""

    jobs: tuple[TrainingJob, ...]
    places: int


@dataclass(frozen=True)
class Device:
    """What JAX computes on in this process: `kind` is gpu, cpu or another."""

    kind: str
    name: str


def device_found(_given: None, _on_epoch: OnEpoch) -> Device:
    """Return the device that JAX chose, after it has computed something there.

    Raises
    ------
    Exception
        Whatever is wrong with the device or its driver.
    """
    import jax  # noqa: PLC0415

    jax.numpy.ones(1).sum().block_until_ready()
    return Device(jax.default_backend(), jax.devices()[0].device_kind)


def fit_symbols(given: BatchJob, on_epoch: OnEpoch) -> tuple[Fitted | SymbolError, ...]:
    """Return each job's weights, or why it can't be trained, in the jobs' order.

    Symbols whose windows have one shape are trained together, one shape after the
    other; `on_epoch` counts through all of them.
    """
    load_backend_quietly()
    splits = [_split(job) for job in given.jobs]
    groups = _groups(given.jobs, splits)
    found: dict[int, Fitted | SymbolError] = {
        place: one for place, one in enumerate(splits) if isinstance(one, SymbolError)
    }
    for done, ((parameters, _), members) in enumerate(groups.items()):
        told = _counted(on_epoch, done, len(groups), parameters.epochs)
        fits = _fitted(list(members.values()), parameters, given.places, told)
        found |= zip(members, fits, strict=True)
    return tuple(found[place] for place in range(len(given.jobs)))


def _split(job: TrainingJob) -> WindowSplit | SymbolError:
    """Return the symbol's windows, or its reason: one symbol's is no other's."""
    asked = job.parameters
    try:
        _, rows = training_data(job)
        return split_windows(rows, asked.sequence_length, asked.validation_split)
    except SymbolError as error:
        return error


type _Kind = tuple[TrainingParameters, tuple[int, int]]
"""Parameters and the padded numbers of windows: what is compiled once."""


def _groups(
    jobs: Sequence[TrainingJob], splits: Sequence[WindowSplit | SymbolError]
) -> dict[_Kind, dict[int, WindowSplit]]:
    """Return the windows of each kind by their jobs' places."""
    from modelling.jax_batch import shapes  # noqa: PLC0415  loads JAX

    found: dict[_Kind, dict[int, WindowSplit]] = defaultdict(dict)
    for place, (job, split) in enumerate(zip(jobs, splits, strict=True)):
        if not isinstance(split, SymbolError):
            found[job.parameters, shapes(split)][place] = split
    return found


def _fitted(
    splits: Sequence[WindowSplit],
    parameters: TrainingParameters,
    places: int,
    on_losses: Callable[[int, float, float], None],
) -> list[Fitted]:
    import jax  # noqa: PLC0415

    from modelling.jax_batch import fit_together  # noqa: PLC0415

    start, weights = time.perf_counter(), untrained(parameters).get_weights()
    fits = fit_together(weights, splits, parameters, places, on_losses)
    share = (time.perf_counter() - start) / len(splits)
    device = jax.devices()[0].device_kind
    return [Fitted(one.weights, one.epochs, share, device) for one in fits]


def _counted(
    on_epoch: OnEpoch, groups_done: int, groups: int, epochs: int
) -> Callable[[int, float, float], None]:
    """Return what tells an epoch of one group as one of all groups' epochs."""

    def told(epoch: int, loss: float, validation_loss: float) -> None:
        count = groups_done * epochs + epoch
        on_epoch(EpochDone(count, groups * epochs, loss, validation_loss))

    return told
