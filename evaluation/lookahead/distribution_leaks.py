"""Checks that a night's distribution uses no reaction and no price of a later session.

The night runs twice, with two futures. Sources name reports before and after it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import ClassVar

import pandas as pd

from evaluation.lookahead.leaks import LeakCheck
from evaluation.lookahead.source_leaks import with_another_future
from evaluation.past_night import PrefetchedPrices, plan_past_night
from market_data.prices import PriceHistory
from market_data.sources import PriceSource
from pipeline.distributions import PAST_REACTION, distributions
from pipeline.download import download
from pipeline.events import events
from pipeline.plan import RunPlan
from pipeline.sources import NewsAndEventSources
from risk_guard.event_sources import EventAnswer
from risk_guard.past_reports import PastReport
from screening.findings import DistributionFindings, SymbolFindings
from storage.home import Home
from storage.tables import read_table

PAST_REPORTS = (150, 90, 30)
"""Sessions before the night on which the company reported, before the open."""

FindDistributions = Callable[
    [RunPlan, PriceSource | None, Sequence[SymbolFindings]],
    Mapping[str, DistributionFindings],
]
"""The stage that is tested."""


@dataclass(frozen=True)
class ListedReports:
    """A list of reports that was retrieved after the night."""

    reports: tuple[PastReport, ...]
    name: ClassVar[str] = "listed"

    def ask(self, symbol: str, as_of: date, now: datetime) -> EventAnswer:  # noqa: ARG002
        """Return all reports, those after the night too."""
        return EventAnswer((), covers_future=False, past_reports=self.reports)


def distribution_checks(
    plan: RunPlan,
    prices: PriceHistory,
    session: date,
    find: FindDistributions = distributions,
) -> list[LeakCheck]:
    """Check past reactions, own share and scale of the first symbol's night.

    Of the listed reports the price reacts to two after `session`: to one that came
    after its close, and to one before the next open.
    """
    plain, reacting = _run_night(plan, "plain", prices, session, find)
    other = with_another_future(prices, session)
    altered, _ = _run_night(plan, "altered", other, session, find)
    future = f"future after {session}"
    late = [day for day in reacting if day > session]
    leak = f"a night of {session} uses the reaction of {late[0]}" if late else ""
    if not reacting or plain.outcomes is None:
        leak = plain.reason or "the night has no past reaction"
    clean = f"{len(plain.past)} reactions, all of them by {session}"
    return [
        LeakCheck.from_leak("past reactions", leak, clean),
        LeakCheck.from_comparison(
            "own share", future, same=plain.own_share == altered.own_share
        ),
        LeakCheck.from_comparison("scale", future, same=plain.scale == altered.scale),
    ]


def _run_night(
    plan: RunPlan,
    name: str,
    prices: PriceHistory,
    session: date,
    find: FindDistributions,
) -> tuple[DistributionFindings, list[date]]:
    """Return the night's distribution, and the sessions of all its past reactions."""
    symbol = plan.symbols[0]
    own = replace(plan, home=Home(plan.home.root / f"distribution-{name}"))
    night = plan_past_night(own, symbol, session)
    source = PrefetchedPrices({symbol: prices})
    stored = download(night, source, symbol)
    listed = ListedReports(_reports(prices.frame.index, session))
    known = events(
        night, NewsAndEventSources((listed,), None, None, "", ()), symbol, stored
    )
    findings = SymbolFindings(
        symbol,
        night.as_of_for(symbol),
        night.forecast_session(symbol),
        prices=stored,
        known_events=known,
    )
    found = find(night, source, [findings])[symbol]
    days = [past.session for past in found.past]
    if found.path:
        table = read_table(found.path)
        days += [day.date() for day in table.index[table[PAST_REACTION]]]
    return found, sorted(days)


def _reports(sessions: pd.Index, session: date) -> tuple[PastReport, ...]:
    """Return reports before the night, one after its close, and one of the next day."""
    days = pd.DatetimeIndex(sessions).date
    before, after = days[days < session], days[days > session]
    name = ListedReports.name
    return (
        *(PastReport(before[-back], "before_open", name) for back in PAST_REPORTS),
        PastReport(session, "after_close", name),
        PastReport(after[0], "before_open", name),
    )
