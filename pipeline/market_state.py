"""The market's state on a night, from what the stages found for all of its symbols."""

from collections.abc import Sequence
from contextlib import suppress

import pandas as pd

from config.errors import StorageError, SymbolError
from market_data.prices import CLOSE, through
from pipeline.attempt import attempt
from pipeline.download import STAGE as PRICES
from pipeline.earlier_runs import read_kept_findings
from pipeline.plan import RunPlan
from screening.findings import SymbolFindings
from screening.market_file import write_market_states
from screening.market_state import MarketState, group_by_exchange, market_state
from screening.price_states import mean_state
from screening.row import Row
from storage.tables import read_signed


def market_of_night(
    plan: RunPlan, findings: Sequence[SymbolFindings], rows: Sequence[Row]
) -> tuple[tuple[MarketState, ...], tuple[str, ...]]:
    """Return the state of each exchange of the night's rows, and store it.

    Rows of earlier runs take part with the findings that those runs stored. The second
    value holds a sentence if there is no state: the night goes on without it.
    """
    own = {found.symbol for found in findings}
    kept = read_kept_findings(
        plan.tables, (row for row in rows if row["symbol"] not in own)
    )
    states, reason = attempt(market_states, plan, [*findings, *kept.values()])
    if states is None:
        return (), (f"the market's state is missing: {reason}",)
    _, unstored = attempt(write_market_states, plan.home, plan.as_of, states)
    notice = f"`overnight` can't show the market's state of this night: {unstored}"
    return states, (notice,) if unstored else ()


def market_states(
    plan: RunPlan, findings: Sequence[SymbolFindings]
) -> tuple[MarketState, ...]:
    """Return the state of each exchange of the symbols, sorted by its code."""
    lookahead = plan.settings.guard.lookahead_days
    return tuple(
        market_state(
            group,
            None
            if any(found.market.state for found in group)
            else mean_state(_closes(plan, group)),
            lookahead,
        )
        for group in group_by_exchange(findings).values()
    )


def _closes(plan: RunPlan, group: Sequence[SymbolFindings]) -> list[pd.Series]:
    """Return the closes of the night's tables; a table that can't be read is left out.

    They are cut at the as-of session: a later run may have written another table.
    """
    closes: list[pd.Series] = []
    for found in group:
        if found.indicators:
            with suppress(SymbolError, StorageError):
                path = plan.table(PRICES, found.symbol)
                table = read_signed(path, symbol=found.symbol, stage=PRICES)
                closes.append(through(table, found.as_of)[CLOSE])
    return closes
