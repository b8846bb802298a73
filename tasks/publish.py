"""Last task of a run: blend all symbols, write the CSV, return the summary."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any

from prefect import get_run_logger, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from config.errors import list_names
from config.plain_text import plain_text
from market_data.sessions import is_session
from market_data.sources import PriceSource
from modelling.training_log import append_entry, close_log, failure_entry
from pipeline.earlier_runs import drop_findings, keep_findings, read_kept_rows
from pipeline.events_calendar import write_events_calendar
from pipeline.market_state import market_of_night
from pipeline.night_lead import lead_lines
from pipeline.plan import RunPlan
from pipeline.published_request import (
    find_other_request,
    lacks_training,
    read_published_requests,
    write_published_requests,
)
from pipeline.record import record_night
from screening.event_words import row_event_words, trading_word
from screening.findings import SymbolFindings
from screening.holdings.night import left_out_sentence
from screening.previous_call import previous_calls
from screening.row import Row, build_row
from screening.summary import RunSummary, TooFewSymbols, is_cluster_fault
from screening.table import (
    cell,
    csv_path,
    rank,
    read_published_coverage,
    read_published_status,
    write_csv,
)
from storage.home import keep_newest_folders
from tasks.server import try_show

SHOWN_COLUMNS = (
    "rank symbol prediction score confidence events sit_out prediction_source "
    "data_status run_at reason"
).split()


@task(task_run_name="blend and publish {plan.as_of}", cache_policy=NO_CACHE)
def publish(  # noqa: PLR0913  all that a night publishes
    plan: RunPlan,
    source: PriceSource,
    findings: Sequence[SymbolFindings],
    notices: Sequence[str],
    ended_at: datetime,
    *,
    only: bool = False,
) -> RunSummary:
    """Blend every symbol, write the CSV, show the tables; return the run's summary.

    Symbols that this run does not screen keep the rows that earlier runs of the night
    published; with `only` those rows are removed. `notices` are logged once. Damaged
    prices are downloaded again from `source`.
    """
    rows = _build_rows(plan, findings)
    # Before the CSV: a killed run then leaves no published night without its calls.
    records, unrecorded = record_night(plan, source, findings, rows, ended_at)
    night_rows, lost = _write_night(plan, findings, rows, only=only)
    market, unknown = market_of_night(plan, findings, night_rows)
    unwritten = write_events_calendar(plan, findings)
    unheld = _failed_holdings(plan, rows)
    untrained = {
        found.symbol: found.training_failure
        for found in findings
        if found.training_failure
    }
    unserved = _cluster_notice(untrained)
    notices = (*notices, *unrecorded, *lost, *unknown, *unwritten, *unheld, *unserved)
    _log_warnings(notices)
    return replace(
        _close_run(plan, findings, untrained, ended_at),
        failures={
            row["symbol"]: row["reason"]
            for row in rows
            if row["data_status"] == "failed"
        },
        rows=night_rows,
        csv=csv_path(plan.home.screening_csv, plan.as_of),
        notices=notices,
        track_record=records,
        market=market,
        lead=lead_lines(plan, source),
    )


def _failed_holdings(plan: RunPlan, rows: Sequence[Row]) -> tuple[str, ...]:
    """Return a sentence for each holding that failed, for the head of the message."""
    return tuple(
        left_out_sentence(row["symbol"], row["reason"])
        for row in rows
        if row["data_status"] == "failed" and row["symbol"] in plan.holdings.symbols
    )


def _cluster_notice(untrained: Mapping[str, str]) -> tuple[str, ...]:
    """Return a sentence if a fault of the cluster left models untrained."""
    names = [name for name, why in untrained.items() if is_cluster_fault(why)]
    fix = "run the night again to train what is missing"
    return (
        (f"the Dask cluster did not train {list_names(names)}; {fix}.",)
        if names
        else ()
    )


def _build_rows(plan: RunPlan, findings: Sequence[SymbolFindings]) -> list[Row]:
    """Return the rows of this run, each with its symbol's previous call."""
    replays = {symbol: plan.is_replay(symbol) for symbol in plan.symbols}
    previous = previous_calls(plan.home.screening_csv, plan.as_of, replays)
    return [
        build_row(found, plan.run_at, plan.settings.blend)
        | {"previous_prediction": previous.get(found.symbol)}
        for found in findings
    ]


