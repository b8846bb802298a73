"""Models that are damaged, foreign or half there, kills and disks that refuse."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest
from saved_models import START, files, put

from config.errors import ModelUnusable, StorageError
from modelling.model_metadata import ModelMetadata
from modelling.registry import ModelPair, Registry

Describe = Callable[..., ModelMetadata]
Save = Callable[..., ModelMetadata]


def test_a_damaged_pair_does_not_enter_history(
    registry: Registry, describe: Describe, live: ModelPair
) -> None:
    """History holds whole pairs only: a damaged live model is not kept as one."""
    put(registry, describe)
    live.model.write_text("damaged")
    put(registry, describe, training_date=START + timedelta(days=1))
    assert files(registry.folder / "history") == []


def test_a_rejected_candidate_replaces_a_damaged_model(
    registry: Registry, save: Save, live: ModelPair
) -> None:
    """A live pair that does not belong together counts as none."""
    save(day=0)
    live.model.write_text("damaged")
    rejected = save(day=1, rejected="graded poor")
    assert registry.live("CBA.AX") == rejected


@pytest.mark.parametrize("keep", [0, 1, 1000])
def test_a_truncated_model_is_missing_and_named(
    registry: Registry, save: Save, live: ModelPair, keep: int
) -> None:
    """A `.keras` file cut short is no model; the error names it and the remedy."""
    save()
    live.model.write_bytes(live.model.read_bytes()[:keep])
    assert registry.live("CBA.AX") is None
    with pytest.raises(ModelUnusable, match=r"lstm_CBA\.AX_model\.keras .* train CBA"):
        registry.require("CBA.AX")


@pytest.mark.parametrize("text", ["", "{}", "not json", '{"symbol": "CBA.AX"}'])
def test_damaged_metadata_are_missing_and_named(
    registry: Registry, save: Save, live: ModelPair, text: str
) -> None:
    """Metadata that can't be read leave no model; the error names the pair."""
    save()
    live.metadata.write_text(text)
    with pytest.raises(ModelUnusable, match=r"lstm_CBA\.AX_model\.keras"):
        registry.require("CBA.AX")


def test_another_symbols_pair_is_refused(
    registry: Registry, save: Save, live: ModelPair
) -> None:
    """A pair copied under another symbol's name is not that symbol's model."""
    save(symbol="BHP.AX")
    other = ModelPair.of(registry.folder, "BHP.AX")
    live.model.write_bytes(other.model.read_bytes())
    live.metadata.write_bytes(other.metadata.read_bytes())
    with pytest.raises(ModelUnusable, match=r"lstm_CBA\.AX_model\.keras"):
        registry.require("CBA.AX")


@pytest.mark.parametrize("half", ["model", "metadata"])
def test_half_a_pair_is_no_model(
    registry: Registry, save: Save, live: ModelPair, half: str
) -> None:
    """Model and metadata appear together or not at all."""
    save()
    getattr(live, half).unlink()
    assert registry.live("CBA.AX") is None


@pytest.mark.parametrize("content", [b"import os", b"", b"PK\x03\x04 no zip", None])
def test_a_file_that_is_no_model_does_not_load(
    registry: Registry, describe: Describe, live: ModelPair, content: bytes | None
) -> None:
    """A file that holds no network is refused by its name, a missing one too."""
    saved = put(registry, describe, content or b"")
    if content is None:
        live.model.unlink()
    with pytest.raises(ModelUnusable, match=r"lstm_CBA\.AX_model\.keras can't be used"):
        registry.load(saved)


def test_code_in_a_model_file_is_not_run(
    backend: ModuleType, registry: Registry, describe: Describe
) -> None:
    """A model with a Python lambda inside is refused: nothing in a file is run."""
    inputs = backend.Input((2,))
    double = backend.layers.Lambda(lambda values: values * 2, output_shape=(2,))
    saved = registry.save(describe(), backend.Model(inputs, double(inputs)).save)
    with pytest.raises(ModelUnusable, match="layers InputLayer, Lambda, not"):
        registry.load(saved)


def test_a_model_file_that_was_exchanged_does_not_load(
    registry: Registry, save: Save, live: ModelPair
) -> None:
    """Another whole network under the same name has another fingerprint."""
    saved = save()
    other = save(symbol="BHP.AX", day=1)
    content = ModelPair.of(registry.folder, other.symbol).model.read_bytes()
    live.model.write_bytes(content + b" ")
    with pytest.raises(ModelUnusable, match="has changed since it was written"):
        registry.load(saved)


@pytest.mark.parametrize("first", [True, False])
def test_a_kill_between_the_two_renames_is_mended(
    registry: Registry, describe: Describe, live: ModelPair, *, first: bool
) -> None:
    """New model live, its metadata a draft: readers find it, the next save moves it."""
    put(registry, describe, b"old")
    old = live.metadata.read_bytes()
    new = put(registry, describe, b"new", training_date=START + timedelta(days=1))
    draft = ModelPair.of(registry.folder / "drafts", "CBA.AX")
    live.metadata.replace(draft.metadata)
    if not first:
        live.metadata.write_bytes(old)
    assert registry.require("CBA.AX") == new
    later = put(registry, describe, b"3rd", training_date=START + timedelta(days=2))
    assert registry.require("CBA.AX") == later
    assert files(registry.folder / "drafts") == []
    assert len(files(registry.folder / "history")) == 4


def test_a_kill_before_the_renames_leaves_the_live_pair(
    registry: Registry, save: Save, live: ModelPair
) -> None:
    """A draft that was never moved changes nothing, and the next save replaces it."""
    old = save(day=0)
    draft = ModelPair.of(registry.folder / "drafts", "CBA.AX")
    draft.model.write_bytes(b"half")
    draft.metadata.write_bytes(live.metadata.read_bytes())
    assert registry.require("CBA.AX") == old
    again = save(day=0)
    assert registry.require("CBA.AX") == again


def test_a_failed_write_leaves_the_live_pair(
    registry: Registry, describe: Describe
) -> None:
    """A disk that refuses is an error that names the path; the old pair stays."""
    old = put(registry, describe)
    with pytest.raises(StorageError, match=r"lstm_CBA\.AX_model\.keras"):
        registry.save(describe(), _full_disk)
    assert registry.require("CBA.AX") == old


@pytest.mark.parametrize("folder", ["history", "rejected"])
def test_a_blocked_folder_is_a_storage_error(
    registry: Registry, save: Save, folder: str
) -> None:
    """Where the old pair or the candidate can't be moved, the error is ours."""
    old = save(day=0)
    (registry.folder / folder).write_text("a file, not a folder")
    with pytest.raises(StorageError, match=folder):
        save(day=1, rejected="graded poor" if folder == "rejected" else None)
    assert registry.require("CBA.AX") == old


def _full_disk(path: Path) -> None:
    path.write_bytes(b"half a mod")
    raise OSError(28, "No space left on device")
