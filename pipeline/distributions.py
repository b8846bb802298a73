"""Stage: the distribution of every symbol's next return (SPEC 6).

All symbols together, because on the night of a report a symbol's outcomes come from the
past reactions of all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from features.windows import Floats
from market_data.sources import PriceSource
from market_data.symbols import exchange_of
from modelling.distribution import (
    MIN_SESSIONS,
    Distribution,
    next_scales,
    ordinary_sessions,
    standardise,
)
from modelling.reaction_pool import (
    ReactionPool,
    mixture,
    own_share,
    pool_of,
    reaction_z,
)
from pipeline.attempt import attempt
from pipeline.download import price_table
from pipeline.night_tables import write_night_table
from pipeline.plan import RunPlan
from risk_guard.assessment import forecast_reaction
from risk_guard.past_reports import PastReport
from risk_guard.reactions import Reaction, reaction_sessions
from screening.findings import (
    NO_DISTRIBUTION,
    DistributionFindings,
    Outcomes,
    PastReaction,
    PriceFindings,
    SymbolFindings,
)

STAGE = "distribution"

ORDINARY, PAST_REACTION = "ordinary", "past_reaction"
REACTION, MIXTURE = "reaction", "mixture"
"""Kinds of rows of a night's table: sessions of the stock, then drawn outcomes."""


@dataclass(frozen=True)
class ReturnHistory:
    """A symbol's standardised returns by session, `past` those that reacted to reports.

    `scale` is that of the forecast session; it is NaN with too short a history.
    """

    scale: float
    ordinary: pd.DataFrame
    past: pd.DataFrame


def distributions(
    plan: RunPlan, source: PriceSource | None, findings: Sequence[SymbolFindings]
) -> Mapping[str, DistributionFindings]:
    """Return the distribution of each symbol that has prices, and store its table.

    A symbol that fails has none, with the reason. Damaged prices are downloaded again
    from `source`.
    """
    histories: dict[str, ReturnHistory] = {}
    found: dict[str, DistributionFindings] = {}
    for one in findings:
        if one.prices is None:
            found[one.symbol] = NO_DISTRIBUTION
            continue
        history, reason = attempt(return_history, plan, one, one.prices, source)
        if history is None:
            found[one.symbol] = DistributionFindings(reason)
        else:
            histories[one.symbol] = history
    pool = pool_of(history.past["z"].to_numpy() for history in histories.values())
    for one in findings:
        if one.symbol in histories:
            work = partial(_distribution, plan, one, histories[one.symbol])
            answer, reason = attempt(work, pool)
            found[one.symbol] = answer or DistributionFindings(reason)
    return found


def return_history(
    plan: RunPlan,
    found: SymbolFindings,
    prices: PriceFindings,
    source: PriceSource | None,
) -> ReturnHistory:
    """Return the symbol's standardised returns up to the as-of session."""
    bars = price_table(plan, found.symbol, prices, source)
    table, exchange = standardise(bars), exchange_of(found.symbol).code
    reports = found.known_events.past_reports
    reacting = [reaction_sessions(exchange, r.day, r.time) for r in reports]
    every = {session for sessions in reacting for session in sessions}
    return ReturnHistory(
        scale=float(next_scales(bars).iloc[-1]),
        ordinary=ordinary_sessions(table, every),
        past=past_reactions(table, exchange, reports),
    )


def past_reactions(
    table: pd.DataFrame, exchange: str, reports: Sequence[PastReport]
) -> pd.DataFrame:
    """Return the rows of `table` (of `standardise`) that reacted to the reports.

    Of the two possible sessions of a report without a time of day, this is the one of
    the larger standardised return.
    """
    sessions, sizes = [], table["z"].abs()
    for report in reports:
        days = reaction_sessions(exchange, report.day, report.time)
        found = sizes.reindex(pd.DatetimeIndex(days)).dropna()
        if not found.empty:
            sessions.append(found.idxmax())
    return table[table.index.isin(sessions)]


def _distribution(
    plan: RunPlan, found: SymbolFindings, history: ReturnHistory, pool: ReactionPool
) -> DistributionFindings:
    exchange = exchange_of(found.symbol).code
    reaction = forecast_reaction(found.known_events, exchange, found.as_of)
    share = own_share(history.past["z"].to_numpy(), pool.mean_size)
    findings = DistributionFindings(
        scale=None if np.isnan(history.scale) else history.scale,
        sessions=len(history.ordinary),
        reaction=reaction,
        past=_past_moves(history.past),
        own_share=share,
        pool=pool.name,
    )
    if len(history.ordinary) < MIN_SESSIONS:
        return replace(findings, reason=_too_few(len(history.ordinary)))
    ordinary = history.ordinary["z"].to_numpy()
    drawn = _drawn(reaction, ordinary, reaction_z(pool, share))
    attributes = {"pool": pool.name, "mean_size": pool.mean_size, "share": share}
    table = _table(history, drawn)
    path = write_night_table(plan, STAGE, found.symbol, table, attributes)
    centre = _centre(found)
    each = [_outcomes(centre, history.scale, z) for z in (ordinary, *drawn.values())]
    return replace(
        findings,
        path=path,
        outcomes=each[-1],
        ordinary=each[0],
        added=min(outcomes.added for outcomes in each),
    )


def _too_few(count: int) -> str:
    return (
        f"the history has {count} standardised returns of sessions without a report; "
        f"{MIN_SESSIONS} are needed"
    )


def _centre(found: SymbolFindings) -> float:
    """Return the return that a usable model predicts, else 0."""
    forecast = found.model.forecast if found.model else None
    return forecast.predicted_return if forecast else 0.0


def _drawn(
    reaction: Reaction | None, ordinary: Floats, reacting: Floats
) -> dict[str, Floats]:
    """Return drawn outcomes by kind; the last kind is that of the forecast session.

    The outcomes of a session that surely reacts begin with those of one that may.
    """
    if reaction not in ("yes", "possible"):
        return {}
    drawn = {MIXTURE: mixture(ordinary, reacting)}
    return drawn | {REACTION: reacting} if reaction == "yes" else drawn


def _outcomes(centre: float, scale: float, z: Floats) -> Outcomes:
    found = Distribution(centre, scale, z)
    base = Distribution(0.0, scale, z).probability_up
    return Outcomes(found.low, found.high, found.probability_up, base)


def _past_moves(past: pd.DataFrame) -> tuple[PastReaction, ...]:
    moves = zip(past.index, past["return"], past["z"], strict=True)
    return tuple(PastReaction(day.date(), float(m), float(z)) for day, m, z in moves)


def _table(history: ReturnHistory, drawn: Mapping[str, Floats]) -> pd.DataFrame:
    """Return the night's table: sessions of the stock, then drawn outcomes.

    Each kind has a column of truth values. Only sessions have a date, a return and a
    scale.
    """
    parts = {ORDINARY: history.ordinary, PAST_REACTION: history.past}
    parts |= {
        kind: pd.DataFrame({"z": z}, pd.DatetimeIndex([pd.NaT] * len(z)))
        for kind, z in drawn.items()
    }
    table = pd.concat(parts, names=["kind", "session"])[["return", "scale", "z"]]
    kinds = table.index.get_level_values("kind")
    table = table.droplevel("kind")
    return table.assign(**{kind: kinds == kind for kind in parts})
