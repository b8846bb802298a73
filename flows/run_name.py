"""How runs are called in Prefect: flow, symbols and night."""

from datetime import UTC, datetime
from typing import Any

from prefect.runtime import flow_run

from config.errors import OvernightError
from config.plain_text import plain_text
from market_data.selection import Selection, Symbols
from pipeline.plan import plan_run

SHOWN_SYMBOLS = 3


def run_name() -> str:
    """Return a run's name, e.g. `overnight-screening asx_priority 2025-11-10`."""
    asked = dict(flow_run.parameters)
    for only_this_flows in ("force", "only"):
        asked.pop(only_this_flows, None)
    if "symbol" in asked:
        asked["selection"] = Symbols(symbols=(asked.pop("symbol"),))
    asked.setdefault("train", "always")
    told = _told(asked["selection"])
    return plain_text(f"{flow_run.flow_name} {told} {_night_of(asked)}")


def _told(selection: Selection) -> str:
    """Return the list's name, or the first of the symbols."""
    if not isinstance(selection, Symbols):
        (said,) = selection.model_dump(mode="json").values()
        return str(said)
    named = " ".join(selection.symbols[:SHOWN_SYMBOLS]).upper()
    more = len(selection.symbols) - SHOWN_SYMBOLS
    return f"{named} and {more} more" if more > 0 else named


def _night_of(asked: dict[str, Any]) -> str:
    """Return the as-of date; what can't be planned fails in the run, not here."""
    try:
        return str(plan_run(**asked, now=datetime.now(UTC)).as_of)
    except OvernightError:
        return str(asked["as_of"] or "latest")
