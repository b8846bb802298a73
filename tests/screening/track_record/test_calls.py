"""The calls of a night: their columns and their fingerprints."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from made_calls import SESSIONS, night_of
from made_rows import ACTIVE

from config.settings import BlendSettings
from features.component import Component
from features.indicators import INDICATORS
from features.sentiment import NewsSentiment, WeighedHeadline
from market_data.headlines import Headline
from screening.findings import IndicatorFindings, PriceFindings, SymbolFindings
from screening.row import build_row
from screening.track_record.calls import is_live, make_calls, table_fingerprint
from screening.track_record.ledger import CALLS
from storage.tables import read_table

AS_OF = SESSIONS[-1]
AT = night_of(AS_OF)


def prices(folder: Path, last: float = 11.0) -> Path:
    """Return the path of three closes that end with `last`."""
    path = folder / f"{last}.parquet"
    index = pd.DatetimeIndex(SESSIONS[-3:])
    pd.DataFrame({"close": [10.0, 10.5, last]}, index).to_parquet(path)
    return path


def found(folder: Path, **changes: Any) -> SymbolFindings:  # noqa: ANN401
    """Return the findings of a symbol whose trend gives a BUY."""
    last = {"close": 11.0} | dict.fromkeys(INDICATORS, 1.5)
    given: dict[str, Any] = {
        "symbol": "CBA.AX",
        "as_of": AS_OF,
        "forecast_session": date(2025, 10, 1),
        "prices": PriceFindings(prices(folder), 506, "AUD", "folder", ()),
        "indicators": IndicatorFindings(
            Path("i"),
            last,
            Component(1, 1),
            Component(0.5, 1),
            ACTIVE,
        ),
    }
    return SymbolFindings(**(given | changes))


def kept(*findings: SymbolFindings) -> list[dict[str, Any]]:
    """Return the calls that the ledger keeps for these symbols."""
    rows = [build_row(one, AT, BlendSettings()) for one in findings]
    known = {
        one.symbol: table_fingerprint(read_table(one.prices.path))
        for one in findings
        if one.prices
    }
    calls = make_calls(findings, rows, known, "folder", AT)
    return CALLS.validate(calls).to_dict("records")


def inputs(findings: SymbolFindings) -> str:
    """Return the fingerprint of a call's inputs."""
    (call,) = kept(findings)
    return str(call["inputs_fingerprint"])


def test_a_call_holds_the_cells_of_the_row(tmp_path: Path) -> None:
    """Score, call, components, haircut and beta are those of the CSV, else NaN."""
    findings = found(tmp_path)
    row = build_row(findings, AT, BlendSettings())
    (call,) = kept(findings)
    assert (call["call"], call["score"]) == (row["prediction"], row["score"])
    assert call["trend_weight"] == row["trend_weight"]
    assert call["haircut"] == row["event_weight_haircut"]
    assert np.isnan(call["lstm_direction"])
    assert call["model_fingerprint"] == ""
    assert call["live"]


def test_a_failed_symbol_has_no_call(tmp_path: Path) -> None:
    """The ledger keeps only symbols with a prediction."""
    broken = found(tmp_path, symbol="ANZ.AX", failure="too_short: 40 sessions")
    assert [one["symbol"] for one in kept(found(tmp_path), broken)] == ["CBA.AX"]


def test_equal_inputs_have_equal_fingerprints(tmp_path: Path) -> None:
    """The file's path and the time of the run do not change the fingerprint."""
    again = tmp_path / "again"
    again.mkdir()
    assert inputs(found(tmp_path)) == inputs(found(again))


def headline(polarity: float) -> NewsSentiment:
    """Return news of one headline of this polarity."""
    read_line = Headline("CBA rises", AT, "", "wire")
    read = (WeighedHeadline(read_line, polarity, 1.0),)
    return NewsSentiment(Component(polarity, 0.3), "lexicon", 1, read)


def test_a_changed_price_or_headline_changes_the_fingerprint(tmp_path: Path) -> None:
    """A changed price or polarity changes the fingerprint of the inputs."""
    plain = found(tmp_path)
    moved = (
        replace(plain.prices, path=prices(tmp_path, 11.01)) if plain.prices else None
    )
    others = [
        replace(plain, prices=moved),
        replace(plain, news=headline(0.5)),
        replace(plain, news=headline(0.4)),
        replace(plain, events=replace(plain.events, risk_score=0.45)),
    ]
    assert len({inputs(one) for one in [plain, *others]}) == 5


def test_a_tables_fingerprint_covers_numbers_and_sessions(tmp_path: Path) -> None:
    """Other days change the fingerprint, another time unit does not."""
    table = pd.read_parquet(prices(tmp_path))
    later = table.set_axis(table.index + pd.Timedelta(days=1))
    in_seconds = table.set_axis(pd.DatetimeIndex(table.index).as_unit("s"))
    assert table_fingerprint(later) != table_fingerprint(table)
    assert table_fingerprint(in_seconds) == table_fingerprint(table)


@pytest.mark.parametrize(
    ("symbol", "live"), [("CBA.AX", False), ("BP.L", True), ("AAPL", True)]
)
def test_each_exchange_opens_at_its_own_time(symbol: str, live: bool) -> None:  # noqa: FBT001
    """At 23:30 UTC Sydney has opened for Tuesday; London and New York have not."""
    at = datetime(2025, 11, 10, 23, 30, tzinfo=UTC)
    assert is_live(symbol, date(2025, 11, 10), at) is live
