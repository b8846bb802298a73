"""The market's state on a night, per exchange: its index and its screened symbols.

It changes no call. Pure, and without pandas; `price_states` computes from prices.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from statistics import median
from typing import TYPE_CHECKING, Literal

from market_data.symbols import exchange_of

if TYPE_CHECKING:
    from screening.findings import SymbolFindings

Volatility = Literal["calm", "usual", "wild"]
"""The third of its own last year in which an index' present scale lies."""


@dataclass(frozen=True)
class IndexState:
    """An index at `session`, its last one; a value that is not known is None.

    `against_sma_50` and `against_sma_200` are close / average - 1. `scale` is the size
    that is expected of the next session's return (SPEC 6), `scale_place` the share of
    the year's scales below it. `from_closes` is true if prices within the sessions are
    missing, so that the scale follows from closes alone. `notes` are sentences on
    values that are missing.
    """

    session: date
    close: float
    against_sma_50: float | None = None
    against_sma_200: float | None = None
    scale: float | None = None
    scale_place: float | None = None
    volatility: Volatility | None = None
    from_closes: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SymbolState:
    """A symbol at `session`, its last one; None with too short a history."""

    session: date
    day_return: float | None
    above_sma_50: bool | None
    above_sma_200: bool | None


@dataclass(frozen=True)
class Share:
    """How many of the `known` symbols have a property."""

    count: int
    known: int


@dataclass(frozen=True)
class Breadth:
    """The screened symbols of an exchange or of one of its sectors.

    `symbols` counts all of them, `priced` those with a return of the session.
    `advances`, `declines` and `median_return` are None if there is no such return.
    """

    symbols: int
    priced: int
    advances: int | None
    declines: int | None
    median_return: float | None
    above_sma_50: Share
    above_sma_200: Share
    with_event: Share


@dataclass(frozen=True)
class MarketState:
    """The state of one exchange at `session`.

    `index` is None if nothing is known of the market as a whole. If `index_reason` is
    not empty, it says why there are no prices of the index, and `index` is that of the
    symbols' mean daily return. `with_event` of the symbols looks `lookahead_days`
    ahead. `sectors` holds those that the source names.
    """

    exchange: str
    session: date
    index_name: str
    index: IndexState | None
    symbols: Breadth
    lookahead_days: int
    index_reason: str = ""
    sectors: Mapping[str, Breadth] = field(default_factory=dict)


def group_by_exchange(
    findings: Sequence[SymbolFindings],
) -> dict[str, list[SymbolFindings]]:
    """Return the symbols of each exchange at its latest as-of session, by code.

    An index that is screened as a symbol is left out.
    """
    groups: defaultdict[str, list[SymbolFindings]] = defaultdict(list)
    for found in findings:
        exchange = exchange_of(found.symbol)
        if found.symbol != exchange.index:
            groups[exchange.code].append(found)
    return {
        code: [one for one in group if one.as_of == max(g.as_of for g in group)]
        for code, group in sorted(groups.items())
    }


def market_state(
    group: Sequence[SymbolFindings], mean: IndexState | None, lookahead_days: int
) -> MarketState:
    """Return the state of the exchange of `group`, of `group_by_exchange`.

    `mean` is the state of the symbols' mean daily return, None if it is not known; it
    is used if the index has no prices.
    """
    states = [found.market.state for found in group if found.market.state]
    by_sector: defaultdict[str, list[SymbolFindings]] = defaultdict(list)
    for found in group:
        if found.prices and found.prices.sector:
            by_sector[found.prices.sector].append(found)
    exchange = exchange_of(group[0].symbol)
    return MarketState(
        exchange=exchange.code,
        session=group[0].as_of,
        index_name=exchange.index,
        index=states[0] if states else mean,
        symbols=breadth(group),
        lookahead_days=lookahead_days,
        index_reason="" if states else group[0].market.reason or "not known",
        sectors={name: breadth(part) for name, part in sorted(by_sector.items())},
    )


def breadth(group: Sequence[SymbolFindings]) -> Breadth:
    """Return the breadth of symbols with the same as-of session.

    A symbol whose last prices are older has no part in what prices show.
    """
    states = [
        found.indicators.state
        for found in group
        if found.indicators
        and found.indicators.state
        and found.indicators.state.session == found.as_of
    ]
    returns = [one.day_return for one in states if one.day_return is not None]
    return Breadth(
        symbols=len(group),
        priced=len(returns),
        advances=sum(move > 0 for move in returns) if returns else None,
        declines=sum(move < 0 for move in returns) if returns else None,
        median_return=median(returns) if returns else None,
        above_sma_50=_share([one.above_sma_50 for one in states]),
        above_sma_200=_share([one.above_sma_200 for one in states]),
        with_event=_share([_has_event(found) for found in group]),
    )


def _has_event(found: SymbolFindings) -> bool | None:
    """Return whether an event is ahead, None if no source covers the symbol."""
    if found.events.coming:
        return True
    return None if found.events.status == "unknown" else False


def _share(answers: Sequence[bool | None]) -> Share:
    known = [answer for answer in answers if answer is not None]
    return Share(sum(known), len(known))
