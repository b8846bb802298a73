"""Explanation of a row's interval: the numbers that give it, and sentences on them.

The interval is `centre + scale * z` at two places of the ordered standardised returns
z (SPEC 6). Pure.
"""

import math
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Literal

from pydantic import BaseModel

CsvRow = Mapping[str, str]

LOW_SHARE, HIGH_SHARE = 0.1, 0.9
"""The shares of outcomes below the two ends."""

PRIOR_REACTIONS = 6
"""Reactions of the pool's mean size that count beside a stock's own ones."""

SHOWN_REACTIONS = 8
"""The latest past reactions that are printed; the JSON has all of them."""

ROUNDING = 1e-6

ReactionAnswer = Literal["yes", "possible", "no", ""]


class ZRange(BaseModel, frozen=True):
    """The z at the places 0.1 and 0.9 times (`count` + 1) of the `count` ordered ones.

    `count` is None if it is not known.
    """

    count: int | None
    low: float
    high: float


class PastMove(BaseModel, frozen=True):
    """A session that reacted to a report: its return, and the return over its scale."""

    session: date
    move: float
    z: float


class StoredDistribution(BaseModel, frozen=True):
    """What a night's table holds of one symbol.

    `drawn` are the z of the forecast session, None on a session without a report.
    `mean_size` is the mean absolute z of the pool.
    """

    ordinary: ZRange
    drawn: ZRange | None
    pool: str
    mean_size: float
    past: tuple[PastMove, ...] = ()


class IntervalExplanation(BaseModel, frozen=True):
    """The numbers that give a row's interval; None is "not known".

    All returns are fractions. `sessions` is the number of standardised returns of
    ordinary sessions. `ordinary_low` and `ordinary_high` are the interval without a
    report, known on a reaction session from the night's table. `note` says why numbers
    of the table are missing.
    """

    scale: float
    sessions: int | None
    centre: float
    centre_reason: str
    z: ZRange
    low: float
    high: float
    probability_up: float | None
    reaction: ReactionAnswer
    reaction_event: str = ""
    past_reactions: int | None = None
    typical_move: float | None = None
    own_share: float | None = None
    pool: str = ""
    pool_mean_size: float | None = None
    past: tuple[PastMove, ...] = ()
    ordinary: ZRange | None = None
    ordinary_low: float | None = None
    ordinary_high: float | None = None
    note: str = ""
    differs: str = ""

    @property
    def reacts(self) -> bool:
        """Return whether the session reacts, or may react, to a report."""
        return self.reaction in ("yes", "possible")


def needs_table(row: CsvRow) -> bool:
    """Return whether the row alone does not give its z: on a reaction session."""
    return row["event_reaction"] in ("yes", "possible") and bool(row["return_scale"])


def explain_interval(
    row: CsvRow, stored: StoredDistribution | None, why_not: str = ""
) -> IntervalExplanation | None:
    """Return the numbers of the row's interval, None if the row has no interval.

    `why_not` says why the night's table is not `stored`.

    Raises
    ------
    ValueError
        If a cell that must hold a number holds something else.
    """
    found = _explain_row(row)
    if found is None or not needs_table(row):
        return found
    if stored is None or stored.drawn is None:
        why = why_not or "the night's table has no outcomes of a reaction session"
        return found.model_copy(update={"note": why})
    return _with_table(found, stored, stored.drawn)


def _explain_row(row: CsvRow) -> IntervalExplanation | None:
    """Return what the row alone gives; its z follow from its interval."""
    ends = ("return_scale", "predicted_return_low", "predicted_return_high")
    scale, low, high = (_number(row, name) for name in ends)
    if scale is None or low is None or high is None:
        return None
    (centre, reason), sessions = _centre(row), _count(row, "distribution_sessions")
    reaction: ReactionAnswer = row["event_reaction"]  # type: ignore[assignment]
    return IntervalExplanation(
        scale=scale,
        sessions=sessions,
        centre=centre,
        centre_reason=reason,
        z=ZRange(
            count=None if needs_table(row) else sessions,
            low=(low - centre) / scale if scale else 0.0,
            high=(high - centre) / scale if scale else 0.0,
        ),
        low=low,
        high=high,
        probability_up=_number(row, "probability_up"),
        reaction=reaction,
        reaction_event=_event(row),
        past_reactions=_count(row, "event_past_reactions"),
        typical_move=_number(row, "event_typical_move"),
        own_share=_number(row, "event_own_share"),
    )


def _with_table(
    found: IntervalExplanation, stored: StoredDistribution, drawn: ZRange
) -> IntervalExplanation:
    """Return the explanation with the numbers that only the night's table holds."""

    def ends(z: ZRange) -> tuple[float, float]:
        return found.centre + found.scale * z.low, found.centre + found.scale * z.high

    low, high = ends(stored.ordinary)
    differs = ""
    by_table = ends(drawn)
    if not all(map(_same, by_table, (found.low, found.high))):
        differs = (
            f"the row's interval is {found.low:+.6f} to {found.high:+.6f}, the night's "
            f"table gives {by_table[0]:+.6f} to {by_table[1]:+.6f}"
        )
    return found.model_copy(
        update={
            "z": drawn,
            "pool": stored.pool,
            "pool_mean_size": stored.mean_size,
            "past": stored.past,
            "ordinary": stored.ordinary,
            "ordinary_low": low,
            "ordinary_high": high,
            "differs": differs,
        }
    )


