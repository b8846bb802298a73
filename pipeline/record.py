"""A night's part in the track record: score what has come due, keep what is said."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from config.errors import DamagedTable, OvernightError, StorageError, SymbolError
from market_data.prices import ADJUSTED_CLOSE, CLOSE
from market_data.sources import PriceSource
from market_data.symbols import exchange_of
from pipeline.download import price_table
from pipeline.index import index_table
from pipeline.plan import RunPlan
from pipeline.request_pace import machine_pace
from screening.findings import PriceFindings, SymbolFindings
from screening.row import Row
from screening.track_record.calls import make_calls, table_fingerprint
from screening.track_record.ledger import Ledger
from screening.track_record.outcomes import PricedSymbol, score
from screening.track_record.track_record import TrackRecords, track_records


def recorded(
    plan: RunPlan,
    findings: Sequence[SymbolFindings],
    rows: Sequence[Row],
    made_at: datetime,
) -> tuple[TrackRecords | None, tuple[str, ...]]:
    """Append the night's calls and the outcomes of earlier ones; return the records.

    The ledger must not cost a night: where it can't be read or written there is no
    record, and a sentence for the head of the run says so.
    """
    ledger = Ledger(plan.home.track_record)
    settings = plan.settings.track_record
    try:
        calls, outcomes = ledger.calls(), ledger.outcomes()
        priced, lost = _all_priced(plan, findings)
        new = score(calls, outcomes, priced, settings.horizons, made_at)
        kept = [row for row in rows if row["symbol"] not in lost]
        said = make_calls(findings, kept, plan.source, made_at)
        ledger.append(said, new, plan.as_of, made_at)
        both = track_records(ledger.calls(), ledger.outcomes(), settings, made_at)
    except Exception as error:  # noqa: BLE001  whatever it is, the night goes on
        kind = "" if isinstance(error, OvernightError) else f"{type(error).__name__}: "
        return None, (f"The night is not in the track record: {kind}{error}",)
    return both, tuple(
        f"{symbol} of this night is not in the track record: {why}"
        for symbol, why in lost.items()
    )


def _all_priced(
    plan: RunPlan, findings: Sequence[SymbolFindings]
) -> tuple[list[PricedSymbol], dict[str, str]]:
    """Return the symbols with their closes, and why others have none any more."""
    rate = plan.settings.prices.requests_per_second
    source = plan.open_feeds(machine_pace(rate)).prices
    priced: list[PricedSymbol] = []
    lost: dict[str, str] = {}
    for found in findings:
        try:
            if found.prices:
                priced.append(_priced(plan, found, found.prices, source))
        except (SymbolError, StorageError) as error:
            lost[found.symbol] = str(error)
    return priced, lost


def _priced(
    plan: RunPlan, found: SymbolFindings, stored: PriceFindings, source: PriceSource
) -> PricedSymbol:
    """Return the symbol's and its index' closes as the night has them."""
    prices = price_table(plan, found.symbol, stored, source)
    name, closes = exchange_of(found.symbol).index, None
    if found.market.path:
        # A damaged index costs the hedge, and no call.
        with suppress(DamagedTable):
            table = index_table(plan, name, found.market.path, source)
            closes = table[ADJUSTED_CLOSE]
    return PricedSymbol(
        symbol=found.symbol,
        as_of=found.as_of,
        source=plan.source,
        closes=prices[CLOSE],
        fingerprint=table_fingerprint(prices),
        index="" if closes is None else name,
        index_closes=closes,
    )
