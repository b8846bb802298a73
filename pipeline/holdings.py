"""The holdings of a night, with the standardised returns that its tables hold."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from config.errors import DamagedTable, StorageError
from market_data.symbols import file_stem
from pipeline.distributions import MIXTURE, ORDINARY, REACTION, STAGE
from screening.findings import SymbolFindings
from screening.holdings.holdings_file import HoldingsFile
from screening.holdings.night import NightHoldings, ScreenedSymbol, night_holdings
from screening.report.row_findings import parse_findings
from storage.paths import StoragePath
from storage.tables import read_signed

DRAWN = {"yes": REACTION, "possible": MIXTURE}
"""The kind of outcomes of the forecast session, by `event_reaction`."""


def read_night_holdings(
    as_of: date,
    tables: StoragePath,
    held: HoldingsFile,
    rows: Iterable[Mapping[str, str]],
    findings: Mapping[str, SymbolFindings],
) -> NightHoldings:
    """Return the holdings on a published night, whose CSV has the `rows`.

    `tables` is the folder of the night's tables. A symbol without findings has those
    that its row holds; one whose table can't be read is not in the book.
    """
    texts = {row["symbol"]: row for row in rows}
    screened = {
        symbol: _read_table(
            tables,
            ScreenedSymbol(
                texts[symbol], findings.get(symbol) or parse_findings(texts[symbol])
            ),
        )
        for symbol in held.symbols
        if symbol in texts
    }
    return night_holdings(as_of, held, screened)


def _read_table(tables: StoragePath, found: ScreenedSymbol) -> ScreenedSymbol:
    """Return the symbol with the z of its table, or with the reason why it has none."""
    symbol = found.row["symbol"]
    if not found.row["return_scale"]:
        return found
    try:
        path = tables / STAGE / f"{file_stem(symbol)}.parquet"
        table = read_signed(path, symbol=symbol, stage=STAGE)
        ordinary = table.loc[table[ORDINARY], "z"]
        kind = DRAWN.get(found.row["event_reaction"])
        drawn = table.loc[table[kind], "z"].to_numpy() if kind else None
    except (DamagedTable, StorageError) as error:
        return replace(found, fault=error.problem)
    except KeyError as error:
        return replace(found, fault=f"the night's table lacks {error}")
    return replace(found, ordinary=ordinary, drawn=drawn)
