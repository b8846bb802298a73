"""The day's largest moves and the results of sit-outs."""

from dataclasses import replace
from datetime import date
from typing import Any

from made_morning import AS_OF, FACTS, event, morning, screened, with_events

from screening.market_state import SymbolState
from screening.report.day_moves import day_moves, sit_out_results
from screening.report.facts import EarlierNight
from screening.report.views import SymbolView, symbol_views
from screening.table import csv_cells


def moved(symbol: str, move: float | None, *events: Any) -> Any:  # noqa: ANN401
    """Return the findings of a symbol whose close moved so much in the session."""
    found = with_events(screened(symbol), *events)
    assert found.indicators
    state = SymbolState(AS_OF, move, True, True)  # noqa: FBT003
    return replace(found, indicators=replace(found.indicators, state=state))


def views(*findings: Any) -> tuple[SymbolView, ...]:  # noqa: ANN401
    """Return the report's views of these symbols."""
    return symbol_views(morning(findings))


def night_before(symbol: str, **cells: str) -> EarlierNight:
    """Return the night before, sat out, with a score for BUY."""
    (row,) = morning([screened(symbol)]).rows
    known = {
        "as_of": "2025-11-07",
        "forecast_session": AS_OF.isoformat(),
        "event_skip_trading": "true",
        "score": "0.31",
        "predicted_return_low": "-0.02",
        "predicted_return_high": "0.02",
    }
    return EarlierNight(date(2025, 11, 7), (csv_cells(row) | known | cells,))


REPORT = event(AS_OF, "basel_iii", title="Pillar 3 report")


def test_the_largest_move_has_its_event() -> None:
    """The event, the sit-out and the interval of the night before are named."""
    shown = views(moved("CBA.AX", -0.066, REPORT), moved("BHP.AX", 0.01))
    first, second = day_moves(shown, night_before("CBA.AX"))
    assert (first.symbol, first.move) == ("CBA.AX", -0.066)
    assert first.text == (
        "basel_iii 2025-11-10 Pillar 3 report; the guard had sat it out; outside the "
        "80 % interval of the night before (\u22122.00 % to +2.00 %)"
    )
    assert second.text == "no known event explains it"


def test_a_move_that_is_not_known_is_left_out() -> None:
    """Neither None nor a move of 0 is a large move."""
    assert day_moves(views(moved("A.AX", None), moved("B.AX", 0.0)), None) == ()


def test_a_sit_out_saved_what_the_close_fell() -> None:
    """The result has the move and the call that the score would have made."""
    shown = views(moved("CBA.AX", -0.066, REPORT))
    (found,) = sit_out_results(shown, night_before("CBA.AX"), FACTS)
    assert found.text == (
        "saved a holder 6.60 %: so much its close fell on 2025-11-10; by its score "
        "the call would have been BUY"
    )


def test_a_sit_out_of_another_session_has_no_result() -> None:
    """Only the session that the earlier night forecast counts."""
    shown = views(moved("CBA.AX", -0.066))
    late = night_before("CBA.AX", forecast_session="2025-11-07")
    assert sit_out_results(shown, late, FACTS) == ()
    traded = night_before("CBA.AX", event_skip_trading="false")
    assert sit_out_results(shown, traded, FACTS) == ()
