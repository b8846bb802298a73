"""Rows and findings of a night's earlier runs, which its later runs publish again.

The rows are in the CSV. The findings, from which the report draws charts, are in one
JSON file per run; the `run_at` of a row names the file.
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
from screening.findings import TABLES, SymbolFindings
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
    """The rows of earlier runs, and sentences about rows that are lost."""

    rows: tuple[Row, ...] = ()
    notices: tuple[str, ...] = ()


class _RunFindings(BaseModel):
    """The findings of one run by symbol; its rows have the same `run_at`."""

    model_config = ConfigDict(ser_json_inf_nan="constants")

    run_at: datetime
    findings: dict[str, SymbolFindings]


def read_kept_rows(plan: RunPlan, path: StoragePath, *, only: bool) -> KeptRows:
    """Return the rows at `path` of symbols that this run does not screen.

    With `only` no row is returned. A damaged file is kept under another name.

    Raises
    ------
    StorageError
        If a store does not answer, or a damaged file can't be renamed.
    """
    earlier = earlier_rows(path)
    others = [row for row in earlier.rows if row["symbol"] not in set(plan.symbols)]
    notices = [_put_aside(path, earlier.damage, others)] if earlier.damage else []
    if only and others:
        notices.append(
            f"{path.name} had {len(others)} other symbols ({_list_symbols(others)}); "
            "their rows are removed, because this run writes its own symbols only."
        )
    return KeptRows(() if only else tuple(others), tuple(notices))


def _put_aside(path: StoragePath, damage: str, others: Sequence[Row]) -> str:
    """Keep the damaged file under another name; return a sentence about it."""
    names = (path.with_name(f"{path.name}.damaged-{number}") for number in count(1))
    aside: StoragePath = next(name for name in names if not is_there(name))
    if others:  # The damaged file stays in place until the new file replaces it.
        write_file_atomic(aside, lambda new: new.write_bytes(read_bytes(path)))
    else:
        with convert_write_errors(path):
            move(path, aside)
    kept = (
        f"its other rows ({_list_symbols(others)})"
        if others
        else "none of its other rows"
    )
    return (
        f"{path.name} is damaged: {damage}; this run keeps {kept}; the damaged file is "
        f"now {aside.name}; screen the missing symbols again."
    )


def _list_symbols(rows: Sequence[Row]) -> str:
    return list_names(sorted(row["symbol"] for row in rows))


def keep_findings(plan: RunPlan, findings: Sequence[SymbolFindings]) -> tuple[str, ...]:
    """Store the run's findings for later reports of the night.

    A failure does not fail the run: it is returned as a sentence.
    """
    own = {found.symbol: found for found in findings}
    # Two runs that begin in the same second share a file.
    together = _read_findings(plan.tables, plan.run_at) | own
    run = _RunFindings(run_at=_to_second(plan.run_at), findings=together)
    try:
        # Pydantic's own JSON refuses half of a surrogate pair in a title.
        write_atomic(
            _path(plan.tables, plan.run_at), json.dumps(run.model_dump(mode="json"))
        )
    except Exception as error:  # noqa: BLE001  whatever it is, the night goes on
        kind = "" if isinstance(error, OvernightError) else f"{type(error).__name__}: "
        notice = (
            "the findings of this run could not be stored, so later reports of this "
            f"night show its rows without charts: {kind}{error}"
        )
        return (notice,)
    return ()


def read_kept_findings(
    tables: StoragePath, rows: Iterable[Row]
) -> dict[str, SymbolFindings]:
    """Return the findings of the rows' symbols, stored by the run that wrote the row.

    `tables` is the folder of the night's tables. A symbol whose findings are missing,
    damaged or of another run is left out.
    """
    runs: dict[datetime, dict[str, SymbolFindings]] = {}
    found: dict[str, SymbolFindings] = {}
    for row in rows:
        symbol, run_at = row["symbol"], _run_at(row)
        if run_at not in runs:
            runs[run_at] = _read_findings(tables, run_at)
        if symbol in runs[run_at]:
            found[symbol] = runs[run_at][symbol]
    return found


def drop_findings(plan: RunPlan, rows: Iterable[Row]) -> None:
    """Remove the findings of runs that wrote none of the rows."""
    needed = {_path(plan.tables, _run_at(row)).name for row in rows}
    with suppress(OSError, OvernightError):  # A file that stays does no harm.
        for path in files_in(_folder(plan.tables)):
            if path.name not in needed:
                remove(path)


def _read_findings(tables: StoragePath, run_at: datetime) -> dict[str, SymbolFindings]:
    try:
        content = read_bytes(_path(tables, run_at))
        run = _RunFindings.model_validate(json.loads(content), context={TABLES: tables})
    except (OSError, ValueError, OvernightError, RecursionError):
        return {}
    if run.run_at != _to_second(run_at):
        return {}
    return {
        symbol: found
        for symbol, found in run.findings.items()
        if found.symbol == symbol
    }


def _to_second(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(microsecond=0)


def _folder(tables: StoragePath) -> StoragePath:
    return tables / "findings"


def _path(tables: StoragePath, run_at: datetime) -> StoragePath:
    return _folder(tables) / f"{run_at.astimezone(UTC):%Y%m%dT%H%M%SZ}.json"


def _run_at(row: Row) -> datetime:
    return datetime.fromisoformat(str(row["run_at"]))
