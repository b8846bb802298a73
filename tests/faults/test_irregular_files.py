"""What is no regular file is refused at once, wherever a file is expected."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from tiny_finbert import write_tiny_finbert
from writing_jobs import AT, FIRST, LAST, SYMBOL, described, registry_of, store_of

from config.errors import OvernightError, StorageError
from config.settings import ModelSettings, SentimentSettings
from market_data.folder import FolderSource
from market_data.headlines import FolderHeadlines
from market_data.selection import SymbolFile, select_symbols
from modelling.finbert import load_finbert
from modelling.finbert_files import find_files
from modelling.model_metadata import MAX_TEXT
from modelling.registry import MAX_METADATA_BYTES, ModelPair, Registry
from modelling.training_log import append_entry, is_logged
from risk_guard.calendar_file import read_calendar
from screening.table import read_published_coverage
from screening.track_record.ledger import Ledger
from storage.home import Home
from storage.lock import one_run_at_a_time
from storage.paths import read_bytes
from storage.regular_files import regular_file
from storage.settings_file import read_settings
from storage.tables import read_table

Put = Callable[[Path], object]
SECONDS = 10
"""None of these takes a hundredth of it; a pipe that is opened never ends."""


def a_socket(path: Path) -> None:
    """Bind a socket there; its name must be short, so it is made beside and moved."""
    with socket.socket(socket.AF_UNIX) as bound:
        short = Path(f"/tmp/erg-{os.getpid()}")  # noqa: S108  moved at once
        bound.bind(str(short))
        short.rename(path)


IRREGULAR: dict[str, Put] = {
    "a pipe": os.mkfifo,
    "a socket": a_socket,
    "/dev/zero": lambda path: path.symlink_to("/dev/zero"),
    "a folder": lambda path: path.mkdir(),
    "a link to a pipe": lambda path: (
        os.mkfifo(path.with_name(f"pipe-{path.name}")),
        path.symlink_to(path.with_name(f"pipe-{path.name}")),
    ),
}


@pytest.fixture(params=IRREGULAR)
def put(request: pytest.FixtureRequest) -> Iterator[Put]:
    """Give a function that puts something irregular in a path's place, and time it."""

    def replace(path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        IRREGULAR[request.param](path)
        return path

    start = time.monotonic()
    yield replace
    assert time.monotonic() - start < SECONDS


@pytest.mark.parametrize(
    "read", [read_bytes, read_table, lambda path: regular_file(path).__enter__()]
)
def test_a_reader_refuses_it(put: Put, tmp_path: Path, read: Put) -> None:
    """The message names the problem: it is no regular file."""
    with pytest.raises(OSError, match="not a regular file"):
        read(put(tmp_path / "file"))


def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    """People keep their lists elsewhere."""
    (tmp_path / "file").write_text("BHP.AX")
    (tmp_path / "link.txt").symlink_to(tmp_path / "file")
    assert read_bytes(tmp_path / "link.txt") == b"BHP.AX"
    assert select_symbols(SymbolFile(file=tmp_path / "link.txt"), {}) == ("BHP.AX",)


def test_a_file_above_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """An empty file of a terabyte is refused at once."""
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(10**12)
    for read in (read_bytes, lambda path: read_bytes(path, 100)):
        with pytest.raises(OSError, match="larger than"):
            read(tmp_path / "huge")


READERS: dict[str, tuple[str, Put]] = {
    "settings": ("overnight.toml", read_settings),
    "a list": (
        "list.txt",
        lambda home: select_symbols(SymbolFile(file=home / "list.txt"), {}),
    ),
    "prices": (
        "prices/BHP.AX.csv",
        lambda home: FolderSource(home).fetch("BHP.AX", FIRST, LAST),
    ),
    "news": (
        "news/BHP.AX.json",
        lambda home: FolderHeadlines(home).fetch("BHP.AX"),
    ),
    "lock": (
        "data/run.lock",
        lambda home: one_run_at_a_time(Home(home)).__enter__(),
    ),
    "log": (
        f"logs/lstm_training/{AT:%Y-%m-%d}_training_log.jsonl",
        lambda home: append_entry(Home(home).training_log, AT, {"line": 1}),
    ),
}


@pytest.mark.parametrize("what", READERS)
def test_each_reader_says_so(put: Put, tmp_path: Path, what: str) -> None:
    """It ends as one of our own errors, short, with the file's name."""
    name, read = READERS[what]
    put(tmp_path / name)
    with pytest.raises(OvernightError) as refused:
        read(tmp_path)
    assert Path(name).name in str(refused.value)
    assert len(str(refused.value)) < 400 + len(str(tmp_path))


def test_stored_prices_are_fetched_anew(put: Put, tmp_path: Path) -> None:
    """In the price store it is replaced, and a note names it."""
    home = Home(tmp_path)
    store_of(home, 1).history(SYMBOL, FIRST, LAST)
    put(next(home.prices.rglob("*.parquet")))
    history = store_of(home, 2).history(SYMBOL, FIRST, LAST)
    assert history.frame["close"].eq(2).all()
    assert "not a regular file" in history.notes[0]


@pytest.mark.parametrize("which", ["model", "metadata"])
def test_a_model_is_missing(put: Put, tmp_path: Path, which: str) -> None:
    """Neither its network nor its description is waited for."""
    registry = registry_of(Home(tmp_path))
    saved = registry.save(described(1), lambda path: path.write_bytes(b"1"))
    put(getattr(ModelPair.of(registry.folder, SYMBOL), which))
    assert registry.live(SYMBOL) is None
    if which == "model":
        with pytest.raises(OvernightError, match="not a regular file"):
            registry.load(saved)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "onnx/model.onnx"])
