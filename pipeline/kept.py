"""What earlier runs of a night leave to its later runs: their rows and findings.

The rows are those of the CSV. The findings, of which the report draws charts and steps,
lie in one JSON file per run; a row finds those of its run by its `run_at`.
"""

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from pydantic import BaseModel, ConfigDict

from config.errors import OvernightError, list_names
from pipeline.plan import RunPlan
from screening.findings import SymbolFindings
from screening.kept_rows import earlier_rows
from screening.row import Row
from storage.home import write_atomic, write_file_atomic
from storage.paths import (
    StoragePath,
    convert_write_errors,
    files_in,
    is_there,
    move,
    read_bytes,
    remove,
)


@dataclass(frozen=True)
class KeptRows:
    """The rows of earlier runs, and sentences on rows that are not kept."""

    rows: tuple[Row, ...] = ()
    notices: tuple[str, ...] = ()


class _RunFindings(BaseModel):
    """The findings of one run by symbol; `run_at` is that of its rows."""

    model_config = ConfigDict(ser_json_inf_nan="constants")

    run_at: datetime
    findings: dict[str, SymbolFindings]


def read_kept_rows(plan: RunPlan, path: StoragePath, *, only: bool) -> KeptRows:
    """Return the rows at `path` that this run does not screen; with `only` none.

    A file that is not as written is kept beside under another name.

    Raises
    ------
    StorageError
        If a store does not answer, or a damaged file can't be put aside.
    """
    found = earlier_rows(path)
    others = [row for row in found.rows if row["symbol"] not in set(plan.symbols)]
    notices = [_put_aside(path, found.damage, others)] if found.damage else []
    if only and others:
        notices.append(
            f"{path.name} had {len(others)} other symbols ({_named(others)}); their "
            "rows are removed, because this run writes its own symbols only."
        )
    return KeptRows(() if only else tuple(others), tuple(notices))


def _put_aside(path: StoragePath, damage: str, others: Sequence[Row]) -> str:
    """Keep the damaged file under another name; return what happened."""
    names = (path.with_name(f"{path.name}.damaged-{number}") for number in count(1))
    aside: StoragePath = next(name for name in names if not is_there(name))
    if others:  # The night's file stays in place until the new one takes it.
        write_file_atomic(aside, lambda new: new.write_bytes(read_bytes(path)))
    else:
        with convert_write_errors(path):
            move(path, aside)
    kept = f"its other rows ({_named(others)})" if others else "none of its other rows"
    return (
        f"{path.name} is not as a run wrote it: {damage}; this run keeps {kept}; the "
        f"damaged file is now {aside.name}; screen the symbols that are missing again."
    )


def _named(rows: Sequence[Row]) -> str:
    return list_names(sorted(row["symbol"] for row in rows))


def keep_findings(plan: RunPlan, findings: Sequence[SymbolFindings]) -> tuple[str, ...]:
    """Store the run's findings for later reports of the night.

    Return a sentence if that fails, because it must not cost the run.
    """
    path = _path(plan, plan.run_at.isoformat())
    # Two runs that begin in one second share a file.
    together = _stored(path, plan.run_at) | {one.symbol: one for one in findings}
    run = _RunFindings(run_at=_second(plan.run_at), findings=together)
    try:
        # Not pydantic's own text: it refuses half of a surrogate pair in a title.
        write_atomic(path, json.dumps(run.model_dump(mode="json")))
    except Exception as error:  # noqa: BLE001  whatever it is, the night goes on
        kind = "" if isinstance(error, OvernightError) else f"{type(error).__name__}: "
        said = (
            "the findings of this run could not be stored, later reports of this night "
            f"will show its rows without charts: {kind}{error}"
        )
        return (said,)
    return ()


def read_kept_findings(plan: RunPlan, rows: Iterable[Row]) -> dict[str, SymbolFindings]:
    """Return the stored findings of the rows' symbols, each of the row's own run.

    A symbol whose findings are missing, torn or of another run is left out.
    """
    runs: dict[str, dict[str, SymbolFindings]] = {}
    found: dict[str, SymbolFindings] = {}
    for row in rows:
        symbol, run_at = row["symbol"], str(row["run_at"])
        if run_at not in runs:
            runs[run_at] = _stored(_path(plan, run_at), datetime.fromisoformat(run_at))
        if symbol in runs[run_at]:
            found[symbol] = runs[run_at][symbol]
    return found


def drop_findings(plan: RunPlan, rows: Iterable[Row]) -> None:
    """Remove the findings of runs that no row is of any more."""
    needed = {_path(plan, str(row["run_at"])).name for row in rows}
    with suppress(OSError, OvernightError):  # What is left over is in nobody's way.
        for path in files_in(_folder(plan)):
            if path.name not in needed:
                remove(path)


def _stored(path: StoragePath, run_at: datetime) -> dict[str, SymbolFindings]:
    try:
        run = _RunFindings.model_validate(json.loads(read_bytes(path)))
    except (OSError, ValueError, OvernightError, RecursionError):
        return {}
    if run.run_at != _second(run_at):
        return {}
    return {name: one for name, one in run.findings.items() if one.symbol == name}


def _second(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(microsecond=0)


def _folder(plan: RunPlan) -> StoragePath:
    return plan.tables / "findings"


def _path(plan: RunPlan, run_at: str) -> StoragePath:
    at = datetime.fromisoformat(run_at).astimezone(UTC)
    return _folder(plan) / f"{at:%Y%m%dT%H%M%SZ}.json"
