"""What a listener receives of trainings and of the whole run."""

from collections.abc import Iterator

import pytest

from modelling.training import EpochDone
from pipeline.progress import Progress, TrainingProgress, listener


@pytest.fixture
def received() -> Iterator[list[TrainingProgress]]:
    """Give all that a listener receives."""
    states: list[TrainingProgress] = []
    token = listener.set(states.append)
    yield states
    listener.reset(token)


def test_each_epoch_arrives_with_its_symbol(received: list[TrainingProgress]) -> None:
    """A listener receives how far each training is, and when it has ended."""
    progress = Progress(["AAPL", "IBM"])
    done = EpochDone(5, 9, 0.01, 0.02)
    progress.on_epoch("AAPL", done)
    progress.end_training("AAPL")
    progress.end_symbol("AAPL")
    assert [(one.symbol, one.epoch) for one in received] == [
        ("AAPL", done),
        ("AAPL", None),
        ("AAPL", None),
    ]
    assert [one.share for one in received] == [0.25, 0.25, 0.5]
    assert [one.done for one in received] == [0, 0, 1]
