"""A report over several runs of one night: what is kept, and from which run."""

from dataclasses import replace
from datetime import date, timedelta

from made_morning import (
    AS_OF,
    RUN_AT,
    event,
    failed,
    headline,
    morning,
    screened,
    with_events,
    with_news,
)

from config.settings import BlendSettings
from screening.findings import SymbolFindings
from screening.report.facts import Morning
from screening.report.page import morning_report
from screening.report.reasons import NOT_STORED
from screening.report.row_findings import parse_findings
from screening.report.verdict import verdict
from screening.report.views import symbol_views
from screening.row import build_row
from screening.table import csv_cells, rank

EARLIER = RUN_AT - timedelta(hours=2)
OWN = screened("AAA.AX")


def second_run(
    own: SymbolFindings, *kept: SymbolFindings, stored: bool = True
) -> Morning:
    """Return the morning after a run of one symbol in a night that had others."""
    rows = [build_row(own, RUN_AT, BlendSettings())]
    rows += [build_row(one, EARLIER, BlendSettings()) for one in kept]
    base = morning((own, *kept))
    return replace(
        base,
        rows=rank(rows, BlendSettings()),
        findings=(own, *(kept if stored else ())),
        paths=base.paths if stored else {},
        kept=frozenset(one.symbol for one in kept),
    )


def test_the_verdict_counts_the_night_and_names_the_other_run() -> None:
    """All symbols are counted, and kept symbols are listed with session and run."""
    made = second_run(OWN, screened("BBB.AX"), failed("GONE.AX"))
    found = verdict(made.night, symbol_views(made))
    assert (found.level, found.headline) == (
        "mixed",
        "2 of 3 symbols usable, 1 failed",
    )
    assert found.sessions[-1] == (
        "XASX: session 2025-11-10, 2 symbols kept from the run at 2025-11-10 06:30 UTC"
    )


def test_a_run_that_failed_is_bad_whatever_is_kept() -> None:
    """Good rows of an earlier run do not hide that this run failed."""
    made = second_run(failed("GONE.AX"), screened("AAA.AX"), screened("BBB.AX"))
    found = verdict(made.night, symbol_views(made))
    assert found.level == "bad"
    assert found.headline == (
        "The run failed: none of 1 symbols is usable, 2 more are kept from earlier "
        "runs of this night"
    )


def test_a_kept_row_names_its_run_on_the_page() -> None:
    """Head, ranking and fold-out name the earlier run of a kept row."""
    page = morning_report(second_run(OWN, screened("BBB.AX")))
    assert "1 of 2 symbols are kept from earlier runs of this night" in page
    assert "<small>run 2025-11-10 06:30 UTC</small>" in page
    assert "Kept from the run of this night at" in page
    alone = morning_report(morning((OWN,)))
    assert "<small>run " not in alone
    assert "earlier runs of this night" not in alone


def test_a_row_alone_shows_its_event_score_and_model() -> None:
    """Without stored findings, the page still shows the whole CSV row."""
    window = event(AS_OF, last=date(2025, 11, 14), title="Pillar 3", status="estimated")
    rows = (
        with_news(with_events(screened("BBB.AX"), event(AS_OF)), headline("BBB up")),
        with_events(screened("CCC.AX"), window),
    )
    made = second_run(OWN, *rows, failed("GONE.AX"), stored=False)
    views = {view.symbol: view for view in symbol_views(made)}
    assert views["BBB.AX"].bars.keys() == {
        "lstm", "trend", "technical", "finbert", "haircut", "score"
    }  # fmt: skip
    assert views["BBB.AX"].news_engine == "lexicon"
    assert views["BBB.AX"].no_chart == NOT_STORED
    page = morning_report(made)
    assert "2025-11-10 to 2025-11-14" in page
    assert page.count(NOT_STORED) >= 4
    assert views["CCC.AX"].cells["model_grade"].value == "good"
    assert "unknown_symbol: the source must know" in page


def test_a_row_alone_has_its_distribution() -> None:
    """Interval, scale and probabilities of a row without stored findings are read."""
    kept = screened("BBB.AX")
    made = second_run(OWN, kept, stored=False)
    (row,) = (csv_cells(row) for row in made.rows if row["symbol"] == "BBB.AX")
    found, stored = parse_findings(row).distribution, kept.distribution
    assert (found.scale, found.sessions) == (stored.scale, stored.sessions)
    assert found.outcomes == stored.outcomes
    view = next(v for v in symbol_views(made) if v.symbol == "BBB.AX")
    assert view.interval
    assert (view.interval.low, view.interval.ordinary) == (-0.02, None)


def test_engines_of_several_runs_are_counted_apart() -> None:
    """The verdict names each engine that read headlines."""
    one = with_news(OWN, headline("AAA up"))
    other = with_news(screened("BBB.AX"), headline("BBB up"))
    other = replace(other, news=replace(other.news, engine="finbert"))
    made = second_run(one, other)
    sources = {
        x.subject: x.text for x in verdict(made.night, symbol_views(made)).sources
    }
    assert sources["news"] == "read by finbert for 1 of 2, read by lexicon for 1 of 2"
