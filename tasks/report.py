"""Task: the morning report beside the CSV; a report that fails costs no night."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial

import pandas as pd
from prefect import task
from prefect.artifacts import create_link_artifact
from prefect.cache_policies import NO_CACHE

from config.errors import StorageError, SymbolError
from market_data.sessions import as_of_session
from pipeline.indicators import indicator_table
from pipeline.kept import read_kept_findings
from pipeline.plan import RunPlan
from screening.findings import SymbolFindings
from screening.report.earlier import earlier_night
from screening.report.facts import (
    ExchangeSession,
    Morning,
    NightFacts,
    PricePath,
    price_path,
)
from screening.report.page import morning_report, report_path
from screening.report.views import symbols_with_chart
from screening.summary import RunSummary
from screening.track_record.record_text import record_section
from storage.home import write_atomic
from storage.paths import StoragePath
from storage.tables import read_table
from tasks.server import try_show, warn


@task(task_run_name="morning report {plan.as_of}", cache_policy=NO_CACHE)
def report(
    plan: RunPlan,
    findings: Sequence[SymbolFindings],
    summary: RunSummary,
) -> RunSummary:
    """Write the published night's report; return the summary with its place.

    Where that fails, the summary has a notice instead.
    """
    try:
        path = _written(plan, findings, summary)
    except Exception as error:  # noqa: BLE001  whatever it is, the CSV is published
        said = (
            "the morning report must be written beside the CSV, got "
            f"{type(error).__name__}: {str(error)[:200]}; the CSV is complete without."
        )
        warn(said)
        return replace(summary, notices=(*summary.notices, said))
    try_show("the link to the morning report", partial(_link, path))
    return replace(summary, report=path)


def _written(
    plan: RunPlan,
    findings: Sequence[SymbolFindings],
    summary: RunSummary,
) -> StoragePath:
    record = summary.track_record
    stored = read_kept_findings(plan, summary.kept)
    symbols = [row["symbol"] for row in summary.rows]
    morning = Morning(
        night=_facts(plan, summary.notices),
        rows=summary.rows,
        findings=(*findings, *stored.values()),
        paths=_paths(plan, findings, summary) | _kept_paths(plan, stored, summary),
        earlier=earlier_night(plan.home.screening_csv, plan.as_of, symbols),
        track_record=record_section(record) if record else None,
        settings=plan.settings.report,
        kept=frozenset(row["symbol"] for row in summary.kept),
    )
    path = report_path(plan.home.morning_reports, plan.as_of)
    write_atomic(path, morning_report(morning))
    return path


def _facts(plan: RunPlan, notices: Sequence[str]) -> NightFacts:
    """Return the night as a whole, with the sessions that a run of now would take."""
    today = plan.run_at.date()
    return NightFacts(
        as_of=plan.as_of,
        sessions=tuple(
            ExchangeSession(code, as_of, as_of_session(code, today, plan.run_at))
            for code, as_of in sorted(plan.sessions.items())
        ),
        run_at=plan.run_at,
        source=plan.source,
        news_engine=plan.settings.sentiment.engine,
        coverage_needed=plan.settings.run.min_coverage,
        lookahead_days=plan.settings.guard.lookahead_days,
        blend=plan.settings.blend,
        notices=tuple(notices),
    )


def _paths(
    plan: RunPlan, findings: Sequence[SymbolFindings], summary: RunSummary
) -> dict[str, PricePath]:
    """Return the prices to draw; a table that can't be read is a missing chart."""
    settings = plan.settings.report
    drawn = symbols_with_chart(summary.rows, settings.max_charts)
    paths: dict[str, PricePath] = {}
    for found in findings:
        if found.symbol not in drawn or not found.indicators:
            continue
        try:
            table = indicator_table(plan, found.symbol, found.indicators)
        except (SymbolError, StorageError):
            continue
        paths[found.symbol] = price_path(table, settings.chart_sessions)
    return paths


def _kept_paths(
    plan: RunPlan, stored: Mapping[str, SymbolFindings], summary: RunSummary
) -> dict[str, PricePath]:
    """Return the prices to draw of symbols that an earlier run screened.

    A later run may have written the night's table and been killed before it published
    a row: a table whose last values are not the row's own is not drawn.
    """
    settings = plan.settings.report
    drawn = symbols_with_chart(summary.rows, settings.max_charts)
    paths: dict[str, PricePath] = {}
    for symbol, found in stored.items():
        if symbol not in drawn or not found.indicators:
            continue
        # Not the stored path: the home may have moved since.
        table = _table(plan.table("indicators", symbol))
        if table is not None and _ends_with(table, found.as_of, found.indicators.last):
            paths[symbol] = price_path(table, settings.chart_sessions)
    return paths


def _table(path: StoragePath) -> pd.DataFrame | None:
    try:
        return read_table(path)
    except (OSError, ValueError, StorageError):
        return None


def _ends_with(table: pd.DataFrame, as_of: date, last: Mapping[str, float]) -> bool:
    """Return whether the table ends at that session with exactly these values.

    The last RSI and MACD follow from all of the history, so that an equal end is an
    equal table.
    """
    if table.empty or set(map(str, table.columns)) != set(last):
        return False
    end = table.iloc[-1]
    return pd.Timestamp(table.index[-1]).date() <= as_of and all(
        float(end[name]) == value or (math.isnan(value) and pd.isna(end[name]))
        for name, value in last.items()
    )


def _link(path: StoragePath) -> None:
    create_link_artifact(
        key="morning-report", link=path.resolve().as_uri(), link_text=path.name
    )
