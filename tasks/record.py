"""A night's part in the track record: score what has come due, keep what is said."""

from collections.abc import Sequence
from datetime import datetime

from config.errors import OvernightError
from config.places import AnyPath
from config.tables import read_table
from market_data.prices import ADJUSTED_CLOSE, CLOSE
from market_data.symbols import exchange_of
from screening.calls import made_calls, table_fingerprint
from screening.findings import SymbolFindings
from screening.ledger import Ledger
from screening.outcomes import PricedSymbol, scored
from screening.row import Row
from screening.track_record import TrackRecords, track_records
from tasks.night import Night


def recorded(
    night: Night,
    findings: Sequence[SymbolFindings],
    rows: Sequence[Row],
    made_at: datetime,
) -> tuple[TrackRecords | None, tuple[str, ...]]:
    """Append the night's calls and the outcomes of earlier ones; return the records.

    The ledger must not cost a night: where it can't be read or written there is no
    record, and a sentence for the head of the run says so.
    """
    ledger = Ledger(night.home.track_record)
    settings = night.settings.track_record
    try:
        calls, outcomes = ledger.calls(), ledger.outcomes()
        priced = [
            _priced(night, one, one.prices.path) for one in findings if one.prices
        ]
        new = scored(calls, outcomes, priced, settings.horizons, made_at)
        said = made_calls(findings, rows, night.source, made_at)
        ledger.append(said, new, night.as_of, made_at)
        both = track_records(ledger.calls(), ledger.outcomes(), settings, made_at)
    except Exception as error:  # noqa: BLE001  whatever it is, the night goes on
        kind = "" if isinstance(error, OvernightError) else f"{type(error).__name__}: "
        return None, (f"The night is not in the track record: {kind}{error}",)
    return both, ()


def _priced(night: Night, found: SymbolFindings, path: AnyPath) -> PricedSymbol:
    """Return the symbol's and its index' closes as the night has them."""
    prices = read_table(path)
    index = found.market.path
    return PricedSymbol(
        symbol=found.symbol,
        as_of=found.as_of,
        source=night.source,
        closes=prices[CLOSE],
        fingerprint=table_fingerprint(prices),
        index=exchange_of(found.symbol).index if index else "",
        index_closes=read_table(index)[ADJUSTED_CLOSE] if index else None,
    )
