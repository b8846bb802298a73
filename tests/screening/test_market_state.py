"""The market's state of a night: breadth, sectors, exchanges, and its words."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from made_morning import AS_OF, event, failed, screened, with_events

from screening.findings import IndexFindings, SymbolFindings
from screening.market_state import (
    IndexState,
    MarketState,
    Share,
    SymbolState,
    group_by_exchange,
    market_state,
)
from screening.market_words import market_line, market_lines, sector_cells

INDEX = IndexState(AS_OF, 8835.9, -0.0061, 0.031, 0.0071, 0.58, "usual")
NO_PRICES = "unknown_symbol: no prices of ^AXJO; check it."


def symbol(name: str, move: float | None, sector: str = "", **changes: Any) -> Any:  # noqa: ANN401
    """Return findings of a symbol with this return of the day, above its SMA 50."""
    changes = {"market": IndexFindings(None, state=INDEX)} | changes
    found = screened(name)
    state = SymbolState(AS_OF, move, above_sma_50=True, above_sma_200=None)
    assert found.indicators
    assert found.prices
    return replace(
        found,
        indicators=replace(found.indicators, state=state),
        prices=replace(found.prices, sector=sector),
        **changes,
    )


def state_of(*found: SymbolFindings, mean: IndexState | None = None) -> MarketState:
    """Return the state of symbols of one exchange."""
    (group,) = group_by_exchange(found).values()
    return market_state(group, mean, 7)


def test_advances_declines_and_median_are_those_of_the_session() -> None:
    """A return of 0 is neither; the median is over all known returns."""
    moves = (0.01, 0.02, 0.0, -0.03)
    found = state_of(*(symbol(f"A{n}.AX", move) for n, move in enumerate(moves)))
    assert (found.symbols.advances, found.symbols.declines) == (2, 1)
    assert found.symbols.median_return == pytest.approx(0.005)
    assert found.symbols.above_sma_50 == Share(4, 4)
    assert found.symbols.above_sma_200 == Share(0, 0)


def test_a_symbol_with_older_prices_has_no_part_in_the_day() -> None:
    """Its last session is not the night's; it is counted as a symbol only."""
    late = symbol("LATE.AX", -0.05)
    old = replace(late.indicators.state, session=AS_OF - timedelta(days=3))
    late = replace(late, indicators=replace(late.indicators, state=old))
    found = state_of(symbol("AAA.AX", 0.01), late).symbols
    assert (found.symbols, found.priced, found.declines) == (2, 1, 0)


def test_a_night_without_any_usable_symbol_still_has_its_index() -> None:
    """What is not known is None, and the text says so; it is never 0."""
    gone = replace(failed("GONE.AX"), market=IndexFindings(None, state=INDEX))
    found = state_of(gone)
    assert found.index == INDEX
    assert (found.symbols.advances, found.symbols.median_return) == (None, None)
    assert market_lines(found)[-1] == (
        "1 symbol: no returns of the session; above SMA 50: not known; "
        "above SMA 200: not known; event within 7 days: not known."
    )


def test_an_event_ahead_counts_and_an_uncovered_symbol_does_not() -> None:
    """The share is over the symbols whose events are known."""
    ahead = with_events(symbol("AAA.AX", 0.0), event(AS_OF + timedelta(days=2)))
    without = with_events(symbol("BBB.AX", 0.0))
    found = state_of(ahead, without, symbol("CCC.AX", 0.0)).symbols
    assert found.with_event == Share(1, 2)


def test_sectors_are_those_that_the_source_names() -> None:
    """A symbol without a sector is in none of them."""
    found = state_of(
        symbol("AAA.AX", 0.01, "Energy"),
        symbol("BBB.AX", -0.03, "Energy"),
        symbol("CCC.AX", 0.02),
    )
    assert list(found.sectors) == ["Energy"]
    assert sector_cells(found.sectors["Energy"]) == (
        *("2", "1", "1", "\N{MINUS SIGN}1.00 %", "2 of 2", "not known"),
    )


def test_exchanges_are_apart_and_only_the_latest_session_counts() -> None:
    """Symbols kept from an earlier session, and an index, are in no group."""
    earlier = date(2025, 11, 7)
    groups = group_by_exchange(
        [
            screened("MSFT", as_of=earlier),
            screened("AAA.AX"),
            screened("OLD.AX", as_of=earlier),
            screened("^AXJO"),
        ]
    )
    symbols = {code: [one.symbol for one in group] for code, group in groups.items()}
    assert symbols == {"XASX": ["AAA.AX"], "XNYS": ["MSFT"]}


def test_the_words_name_the_index_its_averages_and_its_volatility() -> None:
    """The terminal has one line, the report two sentences."""
    found = state_of(symbol("AAA.AX", 0.012), symbol("BBB.AX", -0.004))
    assert market_line(found) == (
        "XASX: ^AXJO below SMA 50, above SMA 200, usual volatility; "
        "1 up, 1 down, median +0.40 %"
    )
    assert market_lines(found)[0] == (
        "^AXJO 8,835.90: 0.6 % below SMA 50, 3.1 % above SMA 200; volatility usual "
        "(sigma 0.71 %, higher than on 58 % of the year)."
    )


def test_without_an_index_the_symbols_alone_are_used_and_the_text_says_so() -> None:
    """The reason is given, and the mean is not shown as a price."""
    mean = replace(INDEX, close=131.2, from_closes=True)
    one = symbol("AAA.AX", 0.012, market=IndexFindings(None, NO_PRICES))
    found = state_of(one, mean=mean)
    first, second, _ = market_lines(found)
    assert first == (
        "No prices of ^AXJO (unknown_symbol: no prices of ^AXJO); the mean daily "
        "return of the screened symbols is used instead."
    )
    assert second.startswith("Mean: 0.6 % below SMA 50")
    assert "sigma 0.71 % from closes" in second
    assert market_line(found).startswith("XASX: mean of the symbols below SMA 50")
    assert market_line(state_of(one)).startswith("XASX: no prices of ^AXJO; 1 up")


def test_an_index_that_ends_earlier_says_on_which_session() -> None:
    """An index may be late by some sessions; its notes are shown too."""
    late = replace(
        INDEX,
        session=date(2025, 11, 7),
        against_sma_200=None,
        notes=("SMA 200 missing",),
    )
    found = state_of(symbol("AAA.AX", 0.0, market=IndexFindings(None, state=late)))
    line = market_lines(found)[0]
    assert line.startswith("^AXJO 8,835.90 on 2025-11-07: 0.6 % below SMA 50; ")
    assert line.endswith("; SMA 200 missing.")
