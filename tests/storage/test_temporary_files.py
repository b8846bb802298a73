"""A command's folder for temporary files: nothing of it is left, and nothing grows."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from config.errors import StorageError
from storage.temporary_files import own_temporary_folder

KILLED = """
import os, tempfile
from storage.temporary_files import own_temporary_folder
with own_temporary_folder():
    tempfile.mkdtemp()
    os._exit(9)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder in which the system's temporary files are."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def test_temporary_files_go_with_their_command(temporary: Path) -> None:
    """They lie in one folder, which child processes use as well."""
    with own_temporary_folder() as folder:
        assert Path(tempfile.mkdtemp()).parent == folder
        assert os.environ["TMPDIR"] == str(folder)
    assert tempfile.gettempdir() == os.environ["TMPDIR"] == str(temporary)
    assert list(temporary.iterdir()) == []


def test_the_next_command_removes_what_a_killed_one_left(temporary: Path) -> None:
    """A folder in use is left alone, and so is one that has just been made."""
    subprocess.run([sys.executable, "-c", KILLED], check=False)
    (left,) = temporary.iterdir()
    with own_temporary_folder() as used:
        tempfile.tempdir = str(temporary)
        os.utime(used, (0, 0))
        with own_temporary_folder():
            assert left.exists()
        os.utime(left, (0, 0))
        tempfile.tempdir = str(temporary)
        with own_temporary_folder():
            assert not left.exists()
            assert used.exists()


def test_a_folder_that_can_not_be_made_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the folder's fault and the variable that names another."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(StorageError, match=r"No such file.*TMPDIR"):
        own_temporary_folder().__enter__()
