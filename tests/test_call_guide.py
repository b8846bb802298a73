"""docs/how-a-call-is-made.md: the row worked through by hand is real and correct."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from config.settings import BlendSettings, Settings
from features.component import Component
from features.indicators import indicator_frame
from features.votes import technical, trend
from market_data.folder import FolderSource
from market_data.prices import adjust_prices
from screening.blend import COMPONENTS, blend
from screening.columns import COLUMNS
from screening.explanation import explain

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "how-a-call-is-made.md").read_text(encoding="utf-8")
CELLS = dict(re.findall(r"^\| `(\w+)` \| (\S+) \|$", GUIDE, re.MULTILINE))
MARKET = ROOT.parent / "shared" / "market"
AS_OF = date(2025, 11, 10)


def number(name: str) -> float:
    """Return a cell of the guide's row."""
    return float(CELLS[name])


def test_the_row_follows_from_its_own_columns() -> None:
    """`explain` finds no difference in the row that the guide shows."""
    heading = {
        "symbol": "CBA.AX",
        "exchange": "XASX",
        "as_of": "2025-11-10",
        "forecast_session": "2025-11-11",
    }
    assert set(CELLS) <= set(COLUMNS)
    told = explain(dict.fromkeys(COLUMNS, "") | heading | CELLS, Settings())
    assert told.differs == ()
    assert told.haircut_by_risk == number("event_weight_haircut")
    assert [part.points for part in told.risk] == [0.45, 0.20]
    shown = re.findall(r"^\| (\w+) \|.*\| \+(0\.\d+) \|$", GUIDE, re.MULTILINE)
    assert shown == [(one.component, f"{one.contribution:.4f}") for one in told.terms]


def test_the_blend_gives_the_call() -> None:
    """Directions and confidences of the row make its score, confidence and call."""
    components = {
        component: Component(
            number(f"{component}_direction"), number(f"{component}_confidence")
        )
        for component in COMPONENTS[:3]
    } | {"finbert": Component.missing("no FinBERT")}
    answer = blend(components, number("event_weight_haircut"), BlendSettings())
    assert answer
    assert answer.call == CELLS["prediction"]
    assert answer.score == pytest.approx(number("score"))
    assert answer.confidence_pct == pytest.approx(number("confidence"))
    for component, weight in answer.weights.items():
        assert weight == pytest.approx(number(f"{component}_weight"))


def test_the_model_s_component_follows_from_its_probability() -> None:
    """23 of 42 errors leave the forecast above zero; the haircut comes off after."""
    lean = 2 * number("probability_up") - 1
    assert number("probability_up") == pytest.approx(23 / 42)
    assert number("lstm_confidence") == pytest.approx(abs(lean))
    cut = number("lstm_confidence") * number("position_scale")
    assert number("lstm_confidence_after_haircut") == pytest.approx(cut)
    rise = number("predicted_close") / number("close") - 1
    assert number("predicted_return") == pytest.approx(rise)


@pytest.mark.skipif(not MARKET.is_dir(), reason="needs the prices in ../shared/market")
def test_prices_give_the_indicators_and_their_components() -> None:
    """The real prices give the guide's indicators and its two components again."""
    history = FolderSource(MARKET).fetch("CBA.AX", date(2023, 11, 10), AS_OF)
    frame = indicator_frame(adjust_prices(history.frame))
    last: Any = frame.iloc[-1]
    for name in ("close", "sma_20", "sma_50", "rsi", "macd", "macd_signal"):
        assert last[name] == pytest.approx(number(name))
    for name, component in (("trend", trend(frame)), ("technical", technical(frame))):
        assert component.direction == pytest.approx(number(f"{name}_direction"))
        assert component.confidence == pytest.approx(number(f"{name}_confidence"))
