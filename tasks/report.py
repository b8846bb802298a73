"""Task: the morning report beside the CSV; a report that fails costs no night."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from prefect import task
from prefect.artifacts import create_link_artifact
from prefect.cache_policies import NO_CACHE

from config.errors import StorageError, SymbolError
from config.home import write_text_whole
from config.places import AnyPath
from market_data.sessions import as_of_session
from screening.findings import SymbolFindings
from screening.morning.earlier import earlier_night
from screening.morning.facts import (
    ExchangeSession,
    Morning,
    NightFacts,
    PricePath,
    price_path,
)
from screening.morning.page import morning_report, report_path
from screening.morning.views import charted
from screening.record_text import record_section
from screening.summary import RunSummary
from tasks.indicators import indicator_table
from tasks.night import Night
from tasks.server import shown, warn


@task(task_run_name="morning report {night.as_of}", cache_policy=NO_CACHE)
def report(
    night: Night,
    findings: Sequence[SymbolFindings],
    summary: RunSummary,
) -> RunSummary:
    """Write the published night's report; return the summary with its place.

    Where that fails, the summary has a notice instead.
    """
    try:
        path = _written(night, findings, summary)
    except Exception as error:  # noqa: BLE001  whatever it is, the CSV is published
        said = (
            "the morning report must be written beside the CSV, got "
            f"{type(error).__name__}: {str(error)[:200]}; the CSV is complete without."
        )
        warn(said)
        return replace(summary, notices=(*summary.notices, said))
    shown("the link to the morning report", partial(_link, path))
    return replace(summary, report=path)


def _written(
    night: Night,
    findings: Sequence[SymbolFindings],
    summary: RunSummary,
) -> AnyPath:
    record = summary.track_record
    morning = Morning(
        night=_facts(night, summary.notices),
        rows=summary.rows,
        findings=findings,
        paths=_paths(night, findings, summary),
        earlier=earlier_night(night.home.screening_csv, night.as_of, night.symbols),
        track_record=record_section(record) if record else None,
        settings=night.settings.report,
    )
    path = report_path(night.home.morning_reports, night.as_of)
    write_text_whole(path, morning_report(morning))
    return path


def _facts(night: Night, notices: Sequence[str]) -> NightFacts:
    """Return the night as a whole, with the sessions that a run of now would take."""
    today = night.run_at.date()
    return NightFacts(
        as_of=night.as_of,
        sessions=tuple(
            ExchangeSession(code, as_of, as_of_session(code, today, night.run_at))
            for code, as_of in sorted(night.sessions.items())
        ),
        run_at=night.run_at,
        source=night.source,
        news_engine=night.settings.sentiment.engine,
        coverage_needed=night.settings.run.minimum_coverage,
        lookahead_days=night.settings.guard.lookahead_days,
        blend=night.settings.blend,
        notices=tuple(notices),
    )


def _paths(
    night: Night, findings: Sequence[SymbolFindings], summary: RunSummary
) -> dict[str, PricePath]:
    """Return the prices to draw; a table that can't be read is a missing chart."""
    settings = night.settings.report
    drawn = charted(summary.rows, settings.most_charts)
    paths: dict[str, PricePath] = {}
    for found in findings:
        if found.symbol not in drawn or not found.indicators:
            continue
        try:
            table = indicator_table(night, found.symbol, found.indicators)
        except (SymbolError, StorageError):
            continue
        paths[found.symbol] = price_path(table, settings.chart_sessions)
    return paths


def _link(path: AnyPath) -> None:
    create_link_artifact(
        key="morning-report", link=path.resolve().as_uri(), link_text=path.name
    )