def _same(one: float, other: float) -> bool:
    return math.isclose(one, other, abs_tol=ROUNDING)


def _centre(row: CsvRow) -> tuple[float, str]:
    predicted = _number(row, "predicted_return")
    if predicted is None:
        status = row["model_status"] or "missing"
        return 0.0, f"no usable model predicts a return; the model is {status}"
    if predicted == 0:
        return 0.0, "the LSTM predicts no change"
    return predicted, "the return that the LSTM predicts"


def _event(row: CsvRow) -> str:
    """Return the report and its time of day, '' if the row names another event."""
    if not row["event_time"]:
        return ""
    time = row["event_time"].replace("_", " the ")
    words = "time of day unknown" if time == "unknown" else time
    return f"{row['event_type']} {row['event_date']}, {words}"


def interval_sentences(found: IntervalExplanation) -> Iterator[str]:
    """Yield the interval, then how it follows from its numbers, step by step."""
    yield (
        f"The next session's return has an 80 % interval of {found.low:+.2%} to "
        f"{found.high:+.2%}. It is centre + scale x z:"
    )
    yield (
        f"Scale (sigma): {found.scale:.6f}. Standardised returns z of ordinary "
        f"sessions: {_known(found.sessions)}."
    )
    yield f"Centre {found.centre:+.6f}: {found.centre_reason}."
    yield from _reaction_sentences(found)
    yield _z_sentence(found.z, _kind(found))
    for name, z, end in (
        ("Low", found.z.low, found.low),
        ("High", found.z.high, found.high),
    ):
        yield (
            f"{name}: {found.centre:+.6f} + {found.scale:.6f} x {z:+.4f} = "
            f"{end:+.6f} ({end:+.2%})."
        )
    if found.probability_up is not None:
        share = found.probability_up
        yield f"P(up), the share of all outcomes above 0: {share:.4f}."
    if found.ordinary and found.ordinary_low is not None:
        yield from _ordinary_sentences(found, found.ordinary)
    if found.note:
        yield (
            f"The row alone gives these z: {found.note}. So the ordinary interval and "
            "the pool are not shown."
        )


def _kind(found: IntervalExplanation) -> str:
    if found.reaction == "yes":
        return "reactions, the pool's times the own share"
    if found.reaction == "possible":
        return "z, one half ordinary ones, one half reactions times the own share"
    return "ordinary z"


def _z_sentence(z: ZRange, kind: str) -> str:
    if z.count is None:
        return f"The z used, of {kind}: {z.low:+.4f} and {z.high:+.4f}."
    low, high = (share * (z.count + 1) for share in (LOW_SHARE, HIGH_SHARE))
    return (
        f"Places {low:.1f} and {high:.1f} of {z.count} ordered {kind}: {z.low:+.4f} "
        f"and {z.high:+.4f}."
    )


def _reaction_sentences(found: IntervalExplanation) -> Iterator[str]:
    event = found.reaction_event or "a report other than the row's event"
    if found.reaction == "yes":
        yield f"Reaction session: yes ({event})."
    elif found.reaction == "possible":
        yield (
            f"Reaction session: possible ({event}). The price reacts in this session "
            "or in the one next to it."
        )
    elif found.reaction == "no":
        yield "Reaction session: no; no dated report can move this session."
    else:
        yield "Reaction session: not known, because no source covers all reports."
    if found.past_reactions is not None:
        yield _past_sentence(found)
    if found.reacts:
        yield from _share_sentences(found)


def _past_sentence(found: IntervalExplanation) -> str:
    count = found.past_reactions or 0
    if not count:
        return "No past report of this stock is known."
    size = ""
    if found.typical_move is not None:
        size = f"; the median size of their moves is {found.typical_move:.2%}"
    share = ""
    if found.own_share is not None and not found.reacts:
        share = f"; own share {found.own_share:.4f}, for reaction sessions only"
    return f"Known past reactions of this stock: {count}{size}{share}."


def _share_sentences(found: IntervalExplanation) -> Iterator[str]:
    if found.own_share is None:
        return
    if found.pool_mean_size is None:
        yield f"Own share of the pool's reactions: {found.own_share:.4f}."
        return
    total = math.fsum(abs(past.z) for past in found.past)
    count, mean = len(found.past), found.pool_mean_size
    yield (
        f"Own share {found.own_share:.4f} = ({total:.4f}, the sum of its past |z|, + "
        f"{PRIOR_REACTIONS} x {mean:.4f}) / ({count} + {PRIOR_REACTIONS}) / "
        f"{mean:.4f}, the mean |z| of the pool: {found.pool}."
    )
    if found.past:
        shown = found.past[-SHOWN_REACTIONS:]
        moves = ", ".join(f"{p.session} {p.move:+.2%} (z {p.z:+.2f})" for p in shown)
        first = "The" if len(shown) == count else f"The last {len(shown)}"
        yield f"{first} past reactions: {moves}."


def _ordinary_sentences(found: IntervalExplanation, z: ZRange) -> Iterator[str]:
    yield (
        "Without a report the interval would be "
        f"{found.ordinary_low:+.2%} to {found.ordinary_high:+.2%}. "
        f"{_z_sentence(z, 'ordinary z')}"
    )


def _known(count: int | None) -> str:
    return "not known" if count is None else str(count)


def _count(row: CsvRow, name: str) -> int | None:
    return int(row[name]) if row[name] else None


def _number(row: CsvRow, name: str) -> float | None:
    return float(row[name]) if row[name] else None
