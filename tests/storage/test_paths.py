"""Files of a home behave the same on a disk and in S3."""

import pickle
import threading
import time
from collections.abc import Callable
from pathlib import Path

import boto3
import pandas as pd
import pytest
from object_store import BUCKET
from upath import UPath

from config.errors import ParameterError, StorageError
from storage.home import Home, keep_newest_folders, write_atomic, write_file_atomic
from storage.paths import (
    StoragePath,
    create_exclusive,
    files_in,
    is_there,
    local_copy,
    move,
    parse_address,
    read_bytes,
    remove,
    remove_tree,
)
from storage.settings_file import read_settings
from storage.tables import read_table


def half_then(error: Exception) -> Callable[[Path], None]:
    """Return a writer that fails with `error` in the middle of its file."""

    def write(path: Path) -> None:
        path.write_text("hal", encoding="utf-8")
        raise error

    return write


def put(path: StoragePath, text: str = "any") -> StoragePath:
    """Write a file and return its path."""
    write_atomic(path, text)
    return path


@pytest.mark.parametrize("text", ["", "a\nb\r\nc\r", "naïve 東証\n"])
def test_a_text_arrives_as_it_is(home: Home, text: str) -> None:
    """A text is read back byte by byte, from folders that the write created."""
    path = put(home.screening_csv / "night.csv", text)
    assert read_bytes(path) == text.encode()
    assert is_there(path)
    assert is_there(home.root)


def test_what_is_not_there_is_not_found(home: Home) -> None:
    """A missing file raises the same errors on a disk and in S3."""
    path = home.models / "none.json"
    assert not is_there(path)
    assert not is_there(home.models)
    assert files_in(home.models) == []
    with pytest.raises(FileNotFoundError):
        read_bytes(path)
    with pytest.raises(FileNotFoundError), local_copy(path) as file:
        file.read_bytes()
    remove(path)
    remove_tree(home.models)


def test_a_table_keeps_its_values_and_attributes(home: Home) -> None:
    """A Parquet table keeps its values, its index and its attributes."""
    days = pd.DatetimeIndex(["2025-01-02", "2025-01-03"], name="session")
    table = pd.DataFrame({"close": [1.5, 2.5]}, index=days)
    table.attrs = {"currency": "AUD"}
    path = home.prices / "CBA.AX.parquet"
    write_file_atomic(path, table.to_parquet)
    again = read_table(path)
    pd.testing.assert_frame_equal(again, table)
    assert again.attrs == {"currency": "AUD"}


@pytest.mark.parametrize("before", ["old", None])
@pytest.mark.parametrize("raised", [OSError(28, "No space left"), ValueError("bad")])
def test_a_failed_write_leaves_what_was_there(
    home: Home, before: str | None, raised: Exception
) -> None:
    """A writer that fails half way leaves the old file, or no file."""
    path = home.models / "night.csv"
    if before:
        put(path, before)
    seen = StorageError if isinstance(raised, OSError) else ValueError
    with pytest.raises(seen):
        write_file_atomic(path, half_then(raised))
    assert is_there(path) == bool(before)
    assert len(files_in(home.models)) == bool(before)


def test_a_reader_sees_the_old_file_or_the_new_one(home: Home) -> None:
    """While a file is replaced again and again, a reader gets only whole versions."""
    path = home.models / "big.bin"
    versions = [bytes([number]) * 300_000 for number in range(8)]
    write_file_atomic(path, lambda new: new.write_bytes(versions[0]))
    ended, seen = threading.Event(), set[bytes]()

    def read() -> None:
        while not ended.is_set():
            seen.add(read_bytes(path))

    reader = threading.Thread(target=read)
    reader.start()
    for version in versions * 3:
        write_file_atomic(path, lambda new, it=version: new.write_bytes(it))
    ended.set()
    reader.join()
    assert seen
    assert seen <= set(versions)


def test_a_moved_file_is_in_one_place(home: Home) -> None:
    """A move replaces the target and removes the source."""
    old, new = put(home.models / "a.json", "new"), put(home.models / "b.json", "old")
    move(old, new)
    assert [read_bytes(path) for path in files_in(home.models)] == [b"new"]
    assert files_in(home.models) == [new]


def test_files_are_found_by_the_start_of_their_names(home: Home) -> None:
    """Only files right in the folder are listed, in order of name."""
    for name in ("lstm_b.json", "lstm_a.json", "other.json", "below/lstm_c.json"):
        put(home.models / name)
    assert [path.name for path in files_in(home.models, "lstm_")] == [
        "lstm_a.json",
        "lstm_b.json",
    ]
    assert len(files_in(home.models)) == 3


