"""Who reads headlines: each engine under its own name, each title read once ever."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from tiny_finbert import write_tiny_finbert

from config.errors import SentimentUnavailable
from config.settings import SentimentSettings
from features.lexicon import lexicon_polarity
from modelling.polarity import FinbertReader, LexiconReader, Reader, open_reader
from storage.home import Home

TODAY = date(2025, 11, 10)


def reader_of(home: Path, **changes: str) -> Reader:
    """Return a reader of the tiny model, its answers kept in `home`."""
    folder = home / "model"
    if not folder.exists():
        write_tiny_finbert(folder)
    values = {"model_folder": str(folder)} | changes
    return open_reader(SentimentSettings.model_validate(values), home / "kept")


def kept(home: Path) -> pd.DataFrame:
    """Return the one file of kept answers."""
    (path,) = (home / "kept").iterdir()
    return pd.read_parquet(path)


def test_each_title_is_read_once(tmp_path: Path) -> None:
    """Repeats, over all symbols, are one; every title has its answer."""
    found = reader_of(tmp_path).polarities(["surge", "loss", "surge"], TODAY)
    assert set(found) == {"surge", "loss"}
    assert found["surge"] > 0 > found["loss"]
    assert sorted(kept(tmp_path).index) == ["loss", "surge"]


def test_kept_answers_need_no_model(tmp_path: Path) -> None:
    """What was read before is answered without loading anything."""
    first = reader_of(tmp_path).polarities(["surge", "loss"], TODAY)
    reader = reader_of(tmp_path)
    (tmp_path / "model" / "onnx" / "model.onnx").write_text("gone")
    assert reader.polarities(["loss", "surge"], TODAY) == first
    assert reader.polarities([], TODAY) == {}


def test_answers_are_kept_wherever_the_home_is(tmp_path: Path, home: Home) -> None:
    """In a store as on a disk, a title read once is not read again."""
    reader = reader_of(tmp_path)
    assert isinstance(reader, FinbertReader)
    reader = replace(reader, cache=home.polarities)
    first = reader.polarities(["surge", "loss"], TODAY)
    (tmp_path / "model" / "onnx" / "model.onnx").write_text("gone")
    assert reader.polarities(["loss", "surge"], TODAY) == first


def test_another_model_inherits_no_answer(tmp_path: Path) -> None:
    """Answers belong to the weights that gave them."""
    first = reader_of(tmp_path).polarities(["surge"], TODAY)
    write_tiny_finbert(tmp_path / "model", {0: "neutral", 1: "positive", 2: "negative"})
    reader_of(tmp_path).polarities(["surge"], TODAY)
    assert len(list((tmp_path / "kept").iterdir())) == 2
    assert reader_of(tmp_path).polarities(["surge"], TODAY) == pytest.approx(first)


def test_another_precision_inherits_no_answer(tmp_path: Path) -> None:
    """Rounded weights answer for themselves."""
    reader_of(tmp_path).polarities(["surge"], TODAY)
    write_tiny_finbert(tmp_path / "model", weights="onnx/model_int8.onnx")
    reader_of(tmp_path, precision="int8").polarities(["surge"], TODAY)
    assert len(list((tmp_path / "kept").iterdir())) == 2


@pytest.mark.parametrize("content", [b"", b"PAR1 torn", None])
def test_a_torn_file_of_answers_counts_as_none(
    tmp_path: Path, content: bytes | None
) -> None:
    """Titles are read anew, and the file is written whole."""
    reader = reader_of(tmp_path)
    first = reader.polarities(["surge"], TODAY)
    (path,) = (tmp_path / "kept").iterdir()
    if content is None:
        pd.DataFrame({"polarity": [7.0], "used": ["x"]}, index=["surge"]).to_parquet(
            path
        )
    else:
        path.write_bytes(content)
    assert reader.polarities(["surge"], TODAY) == first
    assert list(kept(tmp_path).index) == ["surge"]


def test_answers_that_nobody_needs_are_dropped(tmp_path: Path) -> None:
    """After thirty days; one that was needed meanwhile stays."""
    reader = reader_of(tmp_path)
    reader.polarities(["surge", "loss"], TODAY)
    reader.polarities(["loss"], TODAY + timedelta(days=20))
    reader.polarities(["fraud"], TODAY + timedelta(days=31))
    assert sorted(kept(tmp_path).index) == ["fraud", "loss"]


def test_the_dictionary_reads_by_itself(tmp_path: Path) -> None:
    """It needs no model and keeps nothing."""
    reader = open_reader(SentimentSettings(engine="lexicon"), tmp_path)
    assert isinstance(reader, LexiconReader)
    found = reader.polarities(["Profits surge"], TODAY)
    assert found == {"Profits surge": lexicon_polarity("Profits surge")}
    assert list(tmp_path.iterdir()) == []


def test_no_engine_stands_in_for_another(tmp_path: Path) -> None:
    """FinBERT without a model, and off, are refusals, never the dictionary."""
    assert isinstance(reader_of(tmp_path), FinbertReader)
    nowhere = SentimentSettings(model_folder=str(tmp_path / "nowhere"))
    for chosen in (nowhere, SentimentSettings(engine="off")):
        with pytest.raises(SentimentUnavailable):
            open_reader(chosen, tmp_path)
