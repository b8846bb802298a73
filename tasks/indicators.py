"""Task: a symbol's stored prices to stored indicators and two of the four voices."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from config.home import write_whole
from config.tables import read_table
from features.indicators import indicator_frame
from features.votes import technical, trend
from screening.findings import IndicatorFindings, PriceFindings
from tasks.night import Night


@task(task_run_name="indicators {symbol} {night.as_of}", cache_policy=NO_CACHE)
def indicators(night: Night, symbol: str, prices: PriceFindings) -> IndicatorFindings:
    """Return where the symbol's indicators lie, the last of them, and their votes."""
    table = indicator_frame(read_table(prices.path))
    path = night.table("indicators", symbol)
    write_whole(path, table.to_parquet)
    return IndicatorFindings(
        path=path,
        last={str(name): float(value) for name, value in table.iloc[-1].items()},
        trend=trend(table),
        technical=technical(table),
    )
