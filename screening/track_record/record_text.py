"""The track record as sentences and tables of text, for the terminal and the report."""

from dataclasses import replace

from screening.report.facts import RecordSection, ReportTable
from screening.track_record.sit_out_cost import SitOutCost, cost_sentence
from screening.track_record.track_record import (
    GroupStatistics,
    Horizon,
    Mean,
    TrackRecord,
    TrackRecords,
)

HEADINGS = ("group", "calls", "days", "hit rate", "mean gain", "hedged gain")

HOW_TO_READ = (
    "A hit is a return with the sign of the call; a gain is the return of following "
    "the call. In brackets: the interval, clustered by day."
)


def record_section(
    records: TrackRecords, evaluated: SitOutCost | None = None
) -> RecordSection:
    """Return the report's section; replayed calls are added if there are any.

    `evaluated` is what sitting out cost by an evaluation; it is shown if there are too
    few live calls that were sat out.
    """
    live, replayed = records.live, records.replayed
    sentences, tables = record_sentences(live), record_tables(live)
    if evaluated and not live.sit_outs:
        sentences += (cost_sentence(evaluated, "Evaluated nights"),)
    if replayed.calls:
        sentences += tuple(
            text for text in record_sentences(replayed) if text != HOW_TO_READ
        )
        tables += tuple(
            replace(table, caption=f"Replayed calls. {table.caption}")
            for table in record_tables(replayed)
        )
    return RecordSection(sentences, tables)


def record_sentences(record: TrackRecord) -> tuple[str, ...]:
    """Return what the record covers, what is not scored yet, and how to read it."""
    kind = "Live calls" if record.live else "Replayed calls (their outcome was known)"
    if not record.calls:
        return (f"{kind}: none yet.",)
    counted = f"{kind}: {record.calls}, of {record.first} to {record.last}"
    if record.replaced:
        counted += f", {record.replaced} earlier versions not counted"
    unscored = [_counts(horizon) for horizon in record.horizons if not horizon.scored]
    cost = [cost_sentence(record.sit_outs, kind)] if record.sit_outs else []
    return f"{counted}.", *unscored, HOW_TO_READ, *cost


def record_tables(record: TrackRecord) -> tuple[ReportTable, ...]:
    """Return one table per horizon with scored calls."""
    return tuple(
        ReportTable(
            caption=_counts(horizon),
            headings=HEADINGS,
            lines=tuple(_line(group) for group in _groups(horizon)),
        )
        for horizon in record.horizons
        if horizon.scored
    )


def _counts(horizon: Horizon) -> str:
    """Return `After 5 sessions: 40 scored, 10 not due yet.`."""
    counts = {
        "scored": horizon.scored,
        "not due yet": horizon.pending,
        "due and waiting for a night with their prices": horizon.waiting,
    }
    parts = [f"{count} {state}" for state, count in counts.items() if count]
    ending = "s" if horizon.sessions > 1 else ""
    return f"After {horizon.sessions} session{ending}: {', '.join(parts)}."


def _groups(horizon: Horizon) -> tuple[GroupStatistics, ...]:
    """Return BUY and SELL together, then all groups that have any call."""
    groups = (*horizon.by_call, *horizon.by_component, *horizon.by_haircut)
    return (horizon.directional_calls, *(group for group in groups if group.calls))


def _line(found: GroupStatistics) -> tuple[str, ...]:
    name = f"haircut {found.group}" if found.group.endswith("%") else found.group
    start = (name, str(found.calls), str(found.days))
    if found.verdict:
        return (*start, found.verdict, "", "")
    if found.hit_rate is None:  # No direction: the returns of the stocks instead.
        returns = [
            format_mean(found.mean_return),
            format_mean(found.hedged_mean_return),
        ]
        return (*start, "no direction", *(f"stock {text}" for text in returns))
    return (
        *start,
        format_rate(found.hit_rate),
        format_mean(found.mean_gain),
        format_mean(found.hedged_mean_gain),
    )


def format_rate(rate: Mean) -> str:
    """Return `54% (47-61)`, without brackets if there is no interval."""
    if rate.low is None or rate.high is None:
        return f"{rate.mean:.0%}"
    return f"{rate.mean:.0%} ({100 * rate.low:.0f}-{100 * rate.high:.0f})"


def format_mean(mean: Mean | None) -> str:
    """Return `+0.21% (-0.10..+0.52)`, `-` if the mean is not known."""
    if mean is None:
        return "-"
    if mean.low is None or mean.high is None:
        return f"{mean.mean:+.2%}"
    return f"{mean.mean:+.2%} ({100 * mean.low:+.2f}..{100 * mean.high:+.2f})"
