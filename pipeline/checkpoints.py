"""Results of finished stages, with which a later run resumes an unfinished run.

Checkpoints are JSON files beside the night's tables and are removed with them.
Prefect's result store is not used: it does not hold these tables, and Prefect never
deletes from it.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, BaseModel, TypeAdapter, ValidationError

from market_data.symbols import file_stem
from pipeline.plan import RunPlan
from screening.findings import TABLES
from storage.home import write_atomic
from storage.paths import StoragePath, read_bytes, remove_tree

MAX_CHECKPOINT_BYTES = 5_000_000
"""A larger file is not read: it is no checkpoint."""


class _Begun(BaseModel):
    run_at: AwareDatetime


@dataclass(frozen=True)
class Checkpoints:
    """The finished stages of one request; `begun_at` is when its first run started.

    Runs with the same request share them until one of the runs succeeds. `folder` is
    below the night's tables, whose places are stored relative to it.
    """

    folder: StoragePath
    begun_at: datetime
    _resumed: list[tuple[str, str]] = field(default_factory=list, compare=False)

    def resume_or_run[Found](
        self,
        stage: str,
        symbol: str,
        kind: type[Found],
        work: Callable[[], Found],
        is_usable: Callable[[Found], bool] = lambda _: True,
    ) -> Found:
        """Return an earlier run's result of the stage, else the result of `work`.

        `is_usable` refuses an earlier result, for instance one whose table is damaged.
        """
        found = self.read(stage, symbol, kind)
        if found is None or not is_usable(found):
            return self.write(stage, symbol, work())
        self.note_resumed(stage, symbol)
        return found

    def note_resumed(self, stage: str, symbol: str) -> None:
        """Record that this run uses an earlier run's result of the stage."""
        self._resumed.append((stage, symbol))

    def resumed(self, symbol: str) -> tuple[str, ...]:
        """Return the stages of the symbol whose results come from an earlier run."""
        return tuple(stage for stage, resumed in self._resumed if resumed == symbol)

    def read[Found](self, stage: str, symbol: str, kind: type[Found]) -> Found | None:
        """Return an earlier result of the stage; None if it is missing or damaged."""
        try:
            text = read_bytes(self._path(stage, symbol), MAX_CHECKPOINT_BYTES)
            return _adapter(kind).validate_json(
                text, context={TABLES: self.folder.parents[1]}
            )
        except (OSError, ValidationError):
            return None

    def write[Found](self, stage: str, symbol: str, found: Found) -> Found:
        """Store the stage's result for the symbol; return `found`."""
        checkpoint = _adapter(type(found)).dump_json(found)
        _write(self._path(stage, symbol), checkpoint.decode())
        return found

    def drop(self, stage: str = "") -> None:
        """Remove the checkpoints of a stage, or of all stages."""
        remove_tree(self.folder / stage if stage else self.folder)

    def _path(self, stage: str, symbol: str) -> StoragePath:
        return self.folder / stage / f"{file_stem(symbol)}.json"


def open_checkpoints(plan: RunPlan, flow: str) -> Checkpoints:
    """Return the checkpoints of this request, new or those of an unfinished run.

    Raises
    ------
    StorageError
        If the home can't be written.
    """
    folder = plan.tables / "unfinished" / _fingerprint(plan, flow)
    path = folder / "begun.json"
    try:
        begun = _Begun.model_validate_json(read_bytes(path, MAX_CHECKPOINT_BYTES))
    except (OSError, ValidationError):
        begun = _Begun(run_at=plan.run_at)
        _write(path, begun.model_dump_json())
    return Checkpoints(folder, begun.run_at)


def _adapter[Found](kind: type[Found]) -> TypeAdapter[Found]:
    """Return the reader and writer of a stage's results; to build one takes 3 ms."""
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


_adapters: dict[type, TypeAdapter[Any]] = {}


def _write(path: StoragePath, text: str) -> None:
    """Write a checkpoint; a folder in its place is removed."""
    if isinstance(path, Path) and path.is_dir():
        remove_tree(path)
    write_atomic(path, text)


def _fingerprint(plan: RunPlan, flow: str) -> str:
    """Return 16 letters that identify all inputs of the stages' results."""
    inputs = {
        "flow": flow,
        "sessions": {code: str(day) for code, day in sorted(plan.sessions.items())},
        "source": plan.source,
        "folder": str(plan.folder),
        "train": plan.train,
        "parameters": plan.parameters.model_dump(mode="json"),
        "prices": plan.settings.prices.model_dump(mode="json"),
        "models": plan.settings.models.model_dump(mode="json"),
    }
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()[:16]
