"""The market's state in words, for the terminal and the report."""

from collections.abc import Iterator

from screening.market_state import Breadth, IndexState, MarketState, Share
from screening.report.cells import MINUS, percent, price, signed_percent

CHANGES_NO_CALL = "The market's state changes no call."

AVERAGES = {"SMA 50": "against_sma_50", "SMA 200": "against_sma_200"}
"""The fields of an index by the names of its averages."""


def market_line(state: MarketState) -> str:
    """Return the state as one short line: `Market XASX: ^AXJO above SMA 50, ...`."""
    parts = [*_short_index(state), ", ".join(_day(state.symbols))]
    # A terminal's encoding may lack the report's minus sign.
    return f"{state.exchange}: {'; '.join(filter(None, parts))}".replace(MINUS, "-")


def market_lines(state: MarketState) -> tuple[str, ...]:
    """Return the sentences of the report on one exchange, two or three."""
    symbols = state.symbols
    day = ", ".join(_day(symbols)) or "no returns of the session"
    shares = {
        "above SMA 50": symbols.above_sma_50,
        "above SMA 200": symbols.above_sma_200,
        f"event within {state.lookahead_days} days": symbols.with_event,
    }
    parts = (f"{name}: {_of(share)}" for name, share in shares.items())
    return (
        *_index_lines(state),
        f"{_count(symbols.symbols)}: {day}; {'; '.join(parts)}.",
    )


def sector_cells(breadth: Breadth) -> tuple[str, ...]:
    """Return a sector's symbols, up, down, median, above SMA 50, with an event."""
    move = breadth.median_return
    return (
        str(breadth.symbols),
        _number(breadth.advances),
        _number(breadth.declines),
        "not known" if move is None else signed_percent(move),
        _of(breadth.above_sma_50),
        _of(breadth.with_event),
    )


def _short_index(state: MarketState) -> Iterator[str]:
    index = state.index
    name = state.index_name if not state.index_reason else "mean of the symbols"
    if index is None:
        yield f"no prices of {state.index_name}"
        return
    sides = [
        f"{'above' if value > 0 else 'below'} {average}"
        for average, value in _against(index)
    ]
    volatility = [f"{index.volatility} volatility"] if index.volatility else []
    yield f"{name} {', '.join([*sides, *volatility]) or 'with too short a history'}"


def _index_lines(state: MarketState) -> Iterator[str]:
    index = state.index
    if state.index_reason:
        used = "the mean daily return of the screened symbols is used instead"
        end = used if index else "the market as a whole is not known"
        yield f"No prices of {state.index_name} ({_clause(state.index_reason)}); {end}."
    if index is None:
        return
    name = "Mean" if state.index_reason else f"{state.index_name} {price(index.close)}"
    late = f" on {index.session}" if index.session != state.session else ""
    parts = [_side(average, value) for average, value in _against(index)]
    missing = "".join(f"; {note}" for note in index.notes)
    both = [", ".join(parts), _volatility(index)]
    yield f"{name}{late}: {'; '.join(filter(None, both))}{missing}."


def _against(index: IndexState) -> list[tuple[str, float]]:
    """Return the averages that are known, each with close / average - 1."""
    values = [(name, getattr(index, field)) for name, field in AVERAGES.items()]
    return [(name, value) for name, value in values if value is not None]


def _side(average: str, value: float) -> str:
    return f"{percent(abs(value), 1)} {'above' if value > 0 else 'below'} {average}"


def _volatility(index: IndexState) -> str:
    if index.scale is None:
        return ""
    form = " from closes" if index.from_closes else ""
    sigma = f"sigma {percent(index.scale, 2)}{form}"
    if index.scale_place is None:
        return sigma
    place = f"higher than on {percent(index.scale_place)} of the year"
    return f"volatility {index.volatility} ({sigma}, {place})"


def _day(breadth: Breadth) -> list[str]:
    if breadth.median_return is None:
        return []
    median = f"median {signed_percent(breadth.median_return)}"
    return [f"{breadth.advances} up", f"{breadth.declines} down", median]


def _of(share: Share) -> str:
    return f"{share.count} of {share.known}" if share.known else "not known"


def _count(symbols: int) -> str:
    return f"{symbols} symbol{'' if symbols == 1 else 's'}"


def _number(count: int | None) -> str:
    return "not known" if count is None else str(count)


def _clause(reason: str) -> str:
    """Return the reason without the sentence on how to repair it."""
    return reason.partition("; ")[0].rstrip(".")
