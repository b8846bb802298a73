"""Prints the progress of an evaluation, and its metrics when it ends."""

from collections.abc import Iterator, Mapping

from rich.console import Console
from rich.table import Table

from cli.output import TABLE_STYLE, literal, say
from cli.render_estimates import cell, value
from cli.render_guard import show_scorecard
from cli.render_intervals import brier_sentence, interval_tables
from evaluation.evaluate import Evaluation
from evaluation.metrics import CALLS, Judgement

PROGRESS_LINES = 10
"""Lines of progress that one evaluation prints."""


def print_progress(done: int, planned: int) -> None:
    """Print a line on stderr each time a tenth of the refits is done."""
    if done * PROGRESS_LINES // planned > (done - 1) * PROGRESS_LINES // planned:
        line = f"{done} of {planned} refits with their nights"
        Console(stderr=True, highlight=False, emoji=False).print(line)


def show_evaluation(found: Evaluation) -> None:
    """Print failed symbols, metrics as `value [low, high]`, and the report's folder."""
    console = Console(highlight=False, emoji=False)
    for notice in found.notices:
        say(console, f"[bold]note[/] {literal(notice)}")
    for symbol, reason in found.failures.items():
        say(console, f"[bold]failed[/] {symbol}: {literal(reason)}")
    for table in _component_tables(found):
        console.print(table)
    for table in interval_tables(found.figures.intervals):
        console.print(table)
    console.print(_calls(found))
    if found.figures.by_market:
        console.print(_by_market(found))
    console.print(_portfolios(found))
    if found.guard:
        show_scorecard(console, found.guard)
    say(console, _sentences(found))


def _component_tables(found: Evaluation) -> Iterator[Table]:
    """Yield the table of all forecasts, and of those that have an LSTM forecast."""
    judged = found.figures
    title = f"{judged.realized} forecasts of {judged.days} days"
    yield _component_table(title, judged.components)
    chances = judged.components["lstm"].brier_score
    if chances and 0 < chances.count < judged.realized:
        title = f"The {chances.count} of them with an LSTM forecast"
        yield _component_table(title, judged.where_lstm_spoke)


def _component_table(title: str, judgements: Mapping[str, Judgement]) -> Table:
    headings = ("", "hits %", "IC", "RMSE", "Brier", "in 80 %")
    table = Table(*headings, title=title, **TABLE_STYLE)
    for name, judgement in judgements.items():
        # An LSTM that predicts no change has no direction, but an interval.
        chances = judgement.brier_score
        if judgement.hit_rate.count or (chances and chances.count):
            table.add_row(name, *_cells(judgement))
    return table


def _cells(judgement: Judgement) -> list[str]:
    return [
        cell(judgement.hit_rate, ".0f", 100),
        cell(judgement.information_coefficient, "+.2f"),
        value(judgement.rmse_against_persistence, ".3f"),
        value(judgement.brier_score, ".3f"),
        cell(judgement.interval_coverage, ".0f", 100),
    ]


def _calls(found: Evaluation) -> Table:
    title = "Mean return of the next session, %"
    table = Table("", "call", "count", "return", title=title, **TABLE_STYLE)
    for guard in _shown(found):
        calls = found.figures.calls[guard]
        for call in CALLS:
            estimate = calls[call]
            name, mean = guard.replace("_", " "), cell(estimate, "+.2f", 100)
            table.add_row(name, call, str(estimate.count), mean)
        spread = cell(found.figures.buy_less_sell[guard], "+.2f", 100)
        table.add_row(name, "BUY - SELL", "", spread)
    return table


def _by_market(found: Evaluation) -> Table:
    """Return the table of calls by the state of the index."""
    title = "Right % by the index on the night: volatility, and side of SMA 200"
    headings = ("", "rows", "calls", "calls %", "score %", "return %")
    table = Table(*headings, title=title, **TABLE_STYLE)
    for name, group in found.figures.by_market.items():
        table.add_row(
            name.partition("_")[0],
            str(group.forecasts),
            str(group.call_hit_rate.count),
            cell(group.call_hit_rate, ".0f", 100),
            cell(group.blend_hit_rate, ".0f", 100),
            cell(group.mean_return, "+.2f", 100),
        )
    return table


def _shown(found: Evaluation) -> list[str]:
    """Return the names of the calls; those with untradable ones only if there are."""
    calls = found.figures.calls
    same = calls.get("with_untradable") == calls["with_guard"]
    return [name for name in calls if name != "with_untradable" or not same]


def _portfolios(found: Evaluation) -> Table:
    bps = next(iter(found.figures.portfolios.values())).cost_bps
    title = f"Per day, %; net of {bps:g} bps of turnover"
    table = Table(
        "", "return", "exposure", "turnover", "net", title=title, **TABLE_STYLE
    )
    portfolios = found.figures.portfolios
    for name in [*_shown(found), "buy_and_hold"]:
        portfolio = portfolios[name]
        table.add_row(
            name.replace("_", " "),
            cell(portfolio.daily_return, "+.2f", 100),
            value(portfolio.daily_exposure, ".0f", 100),
            value(portfolio.daily_turnover, ".0f", 100),
            cell(portfolio.daily_net_return, "+.2f", 100),
        )
    return table


def _sentences(found: Evaluation) -> str:
    models = found.models
    skill = "-" if models.median_skill is None else f"{models.median_skill:.3f}"
    return (
        f"{models.trained} models trained, {models.usable} usable, of which "
        f"{models.kept_live} were worse than the one before; median skill {skill}\n"
        f"{brier_sentence(found.figures.rise_probability)}"
        "In brackets: 95 % intervals that cluster by day\n"
        f"Report: {literal(found.files[0].rpartition('/')[0])}"
    )
