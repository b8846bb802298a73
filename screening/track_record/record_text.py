"""The track record as sentences and tables of ready texts, for terminal and report."""

from dataclasses import replace

from screening.report.facts import RecordSection, ReportTable
from screening.track_record.track_record import (
    GroupStatistics,
    Horizon,
    Mean,
    TrackRecord,
    TrackRecords,
)

HEADINGS = ("group", "calls", "days", "hit rate", "mean gain", "hedged gain")

HOW_TO_READ = (
    "A hit is a return with the sign of the call; a gain is the return of who followed "
    "it. In brackets: the interval, clustered by day."
)


def record_section(records: TrackRecords) -> RecordSection:
    """Return the section of the morning report; replays only where there are any."""
    live, replayed = records.live, records.replayed
    sentences, tables = record_sentences(live), record_tables(live)
    if replayed.calls:
        sentences += tuple(
            one for one in record_sentences(replayed) if one != HOW_TO_READ
        )
        tables += tuple(
            replace(one, caption=f"Replayed calls. {one.caption}")
            for one in record_tables(replayed)
        )
    return RecordSection(sentences, tables)


def record_sentences(record: TrackRecord) -> tuple[str, ...]:
    """Return what the record covers, how to read it, and what is not scored yet."""
    kind = "Live calls" if record.live else "Replayed calls (their outcome was known)"
    if not record.calls:
        return (f"{kind}: none yet.",)
    counted = f"{kind}: {record.calls}, of {record.first} to {record.last}"
    if record.replaced:
        counted += f", {record.replaced} earlier versions not counted"
    unscored = [_standing(one) for one in record.horizons if not one.scored]
    return f"{counted}.", *unscored, HOW_TO_READ


def record_tables(record: TrackRecord) -> tuple[ReportTable, ...]:
    """Return a table a horizon at which any call is scored."""
    return tuple(
        ReportTable(
            caption=_standing(horizon),
            headings=HEADINGS,
            lines=tuple(_line(one) for one in _told(horizon)),
        )
        for horizon in record.horizons
        if horizon.scored
    )


def _standing(horizon: Horizon) -> str:
    """Return `After 5 sessions: 40 scored, 10 not due yet.`."""
    counts = {
        "scored": horizon.scored,
        "not due yet": horizon.pending,
        "due and waiting for a night with their prices": horizon.waiting,
    }
    told = [f"{count} {what}" for what, count in counts.items() if count]
    ending = "s" if horizon.sessions > 1 else ""
    return f"After {horizon.sessions} session{ending}: {', '.join(told)}."


def _told(horizon: Horizon) -> tuple[GroupStatistics, ...]:
    """Return all groups with any call in them, the bets together always."""
    groups = (*horizon.by_call, *horizon.by_component, *_named(horizon))
    return (horizon.bets, *(one for one in groups if one.calls))


def _named(horizon: Horizon) -> tuple[GroupStatistics, ...]:
    """Return the haircut tiers, called what they are."""
    return tuple(
        one.model_copy(update={"group": f"haircut {one.group}"})
        if one.group.endswith("%")
        else one
        for one in horizon.by_haircut
    )


def _line(fared: GroupStatistics) -> tuple[str, ...]:
    start = (fared.group, str(fared.calls), str(fared.days))
    if fared.verdict:
        return (*start, fared.verdict, "", "")
    if fared.hit_rate is None:  # No bets: what the stocks did.
        moved = [_share(fared.mean_return), _share(fared.hedged_mean_return)]
        return (*start, "no bet", *(f"stock {one}" for one in moved))
    return (
        *start,
        _percent(fared.hit_rate),
        _share(fared.mean_gain),
        _share(fared.hedged_mean_gain),
    )


def _percent(mean: Mean) -> str:
    """Return `54% (47-61)`, without brackets where the interval can't be told."""
    if mean.low is None or mean.high is None:
        return f"{mean.mean:.0%}"
    return f"{mean.mean:.0%} ({100 * mean.low:.0f}-{100 * mean.high:.0f})"


def _share(mean: Mean | None) -> str:
    """Return `+0.21% (-0.10 to +0.52)`, `-` where it is not known."""
    if mean is None:
        return "-"
    if mean.low is None or mean.high is None:
        return f"{mean.mean:+.2%}"
    return f"{mean.mean:+.2%} ({100 * mean.low:+.2f}..{100 * mean.high:+.2f})"
