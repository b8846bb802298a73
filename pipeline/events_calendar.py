"""Writes the coming events of a live night to `reports/events.ics`."""

from collections.abc import Sequence

from config.errors import OvernightError
from pipeline.plan import RunPlan
from screening.events_calendar import CalendarNight, update_calendar
from screening.findings import SymbolFindings
from storage.home import write_atomic
from storage.paths import read_bytes

MAX_BYTES = 50_000_000
"""A larger file is not read; 10,000 events take 5 MB."""


def write_events_calendar(
    plan: RunPlan, findings: Sequence[SymbolFindings]
) -> tuple[str, ...]:
    """Write the file; return a sentence if it could not be written.

    A replay writes nothing: its events are those of the past.
    """
    live = [found for found in findings if not plan.is_replay(found.symbol)]
    if not live:
        return ()
    path = plan.home.events_calendar
    night = CalendarNight(
        plan.run_at,
        frozenset(plan.holdings.symbols),
        plan.settings.guard.same_event_days,
    )
    try:
        try:
            earlier = read_bytes(path, MAX_BYTES)
        except FileNotFoundError:
            earlier = b""
        write_atomic(path, update_calendar(earlier, live, night))
    except Exception as error:  # noqa: BLE001  whatever it is, the night goes on
        kind = "" if isinstance(error, OvernightError) else f"{type(error).__name__}: "
        return (f"{path.name} could not be written: {kind}{str(error)[:200]}",)
    return ()
