"""The home folder: a file is replaced as a whole."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from config.errors import StorageError
from storage.home import Home, keep_newest_folders, write_atomic, write_file_atomic


def files_in(folder: Path) -> list[str]:
    """Return the names of everything below `folder`, hidden files too."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def half_then(error: Exception) -> Callable[[Path], None]:
    """Return a writer that fails with `error` in the middle of its file."""

    def write(path: Path) -> None:
        path.write_text("hal", encoding="utf-8")
        raise error

    return write


@pytest.mark.parametrize(
    ("place", "path"),
    [
        ("prices", "data/prices"),
        ("nights", "data/nights"),
        ("models", "models"),
        ("screening_csv", "reports/csv"),
        ("training_log", "logs/lstm_training"),
        ("run_log", "logs/screening/overnight.log"),
        ("lock", "data/run.lock"),
    ],
)
def test_every_place_lies_below_the_home(place: str, path: str) -> None:
    """Each kind of file has its folder in the home."""
    assert getattr(Home(Path("/srv/home")), place) == Path("/srv/home") / path


def test_a_home_makes_no_folder(tmp_path: Path) -> None:
    """A path of a home does not create a folder."""
    home = Home(tmp_path / "home")
    assert home.prices.parent.parent == home.root
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("text", ["", "a\nb\r\nc\r", "naïve 東証\n"])
def test_a_text_is_written_as_it_is(tmp_path: Path, text: str) -> None:
    """A text is written as UTF-8 with its own line ends, and its folders are made."""
    path = tmp_path / "a" / "b" / "c.txt"
    write_atomic(path, text)
    assert path.read_bytes() == text.encode()
    assert files_in(tmp_path) == ["a", "a/b", "a/b/c.txt"]


def test_a_new_file_replaces_the_old_one(tmp_path: Path) -> None:
    """The second write leaves its own content and nothing else."""
    path = tmp_path / "night.csv"
    write_atomic(path, "a long first content")
    write_atomic(path, "second")
    assert path.read_text(encoding="utf-8") == "second"
    assert files_in(tmp_path) == ["night.csv"]


def test_a_reader_sees_the_old_file_while_the_new_one_is_written(
    tmp_path: Path,
) -> None:
    """Until the new file is complete, readers get the old one."""
    path = tmp_path / "night.csv"
    write_atomic(path, "old")
    seen: list[str] = []

    def write(new: Path) -> None:
        new.write_text("new", encoding="utf-8")
        seen.append(path.read_text(encoding="utf-8"))

    write_file_atomic(path, write)
    assert [*seen, path.read_text(encoding="utf-8")] == ["old", "new"]


def test_a_writer_gets_the_suffix_of_the_path(tmp_path: Path) -> None:
    """A writer that chooses its format by the suffix chooses the right one."""
    given: list[Path] = []

    def write(new: Path) -> None:
        given.append(new)
        new.touch()

    write_file_atomic(tmp_path / "model.keras", write)
    assert [path.suffix for path in given] == [".keras"]


@pytest.mark.parametrize(
    ("raised", "seen"),
    [
        (OSError(28, "No space left on device"), StorageError),
        (PermissionError(13, "Permission denied"), StorageError),
        (ValueError("not a number"), ValueError),
        (KeyError("close"), KeyError),
    ],
)
@pytest.mark.parametrize("before", [["old.txt"], []])
def test_a_writer_that_fails_half_way_leaves_what_was_there(
    tmp_path: Path, before: list[str], raised: Exception, seen: type[Exception]
) -> None:
    """After a failed write the old file stays, and no part of the new one does."""
    for name in before:
        (tmp_path / name).write_text("old", encoding="utf-8")
    with pytest.raises(seen):
        write_file_atomic(tmp_path / "old.txt", half_then(raised))
    assert files_in(tmp_path) == before
    assert all(
        (tmp_path / name).read_text(encoding="utf-8") == "old" for name in before
    )


def test_a_full_disk_is_named_with_path_and_cause(tmp_path: Path) -> None:
    """The message of a failed write holds the path, the cause and what to do."""
    path = tmp_path / "night.csv"
    full = OSError(28, "No space left on device")
    with pytest.raises(StorageError) as failure:
        write_file_atomic(path, half_then(full))
    message = str(failure.value)
    assert message.startswith(str(path))
    assert "No space left on device" in message
    assert failure.value.__cause__ is full


@pytest.mark.parametrize("below", ["night.csv", "csv/night.csv"])
def test_an_unwritable_path_is_named(tmp_path: Path, below: str) -> None:
    """A path below a file can't be written, and the message names it."""
    blocked = tmp_path / "file"
    blocked.write_text("in the way", encoding="utf-8")
    with pytest.raises(StorageError, match=str(blocked / below)):
        write_atomic(blocked / below, "new")
    assert files_in(tmp_path) == ["file"]


def test_a_folder_in_the_files_place_is_named(tmp_path: Path) -> None:
    """A folder is never replaced by a file."""
    path = tmp_path / "night.csv"
    path.mkdir()
    with pytest.raises(StorageError, match=str(path)):
        write_atomic(path, "new")
    assert files_in(tmp_path) == ["night.csv"]


def test_a_writer_that_writes_nothing_is_a_failure(tmp_path: Path) -> None:
    """A writer that writes no file fails; no empty file appears."""
    with pytest.raises(StorageError):
        write_file_atomic(tmp_path / "night.csv", lambda _: None)
    assert files_in(tmp_path) == []


def test_the_folders_used_last_are_kept(tmp_path: Path) -> None:
    """The current folder stays whatever its age; of the others the latest stay."""
    for age, name in enumerate(["d", "c", "b", "a"]):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    keep_newest_folders(tmp_path / "a", 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "d"]
