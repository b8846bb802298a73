"""A job works on the home's own files, in whatever process it runs."""

from collections.abc import Iterator

import pytest
import slot_jobs

from config.errors import TooShort
from config.home import Home, write_text_whole
from config.places import files_in, read_whole
from tasks.carried import run_at
from tasks.slots import ProcessSlots


@pytest.fixture
def slots() -> Iterator[ProcessSlots]:
    """Give one slot of ten jobs a process."""
    with ProcessSlots(1, jobs_per_process=10, seconds=120) as opened:
        yield opened


@pytest.mark.parametrize("home", ["disk", "memory", "s3"], indirect=True)
def test_a_job_finds_and_changes_the_homes_files(
    home: Home, slots: ProcessSlots
) -> None:
    """What it writes, changes and removes is so in the home, and nothing else is."""
    for name in ("old.json", "changed.json", "same.json"):
        write_text_whole(home.models / name, "as it was")
    found = run_at(home, slots, slot_jobs.tidy, home)
    assert found == ["changed.json", "old.json", "same.json"]
    left = {path.name: read_whole(path).decode() for path in files_in(home.models)}
    assert left == {"changed.json": "changed", "new.json": "new"} | {
        "same.json": "as it was"
    }


@pytest.mark.parametrize("home", ["memory"], indirect=True)
def test_a_process_brings_nothing_of_an_earlier_job(
    home: Home, slots: ProcessSlots
) -> None:
    """A process that is used again sees the home as it is now."""
    run_at(home, slots, slot_jobs.tidy, home)
    for path in files_in(home.models):
        write_text_whole(path, "later")
    write_text_whole(home.models / "third.json", "later")
    found = run_at(home, slots, slot_jobs.tidy, home)
    assert found == ["changed.json", "new.json", "third.json"]
    assert read_whole(home.models / "third.json") == b"later"


@pytest.mark.parametrize("home", ["memory"], indirect=True)
def test_a_job_that_fails_changes_nothing(home: Home, slots: ProcessSlots) -> None:
    """The job's own error comes through and the home is as it was."""
    write_text_whole(home.models / "old.json", "as it was")
    with pytest.raises(TooShort, match="40 sessions"):
        run_at(home, slots, slot_jobs.refuse, "40 sessions")
    assert [path.name for path in files_in(home.models)] == ["old.json"]
