"""One symbol's stages: their order, and how a failure becomes a reason."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from made_rows import ACTIVE, DISTRIBUTION

from config.errors import Unreachable
from features.component import Component
from features.sentiment import NewsSentiment
from market_data.selection import Symbols
from modelling.freshness import ModelState
from pipeline.plan import RunPlan, RunRequest, plan_run
from pipeline.sentiment import News
from pipeline.symbol import Stages, screen_all, screen_symbol
from risk_guard.assessment import EventAssessment
from risk_guard.known_events import KnownEvents
from screening.findings import (
    HeadlineFindings,
    IndexFindings,
    IndicatorFindings,
    ModelFindings,
    PriceFindings,
    SymbolFindings,
)

VOTE = Component(1.0, 1.0)
NEWS = NewsSentiment(Component.missing("no_news"), "off")
SAFE = EventAssessment(status="none", haircut=0.0, sit_out=False, warning="")


@pytest.fixture
def plan(tmp_path: Path) -> RunPlan:
    """Return the plan of a night for two symbols."""
    return plan_run(
        RunRequest(
            selection=Symbols(symbols=("CBA.AX", "AAPL")),
            as_of=date(2025, 11, 10),
            train="never",
            home=tmp_path,
        ),
        now=datetime(2025, 11, 11, 8, 30, tzinfo=UTC),
    )


def stages(called: list[str], **changes: Callable[..., Any]) -> Stages:
    """Return stages that only note that they were called."""

    def stage(name: str, found: object) -> Callable[..., Any]:
        def run(symbol: str, *_inputs: object) -> object:
            called.append(f"{name} {symbol}")
            return found

        return run

    prices = PriceFindings(Path("p"), 500, "AUD", "yahoo", ())
    plain = {
        "download": stage("download", prices),
        "indicators": stage(
            "indicators",
            IndicatorFindings(Path("i"), {}, VOTE, VOTE, ACTIVE),
        ),
        "train": stage("train", None),
        "resumed": lambda _: (),
        "forecast": stage(
            "forecast", ModelFindings(ModelState("missing", None), None, None)
        ),
        "headlines": stage("headlines", HeadlineFindings(())),
        "events": stage("events", KnownEvents(())),
        "guard": stage("guard", SAFE),
        "index": stage("index", IndexFindings(Path("x"))),
        "read_headlines": lambda found: News(dict.fromkeys(found, NEWS)),
        "distributions": lambda found: {one.symbol: DISTRIBUTION for one in found},
    }
    return Stages(**(plain | changes))


def fail(error: Exception) -> Callable[..., Any]:
    """Return a stage that raises the error."""

    def run(*_inputs: object) -> object:
        raise error

    return run


def screened(plan: RunPlan, **changes: Callable[..., Any]) -> SymbolFindings:
    """Return what CBA.AX's stages find when some of them are replaced."""
    return screen_symbol(plan, stages([], **changes), "CBA.AX")


def test_the_stages_run_in_this_order(plan: RunPlan) -> None:
    """Per symbol the six stages; then headlines, each index, and the guard."""
    called: list[str] = []
    found, _ = screen_all(plan, stages(called))
    each = ["download", "indicators", "train", "forecast", "headlines", "events"]
    assert called == [
        *(f"{stage} CBA.AX" for stage in each),
        *(f"{stage} AAPL" for stage in each),
        "index ^AXJO",
        "index ^GSPC",
        "guard CBA.AX",
        "guard AAPL",
    ]
    assert [one.symbol for one in found] == ["CBA.AX", "AAPL"]


@pytest.mark.parametrize("stage", ["download", "indicators", "forecast"])
def test_a_failure_becomes_the_row_s_reason(plan: RunPlan, stage: str) -> None:
    """The later stages of the symbol are left out; events are still asked for."""
    found = screened(plan, **{stage: fail(Unreachable("Yahoo does not answer."))})
    assert found.failure == "unreachable: Yahoo does not answer."
    assert found.known_events == KnownEvents(())


def test_a_failed_training_costs_no_row(plan: RunPlan) -> None:
    """The present model forecasts, and the reason is kept apart."""
    found = screened(plan, train=fail(Unreachable("no process.")))
    assert found.failure is None
    assert found.training_failure == "unreachable: no process."
    assert found.model is not None


def test_an_unexpected_error_is_named_with_its_type(plan: RunPlan) -> None:
    """Whatever a stage raises stays with its symbol."""
    found = screened(plan, indicators=fail(KeyError("close")))
    assert found.failure == (
        "unexpected error (KeyError: 'close'); run the symbol again with --debug for "
        "the traceback."
    )


def test_failed_events_are_unknown_events(plan: RunPlan) -> None:
    """Without an answer the guard is given the reason as a gap: it fails closed."""
    found = screened(plan, events=fail(ValueError("torn")))
    assert found.known_events.events == ()
    assert "ValueError: torn" in found.known_events.gaps[0]


def test_a_failed_guard_is_unknown_events(plan: RunPlan) -> None:
    """The row keeps the least haircut of unknown events."""
    found, _ = screen_all(plan, stages([], guard=fail(ValueError("torn"))))
    assert {one.events.status for one in found} == {"unknown"}
    assert min(one.events.haircut for one in found) >= 0.2


def test_a_failed_index_costs_the_hedge_only(plan: RunPlan) -> None:
    """The guard runs without it, and the reason is kept."""
    broken = fail(Unreachable("no index."))
    found, _ = screen_all(plan, stages([], index=broken))
    assert {one.market for one in found} == {
        IndexFindings(None, "unreachable: no index.")
    }
    assert {one.events for one in found} == {SAFE}


def test_resumed_stages_are_named(plan: RunPlan) -> None:
    """What an earlier run had done is in the findings."""
    given = replace(stages([]), resumed=lambda _: ("download",))
    assert screen_symbol(plan, given, "CBA.AX").resumed == ("download",)
