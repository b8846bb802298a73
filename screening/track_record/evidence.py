"""How calls of each kind fared so far, beside tonight's calls. Pure."""

from collections.abc import Mapping

from screening.report.facts import Evidence, PastResults
from screening.track_record.record_text import format_mean, format_rate
from screening.track_record.sit_out_cost import SitOutCost, cost_sentence
from screening.track_record.track_record import (
    TOO_FEW,
    GroupStatistics,
    Horizon,
    TrackRecord,
    TrackRecords,
)

KINDS = ("BUY", "HOLD", "SELL")

EVALUATED = (
    "The next session's direction has not been forecast better than chance: on eight "
    "months of real nights, returns after BUY were no better than after SELL by more "
    "than chance (docs/evaluation.md)"
)
"""The result of the project's own evaluation, for a home without a record."""


def past_results(
    records: TrackRecords | None, evaluated: SitOutCost | None, *, replay: bool
) -> PastResults:
    """Return what the report says of past calls; `evaluated` as in `record_section`."""
    return PastResults(
        call_evidence(records),
        forecast_sentence(records),
        sit_out_sentence(records, evaluated, replay=replay),
    )


def call_evidence(records: TrackRecords | None) -> Mapping[str, Evidence]:
    """Return the evidence by kind of call; without records it is not known."""
    if records is None:
        unknown = "not known: the track record can't be read"
        return {call: Evidence("record not known", unknown) for call in KINDS}
    return {call: _evidence(records, call) for call in KINDS}


def forecast_sentence(records: TrackRecords | None) -> str:
    """Return what the home's own BUY and SELL calls show, else what evaluation did."""
    for kind, record in _kinds(records) if records else ():
        found = _next_session(record)
        if found and found.directional_calls.hit_rate:
            return _own_record(kind, found.directional_calls)
    return f"{EVALUATED}; this home has too few scored calls to tell."


def sit_out_sentence(
    records: TrackRecords | None, evaluated: SitOutCost | None, *, replay: bool
) -> str:
    """Return what sitting out has cost in all: of live nights, or of replayed ones."""
    count, needed = 0, ""
    if records:
        kind, record = _kinds(records)[replay]
        if record.sit_outs:
            return cost_sentence(record.sit_outs, f"{kind.capitalize()} calls")
        count, needed = _sat_out(record), f", fewer than {record.min_calls}"
    if evaluated:
        return cost_sentence(evaluated, "Evaluated nights")
    return (
        f"What sitting out has cost or avoided in all: {TOO_FEW}, {count} sat-out "
        f"call{'' if count == 1 else 's'} of this kind of night scored{needed}."
    )


def _sat_out(record: TrackRecord) -> int:
    """Return how many sat-out calls are scored at the next session."""
    found = _next_session(record)
    groups = found.by_haircut if found else ()
    return sum(group.calls for group in groups if group.group == "sit-out")


def _kinds(records: TrackRecords) -> tuple[tuple[str, TrackRecord], ...]:
    return ("live", records.live), ("replayed", records.replayed)


def _own_record(kind: str, group: GroupStatistics) -> str:
    """Return whether the calls were right more often than half of the time.

    The hedged rate is used if it is known: in a rising market every BUY looks good.
    """
    rate, after = group.hedged_hit_rate or group.hit_rate, ""
    if group.hedged_hit_rate:
        after = ", the index's move taken off"
    better = bool(rate and rate.low is not None and rate.low > 0.5)
    return (
        f"The {group.calls} {kind} BUY and SELL calls of this home were right on "
        f"{format_rate(rate) if rate else 'an unknown share'} of the next sessions"
        f"{after} (interval in brackets): {'' if better else 'not '}better than chance."
    )


def _evidence(records: TrackRecords, call: str) -> Evidence:
    groups = {kind: _group(record, call) for kind, record in _kinds(records)}
    known = [kind for kind, group in groups.items() if group and not group.verdict]
    full = "; ".join(f"{kind} {_words(group)}" for kind, group in groups.items())
    brief = TOO_FEW
    if known and (group := groups[known[0]]):
        brief = f"{known[0]} {_words(group)}"
    return Evidence(brief, full)


def _words(group: GroupStatistics | None) -> str:
    """Return `right 54% (47-61) of 210`; a HOLD has the stock's mean return."""
    if group is None:
        return "too few to tell (0)"
    if group.verdict:
        return f"{group.verdict} ({group.calls})"
    if group.hit_rate:
        return f"right {format_rate(group.hit_rate)} of {group.calls}"
    return f"the stock {format_mean(group.mean_return)} in {group.calls}"


def _next_session(record: TrackRecord) -> Horizon | None:
    """Return the shortest horizon, None if the record has no call."""
    return min(record.horizons, key=lambda one: one.sessions, default=None)


def _group(record: TrackRecord, call: str) -> GroupStatistics | None:
    found = _next_session(record)
    groups = {group.group: group for group in found.by_call} if found else {}
    return groups.get(call)
