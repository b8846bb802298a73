"""The models on disk: pairs, who goes live, what is kept, which symbols there are."""

import json
import os
from collections.abc import Callable
from datetime import date, timedelta
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from saved_models import START, files, put

from config.errors import ModelUnusable
from config.settings import ModelSettings
from modelling.forecasting import forecast
from modelling.jobs import TrainingJob
from modelling.model_metadata import ModelMetadata
from modelling.network import Network
from modelling.registry import ModelPair, Registry

Describe = Callable[..., ModelMetadata]
Save = Callable[..., ModelMetadata]


def test_a_saved_model_comes_back(
    registry: Registry, save: Save, untrained: Network
) -> None:
    """The live metadata equal those saved, and the live network has its weights."""
    saved = save()
    assert registry.live("CBA.AX") == registry.require("CBA.AX") == saved
    pairs = zip(registry.load(saved).weights, untrained.weights, strict=True)
    assert all(first.tobytes() == second.tobytes() for first, second in pairs)


def test_a_saved_model_lies_under_its_published_names(
    registry: Registry, save: Save
) -> None:
    """`lstm_{symbol}_model.keras` and `lstm_{symbol}_metadata.json`, nothing else."""
    save()
    assert files(registry.folder) == [
        "lstm_CBA.AX_metadata.json",
        "lstm_CBA.AX_model.keras",
    ]
    assert files(registry.folder / "drafts") == files(registry.folder / "history") == []


def test_metadata_have_the_published_keys(live_model: ModelMetadata) -> None:
    """The guide's keys open the file, in the guide's order, nested as there."""
    stored = json.loads(live_model.model_dump_json())
    published = "symbol training_date data_points features sequence_length epochs"
    assert list(stored)[:7] == [*published.split(), "results"]
    assert list(stored["results"]) == ["final_loss", "final_val_loss", "training_time"]


def test_keras_and_the_json_alone_reproduce_a_forecast(
    backend: ModuleType,
    job: TrainingJob,
    live_model: ModelMetadata,
    indicators: pd.DataFrame,
) -> None:
    """Whoever has the two files and no code of ours gets the same predicted close."""
    pair = ModelPair.of(job.models, job.symbol)
    network = backend.saving.load_model(pair.model, safe_mode=True)
    facts = json.loads(pair.metadata.read_text(encoding="utf-8"))
    low, high = np.array(facts["scaler_minimum"]), np.array(facts["scaler_maximum"])
    window = indicators[facts["features"]].to_numpy()[-facts["sequence_length"] :]
    scaled = ((window - low) / (high - low))[np.newaxis].astype(np.float32)
    close = float(network(scaled)[0, 0]) * (high[0] - low[0]) + low[0]
    ours = Registry(job.models, job.settings).load(live_model)
    answer = forecast(ours, live_model, indicators).predicted_close
    assert answer == pytest.approx(close, rel=1e-7)


