"""Which closes change the calls of a night, from the night's own tables."""

from collections.abc import Mapping, Sequence

from pipeline.attempt import attempt
from pipeline.indicators import indicator_table
from pipeline.plan import RunPlan
from screening.findings import IndicatorFindings, SymbolFindings
from screening.price_changes import NOT_FOUND, PriceChanges
from screening.price_changes_file import read_price_changes, write_price_changes
from screening.price_search import price_changes
from screening.row import Row
from screening.table import csv_cells


def price_changes_of_night(
    plan: RunPlan, findings: Sequence[SymbolFindings], rows: Sequence[Row]
) -> Mapping[str, PriceChanges]:
    """Return which closes change the call of each row with indicators, and store them.

    Kept rows have what their own run stored. A symbol that fails has the reason; a
    store that refuses costs only later readers.
    """
    cells = {row["symbol"]: csv_cells(row) for row in rows}
    found = read_price_changes(plan.home, plan.as_of)
    found = {symbol: known for symbol, known in found.items() if symbol in cells}
    for one in findings:
        found.pop(one.symbol, None)
        if one.indicators and cells.get(one.symbol, {}).get("score"):
            found[one.symbol] = _of_symbol(plan, one, one.indicators, cells[one.symbol])
    attempt(write_price_changes, plan.home, plan.as_of, found)
    return found


def _of_symbol(
    plan: RunPlan,
    one: SymbolFindings,
    indicators: IndicatorFindings,
    cells: Mapping[str, str],
) -> PriceChanges:
    def search() -> PriceChanges:
        table = indicator_table(plan, one.symbol, indicators)
        return price_changes(cells, table, plan.settings.blend)

    found, reason = attempt(search)
    return found or NOT_FOUND.model_copy(update={"reason": reason.rstrip(".")})
