"""Tables of the guard's scorecard."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from cli.output import TABLE_STYLE, literal, say
from cli.render_estimates import cell, value
from evaluation.day_bootstrap import Estimate
from evaluation.scorecard.nights import WITH_DIVIDENDS
from evaluation.scorecard.random_sit_outs import Spread
from evaluation.scorecard.run import GuardEvaluation
from evaluation.scorecard.scorecard import GuardScorecard, PolicyFigures

NO_REPORT = (
    "No report of these stocks is known, so no rule for reports can be judged: write "
    "past ones into event_calendar.csv, or into events/SYMBOL.json of the folder."
)

NAMES = {WITH_DIVIDENDS: "+ dividends"}
"""Names of policies that are too long for a table."""

MAX_NAMED = 12
"""Stocks that the note on wrong times of day names."""


def show_guard_evaluation(found: GuardEvaluation) -> None:
    """Print notices, failed symbols, the scorecard and where its files are."""
    console = Console(highlight=False, emoji=False)
    for notice in found.notices:
        say(console, f"[bold]note[/] {literal(notice)}")
    for symbol, reason in found.failures.items():
        say(console, f"[bold]failed[/] {symbol}: {literal(reason)}")
    show_scorecard(console, found.guard)
    say(console, "In brackets: 95 % intervals that cluster by day")
    say(console, f"Report: {literal(found.files[0].rpartition('/')[0])}")


def show_scorecard(console: Console, card: GuardScorecard) -> None:
    """Print the tables of the scorecard, and what is wrong with the reports."""
    for table in _tables(card):
        console.print(table)
    if not card.reports:
        say(console, f"[bold]note[/] {NO_REPORT}")
    if card.contradicted_times:
        say(console, f"[bold]note[/] {_contradicted(card)}")


def _tables(card: GuardScorecard) -> Iterator[Table]:
    yield _costs(card)
    yield _avoided(card)
    yield _intervals(card)
    if card.reports:
        yield _known(card)


def _policies(card: GuardScorecard) -> Iterator[tuple[str, PolicyFigures]]:
    """Yield names and figures of the policies that sit out any night."""
    for name, policy in card.policies.items():
        if policy.random.count:
            yield NAMES.get(name, name.replace("_", " ")), policy


def _costs(card: GuardScorecard) -> Table:
    title = f"Sit-outs in {card.nights} nights of {len(card.symbols)} stocks"
    headings = ("", "sat out %", "squared returns %", "forgone % a year")
    table = Table(*headings, title=title, **TABLE_STYLE)
    for name, policy in _policies(card):
        table.add_row(
            name,
            cell(policy.sessions, ".1f", 100),
            cell(policy.squared_returns, ".1f", 100),
            cell(policy.forgone_a_year, "+.1f", 100),
        )
    return table


def _avoided(card: GuardScorecard) -> Table:
    title = "Inside the sit-outs, %; at random: as many sit-outs, largest moves"
    headings = ("", "largest 1 %", "worst 1 %", "at random")
    table = Table(*headings, title=title, **TABLE_STYLE)
    for name, policy in _policies(card):
        table.add_row(
            name,
            cell(policy.largest_moves, ".1f", 100),
            cell(policy.worst_losses, ".1f", 100),
            cell(_estimate(policy.random.largest_moves), ".1f", 100),
        )
    return table


def _estimate(spread: Spread) -> Estimate:
    """Return the spread in the form of a table's cell."""
    return Estimate(**spread.model_dump(), count=0, days=0)


def _intervals(card: GuardScorecard) -> Table:
    headings = ("forecast session", "nights", "interval", "in 80 %", "score %")
    title = "80 % intervals around no change"
    table = Table(*headings, title=title, **TABLE_STYLE)
    for group, by_name in card.intervals.items():
        for name, scores in by_name.items():
            if not scores.coverage.count:
                continue
            table.add_row(
                group,
                str(scores.coverage.count),
                name,
                cell(scores.coverage, ".1f", 100),
                value(scores.score, ".2f", 100),
            )
    return table


def _known(card: GuardScorecard) -> Table:
    title = f"What nights knew of {card.reports} reports"
    headings = ("days before", "confirmed", "estimated", "not known")
    table = Table(*headings, title=title, **TABLE_STYLE)
    for known in card.known_in_time:
        counts = (known.lead_days, known.confirmed, known.estimated, known.not_known)
        table.add_row(*map(str, counts))
    return table


def _contradicted(card: GuardScorecard) -> str:
    """Return the sentence on stocks whose times of day must be wrong."""
    symbols = card.contradicted_times
    names = ", ".join(symbols[:MAX_NAMED])
    more = f" and {len(symbols) - MAX_NAMED} more" if len(symbols) > MAX_NAMED else ""
    return (
        f"The times of day of the reports of {names}{more} must be wrong: the price "
        "moves more in the other session that the day allows. The rule `reaction` sits "
        "out the wrong sessions of such a stock; `published` does not need the time."
    )
