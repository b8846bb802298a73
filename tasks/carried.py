"""Jobs on a home that only this process sees (`memory://`): its files go with them.

On any other home a job finds the files itself, wherever it runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from upath import UPath

from config.home import Home
from config.places import contents, put_whole, remove
from tasks.slots import Job, OnEpoch, Slots


@dataclass(frozen=True)
class _Luggage[Input, Output]:
    """A job, and the files of the home by their names below `root`."""

    job: Job[Input, Output]
    given: Input
    root: UPath
    files: Mapping[str, bytes]


def run_at[Input, Output](
    home: Home,
    slots: Slots,
    job: Job[Input, Output],
    given: Input,
    on_epoch: OnEpoch = lambda _: None,
) -> Output:
    """Return `job(given)`, computed in a slot on the files of `home`.

    Raises
    ------
    TrainingFailed
        If the process died or took too long; the home is as it was.
    Exception
        What the job raised.
    """
    root = home.root
    if isinstance(root, Path) or root.protocol != "memory":
        return slots.run(job, given, on_epoch)
    files = contents(root)
    luggage = _Luggage(job, given, root, files)
    answer, left = slots.run(_unpacked, luggage, on_epoch)
    _change(root, files, left)
    return answer


def _unpacked[Input, Output](
    luggage: _Luggage[Input, Output], on_epoch: OnEpoch
) -> tuple[Output, dict[str, bytes]]:
    """Return the job's answer and the files that it left."""
    root = luggage.root
    # An earlier job in this process has left its own.
    _change(root, contents(root), luggage.files)
    answer = luggage.job(luggage.given, on_epoch)
    return answer, contents(root)


def _change(
    root: UPath, before: Mapping[str, bytes], after: Mapping[str, bytes]
) -> None:
    """Write and remove what differs: jobs of other symbols change other files."""
    for name in before.keys() - after.keys():
        remove(root / name)
    for name, content in after.items():
        if before.get(name) != content:
            put_whole(root / name, content)
