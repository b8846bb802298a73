"""What the lead market had done by a night's own as-of session, for its report."""

from datetime import date, timedelta

import pandas as pd

from config.errors import SymbolError
from market_data.lead import last_closed_by, lead_span, session_before
from market_data.prices import CLOSE
from market_data.sessions import session_close
from market_data.sources import PriceSource
from market_data.store import PriceStore
from market_data.symbols import exchange_of
from pipeline.attempt import attempt
from pipeline.index import check_index_prices
from pipeline.plan import RunPlan

DAYS_BACK = 30
"""Days of the lead's prices that are fetched; the checks need some sessions."""


def lead_lines(plan: RunPlan, source: PriceSource) -> tuple[str, ...]:
    """Return a sentence per exchange with a lead: its last return that the night knows.

    It also says whether the lead closes once more before the opening: then the update
    before the opening will move. Without the lead's closes the sentence says why.
    """
    lines: list[str] = []
    for code, as_of in sorted(plan.sessions.items()):
        symbol = plan.settings.update.lead_of(code)
        if symbol:
            found, reason = attempt(_known_line, plan, source, code, symbol)
            known = found or f"{symbol}'s return is not known: {reason.rstrip('.')}."
            lines.append(f"{code}: {known} {_next_line(code, symbol, as_of)}")
    return tuple(lines)


def _known_line(plan: RunPlan, source: PriceSource, code: str, symbol: str) -> str:
    as_of, lead = plan.sessions[code], exchange_of(symbol).code
    last = last_closed_by(lead, session_close(code, as_of))
    before = session_before(lead, last)
    move = _lead_return(plan, source, symbol, before, last)
    return (
        f"{symbol} {move:+.2%} in its session of {last}, the last that closed before "
        f"the close of {as_of}."
    )


def _lead_return(
    plan: RunPlan, source: PriceSource, symbol: str, before: date, last: date
) -> float:
    settings = plan.settings.prices
    store = PriceStore(plan.home.prices, source, settings)
    frame = store.history(symbol, last - timedelta(DAYS_BACK), last).frame
    closes = check_index_prices(frame, symbol, last, settings)[CLOSE]
    days = [pd.Timestamp(day) for day in (before, last)]
    if not set(days) <= set(closes.index):
        raise SymbolError(f"a close of {before} or {last} is missing")
    base, close = closes.loc[days]
    return float(close / base - 1)


def _next_line(code: str, symbol: str, as_of: date) -> str:
    span = lead_span(code, exchange_of(symbol).code, as_of)
    if not span.closed:
        return "It has no session before the next opening, so there is no update."
    half = " (a half day: no update)" if span.half_day else ""
    return (
        f"It closes on {span.last}{half} before the next opening; the update before "
        "the opening has that return."
    )
