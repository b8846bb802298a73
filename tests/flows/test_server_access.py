"""The authentication string of a home's server: one a home, and for its owner only."""

import os
from pathlib import Path

import pytest

from config.errors import RunError
from flows.server_access import VARIABLE, server_access
from storage.home import Home


@pytest.fixture(autouse=True)
def _none_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


def test_a_home_keeps_its_string(tmp_path: Path) -> None:
    """The second call returns the first one's; another home has another."""
    first = server_access(Home(tmp_path / "a"))
    assert server_access(Home(tmp_path / "a")) == first
    assert server_access(Home(tmp_path / "b")).auth_string != first.auth_string
    assert len(first.auth_string) > 30
    assert first.file
    assert first.file.stat().st_mode & 0o777 == 0o600


def test_the_string_is_not_shown(tmp_path: Path) -> None:
    """Neither the value's text nor what a shell gets holds it."""
    access = server_access(Home(tmp_path / "a home's"))
    assert access.auth_string not in f"{access} {access.in_shell}"


def test_the_users_own_string_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the environment has is used and written nowhere."""
    monkeypatch.setenv(VARIABLE, "me:mine")
    access = server_access(Home(tmp_path))
    assert (access.auth_string, access.file) == ("me:mine", None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o666])
def test_a_string_that_others_could_read_is_replaced(tmp_path: Path, mode: int) -> None:
    """A new one is made, in a file of the owner's alone."""
    before = server_access(Home(tmp_path))
    assert before.file
    before.file.chmod(mode)
    after = server_access(Home(tmp_path))
    assert after.auth_string != before.auth_string
    assert before.file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text", ["", "\n", "two\nlines", "\x1b[2J:x", "gr\u00fc\u00df:x"]
)
def test_a_damaged_file_is_refused(tmp_path: Path, text: str) -> None:
    """The message names the file and what to do."""
    file = server_access(Home(tmp_path)).file
    assert file
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RunError, match="delete it") as refusal:
        server_access(Home(tmp_path))
    assert str(file) in str(refusal.value)
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_only_a_file_is_read(tmp_path: Path, kind: str) -> None:
    """A link, a pipe or a folder in the file's place is refused at once."""
    place, other = tmp_path / "data" / "prefect_auth", tmp_path / "other"
    place.parent.mkdir()
    other.write_text("somebody:else")
    make = {"link": lambda: place.symlink_to(other), "folder": place.mkdir}
    make.get(kind, lambda: os.mkfifo(place, 0o600))()
    with pytest.raises(RunError, match="prefect_auth"):
        server_access(Home(tmp_path))


def test_a_file_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    """A file where the folder must be: named, with what to do."""
    (tmp_path / "data").write_text("")
    with pytest.raises(RunError, match=f"set {VARIABLE}"):
        server_access(Home(tmp_path))


def test_a_store_never_holds_the_string(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a home in a store the file is in the user's own folder, one a home."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    homes = [Home.at(f"{bucket}/one"), Home.at(f"{bucket}/two")]
    files = [server_access(home).file for home in homes]
    assert len(set(files)) == 2
    assert all(file and file.is_relative_to(tmp_path) for file in files)
    assert not any(path.is_file() for home in homes for path in home.root.rglob("*"))