def _write_night(
    plan: RunPlan,
    findings: Sequence[SymbolFindings],
    rows: Sequence[Row],
    *,
    only: bool,
) -> tuple[Sequence[Row], tuple[str, ...]]:
    """Write the night's CSV; return all of its rows, and sentences on what is lost.

    The run holds the home's lock from before its first stage until after the report.
    No other run can publish between the read of the earlier rows and the write.
    """
    path = csv_path(plan.home.screening_csv, plan.as_of)
    kept = read_kept_rows(plan, path, only=only)
    night_rows = rank([*rows, *kept.rows], plan.settings.blend)
    # Before the CSV: a killed run then leaves no row without its findings.
    unkept = keep_findings(plan, findings)
    others = read_published_requests(plan)
    write_csv(path, night_rows)
    # After the CSV: a run that is killed before this is repeated, never skipped.
    write_published_requests(
        plan,
        {
            row["symbol"]: others[row["symbol"]]
            for row in kept.rows
            if row["symbol"] in others
        },
        {
            found.symbol: found.training_failure
            for found in findings
            if found.training_failure and is_cluster_fault(found.training_failure)
        },
    )
    drop_findings(plan, night_rows)
    try_show("the table of symbols", partial(_show_rows, night_rows))
    return night_rows, (*kept.notices, *unkept)


def training_summary(
    plan: RunPlan,
    findings: Sequence[SymbolFindings],
    notices: Sequence[str],
    ended_at: datetime,
) -> RunSummary:
    """Close a run that only trains; return its summary; see `publish`."""
    _log_warnings(notices)
    untrained = {
        found.symbol: reason
        for found in findings
        if (reason := found.failure or found.training_failure)
    }
    summary = _close_run(plan, findings, untrained, ended_at)
    return replace(summary, failures=untrained, notices=tuple(notices))


def _log_warnings(notices: Sequence[str]) -> None:
    for notice in notices:
        get_run_logger().warning(plain_text(notice))


def _close_run(
    plan: RunPlan,
    findings: Sequence[SymbolFindings],
    untrained: Mapping[str, str],
    ended_at: datetime,
) -> RunSummary:
    """Log failed trainings, show the models, drop old tables; return the counts."""
    for symbol, reason in untrained.items():
        entry = failure_entry(symbol, reason, plan.run_at)
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
        min_coverage=plan.settings.run.min_coverage,
        added=plan.added,
    )


def _show_models(findings: Sequence[SymbolFindings]) -> None:
    """Put the models of this run, or why they failed, into Prefect's table artifact."""
    table: list[dict[str, Any]] = [
        {
            "symbol": found.symbol,
            "grade": found.trained.grade if found.trained else "",
            "skill": _format_cell(found.trained.skill if found.trained else None),
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


def skip_reason(
    plan: RunPlan, requested_as_of: date | None, *, only: bool = False
) -> str:
    """Return why the night need not run, or "" if it must.

    It need not run if `requested_as_of` is no session of any of its exchanges, or if
    the same request has published it with enough usable symbols, and a cluster's fault
    left no model untrained. With `only` the published CSV must also have no other
    symbols.
    """
    codes = sorted(plan.sessions)
    if requested_as_of and not any(is_session(code, requested_as_of) for code in codes):
        return (
            f"{requested_as_of} is no session of {', '.join(codes)}, the last before "
            f"it is {plan.as_of}; ask for that, or set `force`."
        )
    path = csv_path(plan.home.screening_csv, plan.as_of)
    sessions = plan.as_of_by_symbol
    if read_published_coverage(path, sessions) is None:
        return ""
    asked = {symbol: sessions[symbol] for symbol in plan.asked}
    usable = read_published_coverage(path, asked)
    if usable is None or usable < plan.settings.run.min_coverage:
        return ""
    if only and set(read_published_status(path)) != set(plan.symbols):
        return ""
    if find_other_request(plan) or lacks_training(plan):
        return ""
    return (
        f"the night of {plan.as_of} is published in {path.name}; set `force` to run "
        "it again."
    )


def final_state(summary: RunSummary) -> State[RunSummary]:
    """Return the run's final state: completed, completed with failures, or failed."""
    if summary.outcome == "Failed":
        # Without an error as its data, Prefect's worker shows an error of its own.
        error = TooFewSymbols(summary)
        return Failed(message=str(error), data=error)
    return Completed(name=summary.outcome, message=summary.sentence, data=summary)


def _show_rows(rows: Sequence[Row]) -> None:
    """Put the rows into Prefect's table artifact."""
    table = [_shown_cells(row) for row in rows]
    create_table_artifact(
        table, key="screening", description=f"{len(rows)} symbols, best score first"
    )


def _shown_cells(row: Row) -> dict[str, str]:
    """Return the row's cells; `events` and `sit_out` are words, as in the terminal."""
    words = {
        "events": row_event_words(row),
        "sit_out": trading_word(sit_out=row.get("event_skip_trading")),
    }
    return {
        name: words.get(name) or _format_cell(row.get(name)) for name in SHOWN_COLUMNS
    }


def _format_cell(value: object) -> str:
    """Return the cell's text, a fraction with three digits; the CSV has all digits."""
    is_number = isinstance(value, float) and math.isfinite(value)
    return f"{value:.3g}" if is_number else cell(value)