def test_a_night_lists_the_history_once(
    save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many symbols a night saves, `history/` is listed once."""
    listed: list[str] = []
    scandir = os.scandir

    def list_folder(path: Any) -> Any:  # noqa: ANN401  as `os.scandir`
        listed.append(str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", list_folder)
    for day in (0, 1):
        for symbol in ("CBA.AX", "BHP.AX", "CSL.AX"):
            save(day=day, symbol=symbol)
    assert sum(path.endswith("history") for path in listed) == 1  # None at first.


def test_the_pair_before_goes_to_history(registry: Registry, save: Save) -> None:
    """A new usable model goes live; the one before is kept, whole and readable."""
    first, second = save(day=0), save(day=1)
    assert registry.live("CBA.AX") == second
    history = registry.folder / "history"
    kept = [path.read_text() for path in history.glob("*.json")]
    assert [ModelMetadata.model_validate_json(text) for text in kept] == [first]
    assert len(list(history.glob("*.keras"))) == 1


@pytest.mark.parametrize(("kept", "days"), [(3, [9, 10, 11]), (1, [11]), (0, [])])
def test_history_keeps_the_last_pairs(
    registry: Registry, describe: Describe, kept: int, days: list[int]
) -> None:
    """Of six models the last is live and the three (or as set) before it are kept."""
    small = Registry(registry.folder, ModelSettings(history_kept=kept))
    for day in range(6):
        put(small, describe, training_date=START + timedelta(days=day))
    tags = [f"lstm_CBA.AX_201301{day:02}T090000000000" for day in days]
    assert files(small.folder / "history") == sorted(
        f"{tag}_{kind}" for tag in tags for kind in ("model.keras", "metadata.json")
    )


def test_pairs_of_a_clock_that_was_ahead_go_first(
    registry: Registry, describe: Describe
) -> None:
    """After the clock is set back, pairs dated in the future leave the history."""
    small = Registry(registry.folder, ModelSettings(history_kept=2))
    for day in (300, 301, 302, 0, 1, 2):
        put(small, describe, training_date=START + timedelta(days=day))
    tags = ("20130107", "20130108")
    names = files(small.folder / "history")
    assert {name.split("_")[2][:8] for name in names} == set(tags)


def test_histories_of_two_symbols_do_not_touch(
    registry: Registry, describe: Describe
) -> None:
    """A symbol's history drops its own pairs only."""
    for symbol, count in (("BHP.AX", 3), ("CBA.AX", 6)):
        for day in range(count):
            date = START + timedelta(days=day)
            put(registry, describe, symbol=symbol, training_date=date)
    names = files(registry.folder / "history")
    assert sum(name.startswith("lstm_BHP.AX_") for name in names) == 2 * 2
    assert sum(name.startswith("lstm_CBA.AX_") for name in names) == 2 * 3


def test_a_rejected_candidate_leaves_the_usable_model(
    registry: Registry, save: Save
) -> None:
    """A model that is not usable lands in `rejected/`; the usable one stays live."""
    usable = save(day=0)
    rejected = save(day=1, rejected="graded poor")
    assert registry.live("CBA.AX") == usable
    pair = ModelPair.of(registry.folder / "rejected", "CBA.AX")
    assert ModelMetadata.model_validate_json(pair.metadata.read_text()) == rejected
    assert pair.model.exists()
    assert files(registry.folder / "history") == files(registry.folder / "drafts") == []


def test_the_first_model_goes_live_even_if_rejected(
    registry: Registry, save: Save
) -> None:
    """Where there is no model, a rejected one is kept live and says why it is mute."""
    save(rejected="graded poor")
    live = registry.require("CBA.AX")
    assert (live.usable, live.rejected) == (False, "graded poor")


def test_a_usable_model_replaces_a_rejected_one(registry: Registry, save: Save) -> None:
    """The first usable model takes the place of a rejected one."""
    save(day=0, rejected="graded poor")
    usable = save(day=1)
    assert registry.live("CBA.AX") == usable


def test_a_replays_model_lies_beside_the_live_one(
    registry: Registry, describe: Describe
) -> None:
    """A model that knows less than the live one serves earlier nights only."""
    late = put(registry, describe, b"late", last_session=date(2013, 3, 1))
    early = put(
        registry,
        describe,
        b"early",
        last_session=date(2013, 2, 1),
        training_date=START + timedelta(days=1),
    )
    assert registry.require("CBA.AX") == late
    assert registry.known_by("CBA.AX", date(2013, 3, 4)) == late
    assert registry.known_by("CBA.AX", date(2013, 2, 15)) == early
    with pytest.raises(ModelUnusable, match="after the as-of session"):
        registry.known_by("CBA.AX", date(2013, 1, 31))


def test_an_unbounded_loss_ratio_survives_the_disk(
    registry: Registry, describe: Describe
) -> None:
    """A model whose training loss is 0 (a halted price) can be read back."""
    saved = put(registry, describe, loss_ratio=None)
    assert registry.require("CBA.AX") == saved


def test_no_model_names_the_command(registry: Registry) -> None:
    """Where there is no model, the error says how to get one."""
    with pytest.raises(
        ModelUnusable, match=r"has no model; run `overnight train CBA\.AX`"
    ):
        registry.require("CBA.AX")


def test_symbols_are_those_with_files(registry: Registry, save: Save) -> None:
    """Each symbol with a live file is listed once, in order, damaged ones too."""
    for symbol in ("MSFT", "BHP.AX", "BRK-B", "^AXJO"):
        save(symbol=symbol)
    ModelPair.of(registry.folder, "MSFT").metadata.unlink()
    ModelPair.of(registry.folder, "BHP.AX").model.unlink()
    assert registry.symbols() == ("BHP.AX", "BRK-B", "MSFT", "^AXJO")


@pytest.mark.parametrize(
    "name",
    [
        "notes.txt",
        "lstm_model.keras",
        "lstm__model.keras",
        "lstm_aapl_model.keras",
        "lstm_CBA.AX_20130107T090000000000_model.keras",
        "lstm_CBA.XX_metadata.json",
        "lstm_AAPL_model.keras.bak",
        ".new-lstm_AAPL_model.keras",
    ],
)
def test_foreign_files_are_no_symbols(registry: Registry, name: str) -> None:
    """A file that is not named like a live pair is ignored."""
    registry.folder.mkdir()
    (registry.folder / name).write_text("foreign")
    assert registry.symbols() == ()


def test_an_absent_folder_has_no_symbols(registry: Registry) -> None:
    """Before the first training the registry is empty, without an error."""
    assert registry.symbols() == ()
    assert registry.live("CBA.AX") is None