def test_the_folders_used_last_are_kept(home: Home) -> None:
    """The current folder stays whatever its age; of the others the latest stay."""
    nights = home.nights
    on_disk = isinstance(nights, Path)
    for day in (3, 1, 2):
        put(nights / f"2025-01-0{day}" / "prices" / "AAA.json")
        time.sleep(0.02 if on_disk else 0)
    time.sleep(0 if on_disk else 1.1)  # S3 keeps times in seconds.
    put(nights / "2025-01-03" / "prices" / "BBB.json")
    keep_newest_folders(nights / "2025-01-01", 2)
    names = ("2025-01-01", "2025-01-02", "2025-01-03")
    kept = [name for name in names if is_there(nights / name)]
    expected = "2025-01-02" if on_disk else "2025-01-03"
    assert kept == sorted(["2025-01-01", expected])


def test_a_local_copy_has_the_suffix_and_is_put_away(home: Home) -> None:
    """A copy has the suffix of its file and is removed after use."""
    path = put(home.models / "a.keras", "model")
    with local_copy(path) as file:
        assert (file.suffix, file.read_text()) == (".keras", "model")
    assert file.exists() == isinstance(path, Path)


def test_a_home_goes_to_other_processes(home: Home) -> None:
    """A pickled home is equal to the original and finds the same files."""
    again = pickle.loads(pickle.dumps(home))  # noqa: S301  our own bytes
    assert again == home
    put(home.models / "a.json", "here")
    assert read_bytes(again.models / "a.json") == b"here"


@pytest.mark.parametrize("home", ["s3"], indirect=True)
def test_an_object_is_created_once(home: Home) -> None:
    """The first of two writers succeeds, and its content stays."""
    assert isinstance(home.lock, UPath)
    won = [create_exclusive(home.lock, content) for content in (b"first", b"second")]
    assert won == [True, False]
    assert read_bytes(home.lock) == b"first"
    assert files_in(home.root / "data") == [home.lock]


def test_another_machines_file_is_seen_at_once(bucket: str) -> None:
    """No listing is cached: the next one holds what other machines have written."""
    folder = parse_address(f"{bucket}/seen/at/once")
    put(folder / "ours.json")
    assert len(files_in(folder)) == 1
    other = boto3.client("s3")
    other.put_object(Bucket=BUCKET, Key="seen/at/once/theirs.json", Body=b"there")
    assert is_there(folder / "theirs.json")
    assert len(files_in(folder)) == 2


@pytest.mark.parametrize(
    "address", ["/srv/home", "file:///srv/home", Path("/srv/home")]
)
def test_a_path_stays_a_path(address: str | Path) -> None:
    """A home on a disk is a plain path, whichever way it is written."""
    root = Home.at(address).root
    assert (type(root), root) == (type(Path()), Path("/srv/home"))


@pytest.mark.parametrize("address", ["s3://b/x", "s3://b/x/y"])
def test_an_address_stays_an_address(address: str) -> None:
    """A home in S3 and each path in it print as the user wrote them."""
    home = Home.at(address)
    assert str(home.root) == address
    assert str(home.lock) == f"{address}/data/run.lock"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("nosuch://b/x", "got nosuch://b/x"),
        ("gs://b/x", "got gs://b/x; write e.g. s3://bucket/folder"),
        ("memory://x/y", "must be a folder or an address in a bucket"),
        ("s3://", "address in a bucket, got s3://"),
        ("s3:///x", "address in a bucket, got s3:///x"),
        (Path("s3://b/x"), "address in a bucket, got s3:/b/x"),
        ("s3:/b/x", "e.g. s3://bucket/folder"),
        ("s3:/me:secret@b", "no user or password, got one in an address s3"),
    ],
)
def test_an_address_of_no_use_is_refused(address: str | Path, words: str) -> None:
    """Only a folder and a bucket in S3 can hold a home; the message has an example."""
    with pytest.raises(ParameterError, match=words):
        Home.at(address)


def test_a_missing_bucket_is_named(bucket: str) -> None:
    """A write to a bucket that is not there names it and what to do."""
    path = parse_address(f"{bucket}-not-there/x/night.csv")
    with pytest.raises(
        StorageError, match="the bucket s3://nights-not-there does not exist; create"
    ):
        write_atomic(path, "new")


@pytest.mark.usefixtures("bucket")
def test_an_unreachable_store_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A refused connection is a `StorageError` with the path, not "no such file"."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    nobody = "http://127.0.0.1:9"
    path = UPath("s3://elsewhere/x/a", endpoint_url=nobody)
    with pytest.raises(StorageError, match=r"s3://elsewhere/x/a can't be read.*:9"):
        read_bytes(path)
    with pytest.raises(StorageError, match=r"s3://elsewhere/x/a can't be written.*:9"):
        write_atomic(path, "new")
    with pytest.raises(StorageError, match="s3://elsewhere/x"):
        read_settings(path.parent)


@pytest.mark.parametrize("written", ["~/night", Path("~/night")])
def test_a_tilde_is_the_users_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str | Path
) -> None:
    """No shell has replaced it in a variable, a form, a file or `--home=~/night`."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert parse_address(written) == tmp_path / "night"


def test_an_unknown_users_folder_is_refused() -> None:
    """A path of a user that this machine does not have is refused before any write."""
    with pytest.raises(ParameterError, match="no home folder for the start of"):
        parse_address("~nobody-of-this-name/night")
