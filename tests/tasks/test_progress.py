"""Standings: what a listener is told of trainings and of the whole run."""

from collections.abc import Iterator

import pytest
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_CLIENT_MAX_RETRIES,
    temporary_settings,
)

from modelling.training import EpochDone
from tasks.progress import Progress, Standing, listener


@pytest.fixture
def told(free_port: int) -> Iterator[list[Standing]]:
    """Give all that a listener hears, while Prefect's server is away."""
    heard: list[Standing] = []
    token = listener.set(heard.append)
    away = f"http://127.0.0.1:{free_port}/api"
    with temporary_settings({PREFECT_API_URL: away, PREFECT_CLIENT_MAX_RETRIES: 0}):
        yield heard
    listener.reset(token)


def test_each_epoch_is_told_with_its_symbol(told: list[Standing]) -> None:
    """A listener hears which training is where, and when it has ended."""
    progress = Progress(["AAPL", "IBM"])
    done = EpochDone(5, 9, 0.01, 0.02)
    progress.on_epoch("AAPL", done)
    progress.trained("AAPL")
    progress.finished("AAPL")
    assert [(one.symbol, one.epoch) for one in told] == [
        ("AAPL", done),
        ("AAPL", None),
        ("AAPL", None),
    ]
    assert [one.share for one in told] == [0.25, 0.25, 0.5]
    assert [one.done for one in told] == [0, 0, 1]
