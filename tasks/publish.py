"""Last step of a run: all symbols' findings to the CSV, the tables and the summary."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any

from prefect import get_run_logger, task
from prefect.artifacts import create_link_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from config.plain_text import plain_text
from market_data.sessions import is_session
from modelling.training_log import append_entry, close_log, failure_entry
from pipeline.kept import drop_findings, keep_findings, read_kept_rows
from pipeline.plan import RunPlan
from pipeline.record import recorded
from screening.findings import SymbolFindings
from screening.row import Row, build_row
from screening.summary import RunSummary, TooFewSymbols
from screening.table import (
    cell,
    csv_path,
    rank,
    read_published_coverage,
    read_published_status,
    write_csv,
)
from storage.home import keep_newest_folders
from storage.paths import StoragePath
from tasks.server import try_show

SHOWN = (
    "rank symbol prediction score confidence prediction_source data_status run_at "
    "reason"
).split()


@task(task_run_name="blend and publish {plan.as_of}", cache_policy=NO_CACHE)
def publish(
    plan: RunPlan,
    findings: Sequence[SymbolFindings],
    notices: Sequence[str],
    ended_at: datetime,
    *,
    only: bool = False,
) -> RunSummary:
    """Blend every symbol, write the CSV, show the tables; return the run's summary.

    Rows that earlier runs of the night published stay for the symbols that this run
    does not screen; with `only` they go. `notices` are said once, at the head of the
    run.
    """
    rows = [build_row(found, plan.run_at, plan.settings.blend) for found in findings]
    # Before the CSV: a night that is published is in the ledger, wherever a kill falls.
    fared, unrecorded = recorded(plan, findings, rows, ended_at)
    published, kept_notices = _published(plan, findings, rows, only=only)
    notices = (*notices, *unrecorded, *kept_notices)
    _say(notices)
    failed = [row for row in rows if row["data_status"] == "failed"]
    untrained = {
        found.symbol: found.training_failure
        for found in findings
        if found.training_failure
    }
    return replace(
        _closed(plan, findings, untrained, ended_at),
        failures={row["symbol"]: row["reason"] for row in failed},
        rows=published,
        csv=csv_path(plan.home.screening_csv, plan.as_of),
        notices=notices,
        track_record=fared,
    )


def _published(
    plan: RunPlan,
    findings: Sequence[SymbolFindings],
    rows: Sequence[Row],
    *,
    only: bool,
) -> tuple[Sequence[Row], tuple[str, ...]]:
    """Write the night's CSV; return all of its rows, and sentences on what is lost.

    The home's lock is held from before the run's first stage to after the report, so
    that no other run can publish between reading the earlier rows and writing all.
    """
    path = csv_path(plan.home.screening_csv, plan.as_of)
    kept = read_kept_rows(plan, path, only=only)
    together = rank([*rows, *kept.rows])
    # Before the CSV: each of its rows finds its findings, wherever a kill falls.
    unkept = keep_findings(plan, findings)
    write_csv(path, together)
    drop_findings(plan, together)
    try_show("the table of symbols", partial(_show_rows, together, path))
    return together, (*kept.notices, *unkept)


def training_summary(
    plan: RunPlan,
    findings: Sequence[SymbolFindings],
    notices: Sequence[str],
    ended_at: datetime,
) -> RunSummary:
    """Close a run that only trains; return its summary; see `publish`."""
    _say(notices)
    untrained = {
        found.symbol: why
        for found in findings
        if (why := found.failure or found.training_failure)
    }
    summary = _closed(plan, findings, untrained, ended_at)
    return replace(summary, failures=untrained, notices=tuple(notices))


def _say(notices: Sequence[str]) -> None:
    for notice in notices:
        get_run_logger().warning(plain_text(notice))


def _closed(
    plan: RunPlan,
    findings: Sequence[SymbolFindings],
    untrained: Mapping[str, str],
    ended_at: datetime,
) -> RunSummary:
    """Log what was not trained, show what was, drop old tables; return the counts."""
    for symbol, why in untrained.items():
        entry = failure_entry(symbol, why, plan.run_at)
        append_entry(plan.home.training_log, plan.run_at, entry)
    close_log(plan.home.training_log)
    try_show("the table of models", partial(_show_models, findings))
    keep_newest_folders(plan.tables, plan.settings.run.nights_kept)
    return RunSummary(
        as_of=plan.as_of,
        symbols=plan.symbols,
        failures={},
        untrained=untrained,
        seconds=(ended_at - plan.run_at).total_seconds(),
        trained=tuple(found.trained for found in findings if found.trained),
        resumed=Counter(stage for found in findings for stage in found.resumed),
    )


def _show_models(findings: Sequence[SymbolFindings]) -> None:
    """Put the models trained in this run, or why not, into Prefect's table artifact."""
    table: list[dict[str, Any]] = [
        {
            "symbol": found.symbol,
            "grade": found.trained.grade if found.trained else "",
            "skill": _short(found.trained.skill if found.trained else None),
            "reason": found.training_failure
            or (found.trained.rejected if found.trained else "")
            or "",
        }
        for found in findings
        if found.trained or found.training_failure
    ]
    create_table_artifact(
        table,
        key="trained-models",
        description=f"{len(table)} models trained or failed",
    )


def skip_reason(plan: RunPlan, asked_as_of: date | None, *, only: bool = False) -> str:
    """Return why the night need not run, '' where it must.

    A date that was asked for and is no session of any of its exchanges is a holiday; a
    night that has been published with enough usable symbols is done. With `only` it is
    done if the CSV has no other symbols.
    """
    exchanges = sorted(plan.sessions)
    if asked_as_of and not any(is_session(code, asked_as_of) for code in exchanges):
        return (
            f"{asked_as_of} is no session of {', '.join(exchanges)}, the last before "
            f"it is {plan.as_of}; ask for that, or set `force`."
        )
    path = csv_path(plan.home.screening_csv, plan.as_of)
    usable = read_published_coverage(path, plan.as_of_by_symbol)
    if usable is None or usable < plan.settings.run.min_coverage:
        return ""
    if only and set(read_published_status(path)) != set(plan.symbols):
        return ""
    return (
        f"the night of {plan.as_of} is published in {path.name}; set `force` to run "
        "it again."
    )


def final_state(summary: RunSummary, min_coverage: float) -> State[RunSummary]:
    """Return how Prefect shows the run: completed, with failures, or failed."""
    if summary.succeeded == 0 or summary.coverage < min_coverage:
        why = TooFewSymbols(summary)  # An error, or Prefect's worker shows its own.
        return Failed(message=str(why), data=why)
    if summary.failures:
        return Completed(
            name="Completed with failures", message=summary.sentence, data=summary
        )
    return Completed(message=summary.sentence, data=summary)


def _show_rows(rows: Sequence[Row], csv: StoragePath) -> None:
    """Put the rows into Prefect's table artifact, and a link to their CSV."""
    table = [{name: _short(row.get(name)) for name in SHOWN} for row in rows]
    create_table_artifact(
        table, key="screening", description=f"{len(rows)} symbols, best score first"
    )
    create_link_artifact(
        key="screening-csv", link=csv.resolve().as_uri(), link_text=csv.name
    )


def _short(value: object) -> str:
    """Return a cell for the eye: three digits of a fraction, the CSV has them all."""
    known = isinstance(value, float) and math.isfinite(value)
    return f"{value:.3g}" if known else cell(value)
