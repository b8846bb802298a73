"""How many processes train: never more than cores, memory or symbols allow."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.resources import MEGABYTE, ProcessCount, process_count, this_machine

COUNTS = st.integers(min_value=1, max_value=200)
MEGABYTES = st.integers(min_value=0, max_value=10**6)
NEEDS = st.integers(min_value=1, max_value=10**4)
GIGABYTE = 1024 * MEGABYTE


@given(wanted=st.none() | COUNTS, cores=COUNTS, free=MEGABYTES, need=NEEDS, of=COUNTS)
def test_no_more_than_anything_allows(
    wanted: int | None, cores: int, free: int, need: int, of: int
) -> None:
    """The count is at least 1, and within the wish, the symbols and the free memory."""
    count = process_count(wanted, cores, free, need, of).count
    assert 1 <= count <= min(wanted or cores, of)
    assert count == 1 or count * need <= free


@given(wanted=st.none() | COUNTS, cores=COUNTS, free=MEGABYTES, need=NEEDS, of=COUNTS)
def test_one_more_would_not_fit(
    wanted: int | None, cores: int, free: int, need: int, of: int
) -> None:
    """There are fewer processes than planned only if one more would not fit."""
    found = process_count(wanted, cores, free, need, of)
    short = found.count < min(wanted or cores, of)
    assert bool(found.notice) == short
    assert not short or (found.count + 1) * need > free


@given(cores=COUNTS, free=MEGABYTES, more=MEGABYTES, need=NEEDS, of=COUNTS)
def test_more_memory_never_means_fewer(
    cores: int, free: int, more: int, need: int, of: int
) -> None:
    """The count does not fall when memory is freed."""
    before = process_count(None, cores, free, need, of).count
    assert process_count(None, cores, free + more, need, of).count >= before


def test_the_notice_holds_the_numbers() -> None:
    """If memory limits the count, the notice holds the free and the needed memory."""
    found = process_count(None, 8, 5000, 1600, 300)
    assert found == ProcessCount(
        3,
        "memory allows 3 training processes of 8: 5000 MB are free, each may need "
        "1600 MB (`process_memory_mb`)",
    )


def files(folder: Path, **contents: str) -> None:
    """Write a control group's files, their dots as double underscores."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in contents.items():
        (folder / name.replace("__", ".")).write_text(text + "\n")


def test_limits_of_control_groups_version_2_count(tmp_path: Path) -> None:
    """Free memory is the limit without what is used; cached files count as free.

    The folder in the listing is missing, as inside a container.
    """
    (tmp_path / "listing").write_text("0::/docker/abc\n")
    files(
        tmp_path / "mounts",
        memory__max=str(GIGABYTE),
        memory__current=str(400 * MEGABYTE),
        memory__stat=f"anon 5\ninactive_file {100 * MEGABYTE}",
        cpu__max="100000 100000",
    )
    machine = this_machine(tmp_path / "listing", tmp_path / "mounts")
    assert (machine.cores, machine.available_mb) == (1, 1024 - 400 + 100)


def test_limits_of_control_groups_version_1_count(tmp_path: Path) -> None:
    """Version 1 has one mount per controller and other file names."""
    (tmp_path / "listing").write_text("4:memory:/box\n1:cpu,cpuacct:/box\n")
    files(
        tmp_path / "mounts/memory/box",
        memory__limit_in_bytes=str(GIGABYTE),
        memory__usage_in_bytes=str(300 * MEGABYTE),
        memory__stat=f"cache 1\ntotal_inactive_file {50 * MEGABYTE}",
    )
    quota = {"cpu__cfs_quota_us": "50000", "cpu__cfs_period_us": "100000"}
    files(tmp_path / "mounts/cpu/box", **quota)
    machine = this_machine(tmp_path / "listing", tmp_path / "mounts")
    assert (machine.cores, machine.available_mb) == (1, 1024 - 300 + 50)


def test_a_group_above_may_have_the_lower_limit(tmp_path: Path) -> None:
    """A group without a limit has the limits of the groups above it."""
    (tmp_path / "listing").write_text("0::/slice/job\n")
    used = {"memory__current": str(MEGABYTE), "memory__stat": "inactive_file 0"}
    files(tmp_path / "mounts/slice", memory__max=str(9 * MEGABYTE), **used)
    inner = tmp_path / "mounts/slice/job"
    files(inner, memory__max="max", cpu__max="max 100000", **used)
    machine = this_machine(tmp_path / "listing", tmp_path / "mounts")
    assert machine.available_mb == 8


@pytest.mark.parametrize("listing", ["", "0::/gone\n", "4:memory:/gone\n"])
def test_without_a_container_the_machine_decides(tmp_path: Path, listing: str) -> None:
    """Without control groups or limits the machine's cores and memory count."""
    (tmp_path / "listing").write_text(listing)
    machine = this_machine(tmp_path / "listing", tmp_path)
    assert machine.cores >= 1
    assert machine.available_mb > 0
    assert this_machine(tmp_path / "no_such", tmp_path).cores == machine.cores
