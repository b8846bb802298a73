"""The pool of a run: refused before the run starts, or opened with its processes."""

import sys
from pathlib import Path

import pytest

from config.errors import ParameterError
from config.settings import RunSettings, Settings
from storage.home import Home
from workers.pools import open_pool, require_runner
from workers.process_pool import ProcessPool

ADDRESS = "tcp://127.0.0.1:8786"


def test_the_local_runner_needs_nothing() -> None:
    """By default a run computes on this machine."""
    require_runner(RunSettings())
    opened, _ = open_pool(Settings(), 1, Home(Path()))
    with opened as pool:
        assert isinstance(pool, ProcessPool)
        assert pool.count == 1


def test_dask_needs_an_address() -> None:
    """Dask without a scheduler is refused with an example."""
    with pytest.raises(ParameterError, match="tcp://scheduler:8786"):
        require_runner(RunSettings(runner="dask"))


def test_dask_needs_its_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dask that is not installed is refused, and the message says how to get it."""
    settings = RunSettings(runner="dask", dask_scheduler=ADDRESS)
    require_runner(settings)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ParameterError, match=r"uv sync --extra dask.*pip install"):
        require_runner(settings)


def test_more_processes_than_symbols_are_not_planned() -> None:
    """A run of two symbols has at most two processes."""
    settings = Settings(run=RunSettings(training_processes=8))
    opened, _ = open_pool(settings, 2, Home(Path()))
    with opened as pool:
        assert pool.count == 2


def test_memory_may_allow_fewer_processes() -> None:
    """With little memory the run has one process, and its head has a notice."""
    run = RunSettings(training_processes=2, process_memory_mb=2**30)
    opened, (notice,) = open_pool(Settings(run=run), 2, Home(Path()))
    with opened as pool:
        assert pool.count == 1
    assert notice.startswith("memory allows 1 training process of 2")
