"""Small and read-only disks of real kinds, where the machine lets us mount them."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


def mounted(*words: str | Path) -> None:
    """Mount something; skip the test where that is not allowed."""
    done = subprocess.run(
        ["/usr/bin/env", "mount", *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")


def unmounted(place: Path) -> None:
    """Take a mount away, whoever still looks at it."""
    subprocess.run(["/usr/bin/env", "umount", "--lazy", place], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a disk of 256 kB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted("-t", "tmpfs", "-o", "size=256k", "tmpfs", place)
    yield place
    unmounted(place)


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """Give a folder that no user may write to, root included."""
    place = tmp_path / "read only"
    place.mkdir()
    (place / "overnight.toml").write_text("")
    mounted("--bind", place, place)
    mounted("-o", "remount,bind,ro", place)
    yield place
    unmounted(place)
