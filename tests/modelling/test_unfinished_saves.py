"""A save that a kill interrupted: its model is found, and finished, by the next run."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.settings import ModelSettings
from modelling.model_metadata import ModelMetadata
from modelling.registry import ModelPair, Registry

START = datetime(2013, 1, 7, 9, 0, tzinfo=UTC)

Describe = Callable[..., ModelMetadata]


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """Return an empty registry."""
    return Registry(tmp_path / "models", ModelSettings())


def put(registry: Registry, metadata: ModelMetadata) -> ModelMetadata:
    """Save a pair whose model file names its day: enough where none is loaded."""
    content = str(metadata.training_date).encode()
    return registry.save(metadata, lambda path: path.write_bytes(content))


def draft(registry: Registry) -> ModelPair:
    """Return where the draft of CBA.AX lies."""
    return ModelPair.of(registry.folder / "drafts", "CBA.AX")


def back_to_draft(registry: Registry, *names: str, live: ModelPair) -> None:
    """Undo the last moves of a save: what a kill before them leaves."""
    for name in names:
        getattr(live, name).replace(getattr(draft(registry), name))


def test_models_since_an_instant_are_found(
    registry: Registry, describe: Describe
) -> None:
    """Live, retired and rejected models count from that instant on."""
    for day, rejected in ((0, None), (1, None), (2, "poor"), (3, None)):
        day_of = START + timedelta(days=day)
        put(registry, describe(training_date=day_of, rejected=rejected))
    found = registry.trained_since("CBA.AX", START + timedelta(days=1))
    days = sorted((one.training_date - START).days for one in found)
    assert days == [1, 2, 3]


def test_another_symbols_model_is_not_found(
    registry: Registry, describe: Describe
) -> None:
    """A model of ANZ.AX is none of CBA.AX."""
    put(registry, describe(symbol="ANZ.AX", training_date=START))
    assert registry.trained_since("CBA.AX", START) == ()


def test_a_whole_draft_goes_live(registry: Registry, describe: Describe) -> None:
    """A kill before the first rename: the pair is finished, not trained again."""
    saved = put(registry, describe(training_date=START))
    live = ModelPair.of(registry.folder, "CBA.AX")
    back_to_draft(registry, "model", "metadata", live=live)
    assert registry.live("CBA.AX") is None
    assert registry.trained_since("CBA.AX", START) == (saved,)
    assert registry.live("CBA.AX") == saved
    assert not draft(registry).model.exists()


@pytest.mark.parametrize("folder", ["", "rejected"])
def test_metadata_follow_their_model(
    registry: Registry, describe: Describe, folder: str
) -> None:
    """A kill between the two renames: the metadata join the model where it went."""
    put(registry, describe(training_date=START))
    late = START + timedelta(days=1)
    rejected = "poor" if folder else None
    saved = put(registry, describe(training_date=late, rejected=rejected))
    pair = ModelPair.of(registry.folder / folder, "CBA.AX")
    back_to_draft(registry, "metadata", live=pair)
    assert registry.trained_since("CBA.AX", late) == (saved,)
    assert pair.metadata.exists()


def test_a_model_without_metadata_is_no_receipt(
    registry: Registry, describe: Describe
) -> None:
    """A kill before the metadata are written: the symbol is trained again."""
    put(registry, describe(training_date=START))
    live = ModelPair.of(registry.folder, "CBA.AX")
    back_to_draft(registry, "model", live=live)
    live.metadata.unlink()
    assert registry.trained_since("CBA.AX", START) == ()
