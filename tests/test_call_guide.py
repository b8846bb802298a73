"""docs/how-a-call-is-made.md: the row worked through by hand is real and correct."""

import re
import subprocess
import sys
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
from modelling.distribution import (
    Distribution,
    next_scales,
    ordinary_sessions,
    standardise,
)
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
    assert told.not_tradable == ""
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


def test_the_model_s_component_is_what_its_forecast_adds() -> None:
    """A forecast of no change adds nothing; 140 of 252 outcomes are a rise."""
    assert number("probability_up") == pytest.approx(140 / 252)
    rise = number("predicted_close") / number("close") - 1
    assert number("predicted_return") == pytest.approx(rise)
    assert number("lstm_direction") == number("lstm_confidence") == rise == 0


def test_the_interval_follows_from_the_guide_s_scale_and_z() -> None:
    """The guide's three proxies give sigma, and its two z give the row's interval."""
    proxies = re.findall(r"^(?:the last|mean of).+ (0\.0\d+)$", GUIDE, re.MULTILINE)
    sigma = (sum(map(float, proxies)) / len(proxies)) ** 0.5
    assert number("return_scale") == pytest.approx(sigma, abs=2e-6)
    sums = re.findall(
        r"^(low|high) +0 \+ 0.009949 x (\S+) = (\S+)$", GUIDE, re.MULTILINE
    )
    for end, z, shown in sums:
        by_hand = number("return_scale") * float(z)
        assert number(f"predicted_return_{end}") == pytest.approx(by_hand, abs=1e-6)
        assert float(shown) == pytest.approx(by_hand, abs=5e-6)
    assert [end for end, _, _ in sums] == ["low", "high"]


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


@pytest.mark.skipif(not MARKET.is_dir(), reason="needs the prices in ../shared/market")
def test_prices_give_the_distribution() -> None:
    """The real prices give the guide's scale, number of z, interval and probability."""
    history = FolderSource(MARKET).fetch("CBA.AX", date(2023, 11, 10), AS_OF)
    prices = adjust_prices(history.frame)
    z = ordinary_sessions(standardise(prices), [])["z"].to_numpy()
    found = Distribution(0.0, float(next_scales(prices).iloc[-1]), z)
    assert found.scale == pytest.approx(number("return_scale"))
    assert len(z) == number("distribution_sessions")
    assert found.low == pytest.approx(number("predicted_return_low"))
    assert found.high == pytest.approx(number("predicted_return_high"))
    assert found.probability_up == pytest.approx(number("probability_up"))


def test_the_guide_s_program_prints_what_the_guide_says() -> None:
    """The Python of the guide runs and prints the text below it."""
    program, printed = re.findall(
        r"```python\n(.+?)```\n\n```text\n(.+?)```", GUIDE, re.DOTALL
    )[0]
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == printed
