"""The verdict: how the run ended, and why."""

from dataclasses import replace
from datetime import date

import pytest
from made_morning import AS_OF, FACTS, failed, morning, screened

from screening.findings import SymbolFindings
from screening.report.facts import ExchangeSession, NightFacts
from screening.report.page import morning_report
from screening.report.verdict import Verdict, verdict
from screening.report.views import symbol_views

GOOD, GONE = screened("AAA.AX"), failed("GONE.AX")


def verdict_on(*findings: SymbolFindings, night: NightFacts = FACTS) -> Verdict:
    """Return the verdict on a night of these findings."""
    return verdict(night, symbol_views(morning(findings, night=night)))


def degraded(symbol: str) -> SymbolFindings:
    """Return the findings of a symbol with a defect in its prices."""
    base = screened(symbol)
    assert base.prices
    return replace(base, prices=replace(base.prices, defects=("a jump on 2025-08-14",)))


@pytest.mark.parametrize(
    ("findings", "level", "headline"),
    [
        ((GOOD,), "good", "1 of 1 symbols usable"),
        ((GOOD, GONE), "mixed", "1 of 2 symbols usable, 1 failed"),
        ((degraded("BBB.AX"),), "mixed", "1 of 1 symbols usable, 1 with a defect"),
        (
            (GOOD, GONE, failed("NO.AX")),
            "bad",
            "The run failed: only 1 of 3 symbols are usable",
        ),
        ((GONE,), "bad", "The run failed: none of 1 symbols is usable"),
    ],
)
def test_the_headline_counts(
    findings: tuple[SymbolFindings, ...], level: str, headline: str
) -> None:
    """Usable, defective and failed symbols are counted; too few are a failed run."""
    found = verdict_on(*findings)
    assert (found.level, found.headline) == (level, headline)


def test_failed_and_degraded_symbols_have_their_reasons() -> None:
    """Each symbol is listed with its defect or failure."""
    found = verdict_on(GOOD, GONE, degraded("BBB.AX"))
    assert [(one.subject, one.text[:14]) for one in found.failed] == [
        ("GONE.AX", "unknown_symbol")
    ]
    assert [(one.subject, one.text) for one in found.degraded] == [
        ("BBB.AX", "a jump on 2025-08-14")
    ]


def test_the_session_is_compared_with_the_expected_session() -> None:
    """A live night is as expected; a replay names the last session."""
    (sentence,) = verdict_on(GOOD).sessions
    assert sentence.endswith("as expected")
    later = ExchangeSession("XASX", AS_OF, date(2026, 2, 3))
    replay = replace(FACTS, sessions=(later,))
    (sentence,) = verdict_on(GOOD, night=replay).sessions
    assert "2025-11-10, a past one" in sentence
    assert "2026-02-03" in sentence
    assert replay.is_replay
    assert not FACTS.is_replay


def test_a_notice_makes_the_level_mixed() -> None:
    """Something missing for all symbols lowers the level."""
    assert (
        verdict_on(GOOD, night=replace(FACTS, notices=("no model",))).level == "mixed"
    )


def test_the_sources_are_counted() -> None:
    """The sources count the symbols that they were used for."""
    sources = {one.subject: one.text for one in verdict_on(GOOD, GONE).sources}
    assert sources["prices"] == "folder for 1"
    assert sources["events"] == "unknown for 2"
    assert sources["news"] == "read by lexicon for 0 of 2"
    assert sources["models"] == "fresh for 1; used for 1 of 2"


def test_calls_on_which_nobody_can_act_are_counted() -> None:
    """The count of HOLD says how many of them are not tradable; the page says why."""
    still = replace(GOOD.distribution, scale=0.001)
    found = replace(GOOD, distribution=still)
    hold = verdict_on(found).calls[1]
    assert (hold.name, hold.number, hold.note) == ("HOLD", 1, "1 not tradable")
    page = morning_report(morning([found, screened("BBB.AX")]))
    assert "Nobody can act on this call: it hardly moves: 0.100%" in page
    assert page.count(" data-inert") == 1
