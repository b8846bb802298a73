"""The runner of a run: refused before it starts, or given the threads it needs."""

import re
import sys
from pathlib import Path

import pytest

from config.errors import ParameterError
from config.settings import ModelSettings, RunSettings, Settings
from tasks.gpu_slots import GpuSlots
from tasks.runner import opened_slots, require_runner
from tasks.slots import ProcessSlots

ADDRESS = "tcp://127.0.0.1:8786"


def test_the_local_runner_needs_nothing() -> None:
    """A run computes on this machine unless it is told otherwise."""
    require_runner(RunSettings())
    opened, _ = opened_slots(Settings(), 1, Path())
    with opened as slots:
        assert isinstance(slots, ProcessSlots)
        assert slots.count == 1


def test_dask_needs_an_address() -> None:
    """Dask without a scheduler is refused, and an example is given."""
    with pytest.raises(ParameterError, match="tcp://scheduler:8786"):
        require_runner(RunSettings(runner="dask"))


def test_dask_needs_its_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dask that is not installed is refused, and the message says how to get it."""
    asked = RunSettings(runner="dask", dask_scheduler=ADDRESS)
    require_runner(asked)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ParameterError, match=r"uv sync --extra dask.*pip install"):
        require_runner(asked)


def test_more_processes_than_symbols_are_not_planned() -> None:
    """A run of two symbols has at most two slots, whatever is allowed."""
    settings = Settings(run=RunSettings(training_processes=8))
    opened, _ = opened_slots(settings, 2, Path())
    with opened as slots:
        assert slots.count == 2


def test_memory_may_allow_fewer_processes() -> None:
    """Where memory decides the run has one slot, and says so at its head."""
    run = RunSettings(training_processes=2, process_memory_mb=2**30)
    opened, (notice,) = opened_slots(Settings(run=run), 2, Path())
    with opened as slots:
        assert slots.count == 1
    assert notice.startswith("memory allows 1 training process of 2")


def opened_with(symbols: int, **models: object) -> tuple[type, int, tuple[str, ...]]:
    """Return the kind, the count and the notices of slots with one process."""
    settings = Settings(
        run=RunSettings(training_processes=1),
        models=ModelSettings.model_validate(models),
    )
    opened, notices = opened_slots(settings, symbols, Path())
    with opened as slots:
        return type(slots), slots.count, notices


def test_many_symbols_are_trained_at_once_where_that_is_asked_for() -> None:
    """A device that answers comes before the slots, with places for a batch."""
    found = opened_with(2, batches="cpu", gpu_symbols=7)
    assert found == (GpuSlots, 8, ())


def test_no_device_is_started_for_nothing() -> None:
    """Not for symbols that have a process each, nor for another engine, nor unasked."""
    alone = (ProcessSlots, 1, ())
    assert opened_with(1, batches="cpu") == alone
    assert opened_with(2, batches="cpu", engine="tensorflow") == alone
    assert opened_with(2, batches="never") == alone


def test_packages_without_a_gpu_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packages for a GPU that does not answer: the processor trains, and it is said."""
    installed = tmp_path / "jax_of_a_gpu-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: jax-of-a-gpu\n")
    (installed / "entry_points.txt").write_text("[jax_plugins]\ngone = no_such.gpu\n")
    assert opened_with(2) == (ProcessSlots, 1, ())
    monkeypatch.syspath_prepend(str(tmp_path))
    kind, _, (notice,) = opened_with(2)
    assert kind is ProcessSlots
    assert re.search(r"on the processor: JAX must find a GPU, got .*; ", notice)
    assert opened_with(2, batches="never") == (ProcessSlots, 1, ())
