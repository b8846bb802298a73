"""Task: write the morning report beside the CSV; its failure does not fail the run."""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from config.errors import DamagedTable, StorageError, SymbolError
from market_data.sessions import as_of_session
from pipeline.earlier_runs import read_kept_findings
from pipeline.holdings import read_night_holdings
from pipeline.indicators import STAGE, indicator_table
from pipeline.plan import RunPlan
from pipeline.price_changes import price_changes_of_night
from screening.findings import SymbolFindings
from screening.holdings.night import NightHoldings
from screening.previous_call import is_replay_row, recent_rows, unsteady_calls
from screening.report.earlier import earlier_night
from screening.report.facts import (
    ExchangeSession,
    Morning,
    NightFacts,
    PricePath,
    price_path,
)
from screening.report.page import morning_report
from screening.report.report_file import report_path
from screening.report.views import symbols_with_chart
from screening.row import Row
from screening.summary import RunSummary
from screening.table import csv_cells
from screening.track_record.evidence import past_results
from screening.track_record.record_text import record_section
from screening.track_record.sit_out_cost import read_cost
from storage.home import write_atomic
from storage.paths import StoragePath
from storage.tables import read_signed
from tasks.server import warn


@task(task_run_name="morning report {plan.as_of}", cache_policy=NO_CACHE)
def report(
    plan: RunPlan, findings: Sequence[SymbolFindings], summary: RunSummary
) -> RunSummary:
    """Write the published night's report; return the summary with the report's path.

    If that fails, the summary gets a notice instead.
    """
    try:
        path = _write_report(plan, findings, summary)
    except Exception as error:  # noqa: BLE001  whatever it is, the CSV is published
        notice = (
            f"the morning report could not be written ({type(error).__name__}: "
            f"{str(error)[:200]}); read the CSV instead, which is complete."
        )
        warn(notice)
        return replace(summary, notices=(*summary.notices, notice))
    return replace(summary, report=path)


def _write_report(
    plan: RunPlan, findings: Sequence[SymbolFindings], summary: RunSummary
) -> StoragePath:
    record = summary.track_record
    stored = read_kept_findings(plan.tables, summary.kept)
    symbols = [row["symbol"] for row in summary.rows]
    known = {found.symbol: found for found in findings} | stored
    night, cost = _night_facts(plan, summary), read_cost(plan.home.sit_out_cost)
    morning = Morning(
        night=night,
        rows=summary.rows,
        findings=(*findings, *stored.values()),
        paths=_price_paths(plan, findings, stored, summary.rows),
        earlier=earlier_night(plan.home.screening_csv, plan.as_of, symbols),
        track_record=record_section(record, cost) if record else None,
        settings=plan.settings.report,
        kept=frozenset(row["symbol"] for row in summary.kept),
        added=plan.added,
        holdings=_holdings(plan, summary, known),
        results=past_results(record, cost, replay=night.is_replay),
        prices=price_changes_of_night(plan, findings, summary.rows),
        unsteady=_unsteady(plan, summary.rows),
    )
    path = report_path(plan.home.morning_reports, plan.as_of)
    write_atomic(path, morning_report(morning))
    return path


def _holdings(
    plan: RunPlan, summary: RunSummary, known: Mapping[str, SymbolFindings]
) -> NightHoldings | None:
    """Return the holdings on this night, None without a file of holdings."""
    if not plan.holdings.present:
        return None
    rows = map(csv_cells, summary.rows)
    return read_night_holdings(plan.as_of, plan.tables, plan.holdings, rows, known)


def _unsteady(plan: RunPlan, rows: Sequence[Row]) -> dict[str, str]:
    """Return the last three calls of each symbol whose call changed and is back."""
    cells = {row["symbol"]: csv_cells(row) for row in rows if row.get("prediction")}
    replays = {
        symbol: replay
        for symbol, row in cells.items()
        if (replay := is_replay_row(row)) is not None
    }
    earlier = recent_rows(plan.home.screening_csv, plan.as_of, replays, count=2)
    calls = {
        symbol: unsteady_calls(cells[symbol], found)
        for symbol, found in earlier.items()
        if symbol in cells
    }
    return {symbol: text for symbol, text in calls.items() if text}


def _night_facts(plan: RunPlan, summary: RunSummary) -> NightFacts:
    """Return the facts of the night, with the sessions that a run would use now."""
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
        notices=summary.notices,
        market=summary.market,
        lead=summary.lead,
    )


def _price_paths(
    plan: RunPlan,
    findings: Sequence[SymbolFindings],
    stored: dict[str, SymbolFindings],
    rows: Sequence[Row],
) -> dict[str, PricePath]:
    """Return the prices to draw; a symbol whose table can't be read has no chart.

    `stored` are the findings of symbols that earlier runs screened.
    """
    settings = plan.settings.report
    drawn = symbols_with_chart(rows, settings.max_charts)
    own = {found.symbol: found for found in findings}
    paths: dict[str, PricePath] = {}
    for symbol, found in (own | stored).items():
        if symbol in drawn and found.indicators:
            with suppress(SymbolError, StorageError):
                table = (
                    indicator_table(plan, symbol, found.indicators)
                    if symbol in own
                    else _stored_table(plan, found, found.indicators.last)
                )
                paths[symbol] = price_path(table, settings.chart_sessions)
    return paths


def _stored_table(
    plan: RunPlan, found: SymbolFindings, last: Mapping[str, float]
) -> pd.DataFrame:
    """Return the night's table if it ends with the values of the findings.

    A later run may have written another table and been killed before it published. The
    last RSI and MACD follow from all of the history: an equal end is an equal table.

    Raises
    ------
    DamagedTable
        If it is another table, or is damaged.
    """
    # Not the stored path: the home may have moved since.
    path = plan.table(STAGE, found.symbol)
    table = read_signed(path, symbol=found.symbol, stage=STAGE)
    if not _ends_with(table, found.as_of, last):
        raise DamagedTable(f"{path.name} was written by a later run")
    return table


def _ends_with(table: pd.DataFrame, as_of: date, last: Mapping[str, float]) -> bool:
    """Return whether the table ends by `as_of` with exactly these values."""
    if table.empty or set(map(str, table.columns)) != set(last):
        return False
    end = table.iloc[-1]
    return pd.Timestamp(table.index[-1]).date() <= as_of and all(
        float(end[name]) == value or (math.isnan(value) and pd.isna(end[name]))
        for name, value in last.items()
    )
