"""What an unfinished run has finished: the next run of the same night goes on there.

Receipts are JSON files beside the tables they speak of, so that they go where the
night's tables go; Prefect's result store knows nothing of those, and is never pruned.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import AwareDatetime, BaseModel, TypeAdapter, ValidationError

from config.home import write_text_whole
from config.places import AnyPath, read_limited, remove_tree
from market_data.symbols import file_stem
from tasks.night import Night

TAKEN_OVER = "Taken over"
"""The name of the state of a task whose work an earlier run had done."""


MAX_RECEIPT_BYTES = 5_000_000
"""Size above which a file is no receipt."""


class _Begun(BaseModel):
    run_at: AwareDatetime


@dataclass(frozen=True)
class Receipts:
    """The receipts of one request; `begun_at` is when its first run started.

    All runs that ask for the same are one attempt until one of them ends well.
    """

    folder: AnyPath
    begun_at: datetime

    def finished[Found](
        self, stage: str, symbol: str, kind: type[Found]
    ) -> Found | None:
        """Return what the stage found earlier, None where it must run.

        A torn or foreign receipt counts as none.
        """
        try:
            text = read_limited(self._path(stage, symbol), MAX_RECEIPT_BYTES)
            return TypeAdapter(kind).validate_json(text)
        except (OSError, ValidationError):
            return None

    def keep[Found](self, stage: str, symbol: str, found: Found) -> Found:
        """Write down that the stage is finished for the symbol; return `found`."""
        receipt = TypeAdapter(type(found)).dump_json(found)
        _write(self._path(stage, symbol), receipt.decode())
        return found

    def drop(self, stage: str = "") -> None:
        """Forget a stage, or all: the night is done, a later run of it is a new one."""
        remove_tree(self.folder / stage if stage else self.folder)

    def _path(self, stage: str, symbol: str) -> AnyPath:
        return self.folder / stage / f"{file_stem(symbol)}.json"


def opened_receipts(night: Night, flow: str) -> Receipts:
    """Return the receipts of this request, begun now or by a run that did not end.

    Raises
    ------
    StorageError
        If the home can't be written.
    """
    folder = night.tables / "unfinished" / _fingerprint(night, flow)
    path = folder / "begun.json"
    try:
        begun = _Begun.model_validate_json(read_limited(path, MAX_RECEIPT_BYTES))
    except (OSError, ValidationError):
        begun = _Begun(run_at=night.run_at)
        _write(path, begun.model_dump_json())
    return Receipts(folder, begun.run_at)


def _write(path: AnyPath, text: str) -> None:
    """Write a receipt; a folder in its place, which nobody needs, is removed."""
    if isinstance(path, Path) and path.is_dir():
        remove_tree(path)
    write_text_whole(path, text)


def taken_over[Found](found: Found) -> State[Found]:
    """Return the state of a task whose work an earlier run had done."""
    return Completed(name=TAKEN_OVER, message="done by an earlier run", data=found)


def once_a_night[Found](  # noqa: PLR0913, PLR0917  one question of one task
    receipts: Receipts,
    stage: str,
    symbol: str,
    work: Callable[[], Found],
    kind: type[Found],
    is_usable: Callable[[Found], bool] = lambda _: True,
) -> Found | State[Found]:
    """Return what an earlier run of the night found, else what `work` finds now.

    What is not usable any more, such as a damaged table, is found anew.
    """
    found = receipts.finished(stage, symbol, kind)
    if found is not None and is_usable(found):
        return taken_over(found)
    return receipts.keep(stage, symbol, work())


def _fingerprint(night: Night, flow: str) -> str:
    """Return 16 letters that stand for all that the stages' answers depend on."""
    asked = {
        "flow": flow,
        "sessions": {code: str(day) for code, day in sorted(night.sessions.items())},
        "source": night.source,
        "folder": str(night.folder),
        "train": night.train,
        "parameters": night.parameters.model_dump(mode="json"),
        "prices": night.settings.prices.model_dump(mode="json"),
        "models": night.settings.models.model_dump(mode="json"),
    }
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]
