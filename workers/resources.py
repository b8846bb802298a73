"""How many processes train at once, from the cores and the memory of this machine."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

MEGABYTE = 2**20


@dataclass(frozen=True)
class ProcessCount:
    """How many processes train at once, with a notice if memory limits them."""

    count: int
    notice: str = ""


@dataclass(frozen=True)
class Machine:
    """Cores that this process may use, and free memory in megabytes."""

    cores: int
    available_mb: int


def process_count(
    wanted: int | None,
    cores: int,
    available_mb: int,
    needed_mb: int,
    symbols: int,
) -> ProcessCount:
    """Return how many processes train at once.

    `wanted` processes, by default one per core; at most one per symbol, and as many as
    fit into the free memory. At least one, which may fit in spite of the estimate.
    """
    planned = max(1, min(wanted or cores, symbols))
    count = min(planned, max(1, available_mb // needed_mb))
    if count == planned:
        return ProcessCount(planned)
    return ProcessCount(
        count,
        f"memory allows {count} training process{'es' if count > 1 else ''} of "
        f"{planned}: {available_mb} MB are free, each may need {needed_mb} MB "
        "(`process_memory_mb`)",
    )


def this_machine(
    listing: Path = Path("/proc/self/cgroup"), mounts: Path = Path("/sys/fs/cgroup")
) -> Machine:
    """Return the cores and the memory that this process may use.

    The smallest limit counts: the machine's, the CPU affinity's or the container's. A
    container's limits are those of its control group and of the groups above it, which
    `listing` names relative to `mounts`.
    """
    groups = list(_control_groups(listing, mounts))
    memory = [psutil.virtual_memory().available, *map(_free_bytes, groups)]
    cores = [_affinity(), *map(_quota, groups)]
    return Machine(
        cores=max(1, int(min(cores))),
        available_mb=max(0, int(min(memory) / MEGABYTE)),
    )


def _affinity() -> float:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _control_groups(listing: Path, mounts: Path) -> Iterator[Path]:
    """Yield the folders of this process' control groups and of the groups above them.

    A line of `listing` is `4:memory:/some/group` in version 1, with one mount per
    controller, and `0::/some/group` in version 2.
    """
    lines = listing.read_text().splitlines() if listing.exists() else []
    for line in lines:
        _, controllers, name = line.split(":", 2)
        for controller in controllers.split(","):
            mount = mounts / controller
            group = mount / name.strip("/")
            # Inside a container the mount itself can be the named group.
            above = [folder for folder in group.parents if folder.is_relative_to(mount)]
            yield from (folder for folder in (group, *above) if folder.is_dir())


def _free_bytes(group: Path) -> float:
    """Return the bytes that the group may still use, infinite without a limit.

    Cached files count as free, as in psutil, because the kernel drops them first.
    """
    for limit, usage, cached in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        if (group / limit).exists():
            lines = (group / "memory.stat").read_text().splitlines()
            stated = dict(line.split(" ", 1) for line in lines)
            free = _number(group / limit) - _number(group / usage)
            return free + float(stated.get(cached, 0))
    return float("inf")


def _quota(group: Path) -> float:
    """Return how many cores the group may use, infinite without a quota."""
    if (group / "cpu.max").exists():
        quota, period = (group / "cpu.max").read_text().split()
        return float("inf") if quota == "max" else float(quota) / float(period)
    if (group / "cpu.cfs_quota_us").exists():
        quota_us = _number(group / "cpu.cfs_quota_us")
        period_us = _number(group / "cpu.cfs_period_us")
        return quota_us / period_us if quota_us > 0 else float("inf")
    return float("inf")


def _number(path: Path) -> float:
    text = path.read_text().strip()
    return float("inf") if text == "max" else float(text)
