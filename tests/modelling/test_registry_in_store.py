"""The registry's laws in any home: pairs, history, a kill between the two moves."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from config.errors import ModelUnusable, StorageError
from config.parameters import TrainingParameters
from config.settings import ModelSettings
from modelling.forecasting import forecast
from modelling.jobs import TrainingJob, train_symbol
from modelling.keras_network import write_network
from modelling.model_metadata import ModelMetadata
from modelling.network import Network
from modelling.registry import ModelPair, Registry
from storage.home import Home, write_atomic, write_file_atomic
from storage.paths import files_in, move, read_bytes, remove
from storage.tables import write_signed

if TYPE_CHECKING:
    import pandas as pd

Describe = Callable[..., ModelMetadata]


START = datetime(2013, 1, 7, 9, 0, tzinfo=UTC)


@pytest.fixture
def registry(home: Home) -> Registry:
    """Return an empty registry that keeps three earlier pairs."""
    return Registry(home.models, ModelSettings())


@pytest.fixture
def put(registry: Registry, describe: Describe) -> Callable[..., ModelMetadata]:
    """Return a function that saves a pair of a given day, its model any bytes."""

    def put_one(day: int = 0, content: bytes = b"any", **changes: object) -> object:
        metadata = describe(training_date=START + timedelta(days=day), **changes)
        return registry.save(metadata, lambda path: path.write_bytes(content))

    return put_one


def names(registry: Registry, folder: str) -> list[str]:
    """Return the names of the files in a folder of the registry."""
    return [path.name for path in files_in(registry.folder / folder)]


def test_a_real_network_comes_back(
    registry: Registry,
    describe: Describe,
    untrained: Network,
    tiny: TrainingParameters,
) -> None:
    """A network saved in any home is loaded from it with the same weights."""
    write = partial(write_network, untrained, tiny)
    saved = registry.save(describe(), write)
    assert registry.require("CBA.AX") == saved
    loaded = registry.load(saved).weights
    pairs = zip(loaded, untrained.weights, strict=True)
    assert all(first.tobytes() == second.tobytes() for first, second in pairs)
    assert names(registry, "") == [
        "lstm_CBA.AX_metadata.json",
        "lstm_CBA.AX_model.keras",
    ]
    assert names(registry, "drafts") == names(registry, "history") == []


def test_a_job_trains_in_any_home(
    home: Home, job: TrainingJob, indicators: "pd.DataFrame"
) -> None:
    """A training reads its table from the home, and its model is read from there."""
    table = home.nights / "2013-01-01" / "indicators" / "CBA.AX.parquet"
    write_signed(table, indicators, symbol=job.symbol, stage="indicators")
    there = TrainingJob(
        symbol=job.symbol,
        indicators=table,
        price_source="sample",
        models=home.models,
        parameters=job.parameters,
        settings=job.settings,
        trained_at=job.trained_at,
    )
    metadata = train_symbol(there)
    registry = Registry(home.models, job.settings)
    assert registry.live(job.symbol) == metadata
    network = registry.load(metadata)
    assert forecast(network, metadata, indicators).predicted_close > 0


def test_history_keeps_the_last_pairs_of_its_symbol(
    registry: Registry, put: Callable[..., ModelMetadata]
) -> None:
    """Of six models the last is live, three are kept, another symbol's untouched."""
    put(0, symbol="BHP.AX")
    put(1, symbol="BHP.AX")
    for day in range(6):
        last = put(day)
    assert registry.live("CBA.AX") == last
    kept = names(registry, "history")
    assert len([name for name in kept if name.startswith("lstm_CBA.AX_")]) == 2 * 3
    assert len([name for name in kept if name.startswith("lstm_BHP.AX_")]) == 2
    assert registry.symbols() == ("BHP.AX", "CBA.AX")


def test_a_rejected_candidate_leaves_the_usable_model(
    registry: Registry, put: Callable[..., ModelMetadata]
) -> None:
    """A model that is not usable lands in `rejected/`; the usable one stays live."""
    usable = put(0)
    rejected = put(1, rejected="graded poor")
    assert registry.live("CBA.AX") == usable
    assert len(names(registry, "rejected")) == 2
    assert registry.trained_since("CBA.AX", START) == (usable, rejected)


def test_a_replay_finds_the_model_of_its_time(
    registry: Registry, put: Callable[..., ModelMetadata]
) -> None:
    """A model that knows less than the live one serves earlier nights only."""
    late = put(0, last_session=date(2013, 3, 1))
    early = put(1, last_session=date(2013, 2, 1))
    assert registry.known_by("CBA.AX", date(2013, 3, 4)) == late
    assert registry.known_by("CBA.AX", date(2013, 2, 15)) == early


@pytest.mark.parametrize("copied", [False, True])
def test_a_kill_between_the_two_moves_is_mended(
    registry: Registry, put: Callable[..., ModelMetadata], *, copied: bool
) -> None:
    """Model live, its metadata a draft: readers find it, the next look moves it.

    A store moves by copying, so the draft of the model may still be there.
    """
    put(0, b"old")
    live, draft = (
        ModelPair.of(registry.folder / folder, "CBA.AX") for folder in ("", "drafts")
    )
    old = read_bytes(live.metadata).decode()
    new = put(1, b"new")
    move(live.metadata, draft.metadata)
    write_atomic(live.metadata, old)
    if copied:
        write_file_atomic(draft.model, lambda path: path.write_bytes(b"new"))
    assert registry.require("CBA.AX") == new
    assert registry.trained_since("CBA.AX", new.training_date) == (new,)
    assert names(registry, "drafts") == []
    assert len(names(registry, "history")) == 2


def test_a_damaged_pair_is_missing_and_named(
    registry: Registry, put: Callable[..., ModelMetadata]
) -> None:
    """Bytes that are not those of the metadata, or half a pair, are no model."""
    put()
    live = ModelPair.of(registry.folder, "CBA.AX")
    write_atomic(live.model, "damaged")
    with pytest.raises(ModelUnusable, match="damaged or don't match"):
        registry.require("CBA.AX")
    remove(live.model)
    assert registry.live("CBA.AX") is None
    remove(live.metadata)
    with pytest.raises(ModelUnusable, match="has no model"):
        registry.require("CBA.AX")


def test_a_failed_write_leaves_the_live_pair(
    registry: Registry, put: Callable[..., ModelMetadata], describe: Describe
) -> None:
    """A network that can't be written changes nothing in the home."""
    old = put()

    def full_disk(path: object) -> None:
        raise OSError(28, f"No space left for {path}")

    with pytest.raises(StorageError, match=r"lstm_CBA\.AX_model\.keras"):
        registry.save(describe(), full_disk)
    assert registry.require("CBA.AX") == old