def test_finbert_is_missing(put: Put, tmp_path: Path, name: str) -> None:
    """Whichever of its files it is."""
    folder = write_tiny_finbert(tmp_path / "finbert")
    put(folder / name)
    settings = SentimentSettings(model_folder=str(folder))
    with pytest.raises(OvernightError, match=name):
        load_finbert(find_files(settings), 1)


def test_calendar_csv_log_and_ledger_have_nothing(put: Put, tmp_path: Path) -> None:
    """Those that a night can do without count as empty, or are named."""
    assert read_calendar(put(tmp_path / "event_calendar.csv")).missing
    assert (
        read_published_coverage(put(tmp_path / "night.csv"), {"BHP.AX": AT.date()})
        is None
    )
    put(tmp_path / f"{AT:%Y-%m-%d}_training_log.jsonl")
    assert not is_logged(tmp_path, AT, SYMBOL)
    put(tmp_path / "ledger" / "calls" / "x.parquet")
    assert Ledger(tmp_path / "ledger").calls().empty


def test_large_metadata_are_no_description(tmp_path: Path) -> None:
    """100 MB are not read, and a text that fills a screen is not taken over."""
    registry = Registry(tmp_path, ModelSettings())
    saved = registry.save(described(1), lambda path: path.write_bytes(b"1"))
    path = ModelPair.of(tmp_path, SYMBOL).metadata
    text = path.read_text()
    path.write_text(text + " " * MAX_METADATA_BYTES)
    assert registry.live(SYMBOL) is None
    path.write_text(saved.model_copy(update={"advice": "x" * 9999}).model_dump_json())
    assert registry.live(SYMBOL) is None
    short = saved.model_copy(update={"advice": "x" * MAX_TEXT})
    path.write_text(short.model_dump_json())
    assert registry.live(SYMBOL) == short


def test_no_message_prints_a_file(tmp_path: Path) -> None:
    """A cell, a line or a list entry of a megabyte is shortened."""
    (tmp_path / "prices").mkdir()
    header, long = "Date,Open,High,Low,Close,Adj Close,Volume", "x" * 1_000_000
    for row in (f"{long},1,1,1,1,1,1", f"2025-01-02{long},{long},1,1,1,1,1", long):
        (tmp_path / "prices" / "BHP.AX.csv").write_text(f"{header}\n{row}\n")
        with pytest.raises(OvernightError) as refused:
            FolderSource(tmp_path).fetch("BHP.AX", date(2025, 1, 1), LAST)
        assert len(str(refused.value)) < 400
    for name, text in (("a.txt", long), ("a.json", f'["{long}"]')):
        (tmp_path / name).write_text(text)
        with pytest.raises(OvernightError) as refused:
            select_symbols(SymbolFile(file=tmp_path / name), {})
        assert len(str(refused.value)) < 400
    long = "x" * 1_000
    (tmp_path / "overnight.toml").write_text(f"[models]\n{long} = '{long}'\n")
    with pytest.raises(OvernightError) as refused:
        read_settings(tmp_path)
    assert len(str(refused.value)) < 600


def test_a_pipe_in_the_place_of_a_lock_holds_no_run(tmp_path: Path) -> None:
    """It is named, and can be removed."""
    home = Home(tmp_path)
    home.lock.parent.mkdir()
    os.mkfifo(home.lock)
    with pytest.raises(StorageError, match=r"run\.lock .*not a regular file"):
        one_run_at_a_time(home).__enter__()
    home.lock.unlink()
    with one_run_at_a_time(home):
        pass
