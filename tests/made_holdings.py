"""Holdings of invented nights, for tests."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
from made_morning import AS_OF, RUN_AT, event, past_reactions, screened, with_events
from made_rows import DISTRIBUTION

from config.settings import BlendSettings
from screening.findings import SymbolFindings
from screening.holdings.holdings_file import parse_holdings
from screening.holdings.night import NightHoldings, ScreenedSymbol, night_holdings
from screening.row import build_row
from screening.table import csv_cells

FILE = """symbol,quantity,cost,currency
AAA.AX,100,40,AUD
BBB.AX,-50,,
SHEL.L,1000,2000,GBp
NONE.AX,5,,
CCC.AX,several,,
"""
REPORT = date(2025, 11, 12)


def held(text: str = FILE) -> NightHoldings:
    """Return the holdings of a night: two stocks in Sydney report, one is in London."""
    past = replace(DISTRIBUTION, past=past_reactions(0.03, -0.04, 0.01, 0.07))
    report = event(REPORT)
    found = {
        "AAA.AX": with_events(screened("AAA.AX", distribution=past), report),
        "BBB.AX": with_events(screened("BBB.AX"), report),
        "SHEL.L": screened("SHEL.L"),
    }
    return night_holdings(
        AS_OF,
        parse_holdings(text.encode(), AS_OF),
        {symbol: known(one) for symbol, one in found.items()},
    )


def known(found: SymbolFindings) -> ScreenedSymbol:
    """Return the symbol's row and 120 standardised returns."""
    row = csv_cells(build_row(found, RUN_AT, BlendSettings()))
    currency = "GBp" if found.symbol.endswith(".L") else "AUD"
    days = pd.date_range(end=AS_OF, periods=120, freq="B")
    z = np.random.default_rng(list(found.symbol.encode())).normal(size=len(days))
    changed = row | {"currency": currency, "previous_prediction": "SELL"}
    return ScreenedSymbol(changed, found, pd.Series(z, days))
