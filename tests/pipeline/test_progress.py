"""What a listener receives of trainings and of the whole run."""

from collections.abc import Iterator
from itertools import pairwise

import pytest

from modelling.training import EpochDone
from pipeline.progress import FinishTime, Progress, TrainingProgress, listener


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
    assert [one.step for one in received] == ["training", "trained", "finished"]
    assert received[-1].sentence == "1 trained, 1 of 2 finished"
    assert [one.share for one in received] == [0.25, 0.25, 0.5]
    assert [one.done for one in received] == [0, 0, 1]


def test_the_time_left_does_not_jump() -> None:
    """If the pace halves at once, the estimate moves by a few seconds per second."""
    finish, shares = FinishTime(), [0.01 * second for second in range(40)]
    shares += [0.40 + 0.005 * second for second in range(40)]
    left = [finish.seconds_left(share, at) for at, share in enumerate(shares)]
    assert left[:3] == [None, None, None]
    known = [one for one in left if one is not None]
    assert known[0] == pytest.approx(97)
    steps = [after - before for before, after in pairwise(known)]
    assert max(map(abs, steps)) < 5
