"""A night's part in the track record: keep its calls, score the earlier calls."""

from collections.abc import Sequence
from datetime import datetime

import pandas as pd

from config.errors import OvernightError, StorageError, SymbolError
from market_data.prices import CLOSE
from market_data.sources import PriceSource
from market_data.symbols import exchange_of
from pipeline.download import price_table
from pipeline.index import index_closes
from pipeline.plan import RunPlan
from screening.findings import PriceFindings, SymbolFindings
from screening.row import Row
from screening.track_record.calls import make_calls, table_fingerprint
from screening.track_record.closed_months import close_months
from screening.track_record.convert import convert_record
from screening.track_record.ledger import Ledger
from screening.track_record.open_record import read_open_record
from screening.track_record.outcomes import PricedSymbol, days_to_score, score
from screening.track_record.track_record import TrackRecords, records_of_sums


def record_night(
    plan: RunPlan,
    source: PriceSource,
    findings: Sequence[SymbolFindings],
    rows: Sequence[Row],
    made_at: datetime,
) -> tuple[TrackRecords | None, tuple[str, ...]]:
    """Append the night's calls and the outcomes of earlier calls; return the records.

    A ledger that can't be read or written does not fail the night: the records are then
    None. The second value holds sentences about what could not be recorded. Damaged
    prices are downloaded again from `source`.
    """
    ledger = Ledger(plan.home.track_record)
    settings = plan.settings.track_record
    horizons = settings.horizons
    try:
        priced, unpriced = _read_closes(plan, source, findings)
        nights = {pd.Timestamp(found.as_of) for found in priced}
        convert_record(ledger.folder, horizons, plan.as_of, made_at)
        earlier = read_open_record(
            ledger.folder,
            horizons,
            lambda unfinished: nights | days_to_score(unfinished, priced),
        )
        outcomes = score(earlier.calls, earlier.outcomes, priced, horizons, made_at)
        recorded = [row for row in rows if row["symbol"] not in unpriced]
        prices = {by.symbol: by.fingerprint for by in priced}
        calls = make_calls(findings, recorded, prices, plan.source, made_at)
        record = earlier.added(*ledger.append(calls, outcomes, plan.as_of, made_at))
        records = records_of_sums(record.sums(horizons, made_at), settings)
        close_months(ledger.folder, record, horizons, plan.as_of, made_at)
    except Exception as error:  # noqa: BLE001  whatever it is, the night goes on
        kind = "" if isinstance(error, OvernightError) else f"{type(error).__name__}: "
        return None, (f"The night is not in the track record: {kind}{error}",)
    return records, tuple(
        f"{symbol} of this night is not in the track record: {reason}"
        for symbol, reason in unpriced.items()
    )


def _read_closes(
    plan: RunPlan, source: PriceSource, findings: Sequence[SymbolFindings]
) -> tuple[list[PricedSymbol], dict[str, str]]:
    """Return the closes, and the reasons of symbols whose prices can't be read."""
    priced: list[PricedSymbol] = []
    unpriced: dict[str, str] = {}
    for found in findings:
        try:
            if found.prices:
                priced.append(_read_close(plan, source, found, found.prices))
        except (SymbolError, StorageError) as error:
            unpriced[found.symbol] = str(error)
    return priced, unpriced


def _read_close(
    plan: RunPlan, source: PriceSource, found: SymbolFindings, stored: PriceFindings
) -> PricedSymbol:
    """Return the closes of the symbol and of its index that the night used."""
    prices = price_table(plan, found.symbol, stored, source)
    closes = index_closes(plan, found.symbol, found.market, source)
    return PricedSymbol(
        symbol=found.symbol,
        as_of=found.as_of,
        source=plan.source,
        closes=prices[CLOSE],
        fingerprint=table_fingerprint(prices),
        index="" if closes is None else exchange_of(found.symbol).index,
        index_closes=closes,
    )
