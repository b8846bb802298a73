"""Prints the progress of an evaluation, and its metrics when it ends."""

from collections.abc import Iterator, Mapping

from rich.console import Console
from rich.table import Table

from cli.output import TABLE_STYLE, literal, say
from evaluation.day_bootstrap import Estimate
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
    console.print(_calls(found))
    console.print(_portfolios(found))
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
        if judgement.hit_rate.count:
            table.add_row(name, *_cells(judgement))
    return table


def _cells(judgement: Judgement) -> list[str]:
    return [
        _cell(judgement.hit_rate, ".0f", 100),
        _cell(judgement.information_coefficient, "+.2f"),
        _value(judgement.rmse_against_persistence, ".3f"),
        _value(judgement.brier_score, ".3f"),
        _cell(judgement.interval_coverage, ".0f", 100),
    ]


def _calls(found: Evaluation) -> Table:
    title = "Mean return of the next session, %"
    table = Table("", "call", "count", "return", title=title, **TABLE_STYLE)
    for guard, calls in found.figures.calls.items():
        for call in CALLS:
            estimate = calls[call]
            name, mean = guard.replace("_", " "), _cell(estimate, "+.2f", 100)
            table.add_row(name, call, str(estimate.count), mean)
        spread = _cell(found.figures.buy_less_sell[guard], "+.2f", 100)
        table.add_row(name, "BUY - SELL", "", spread)
    return table


def _portfolios(found: Evaluation) -> Table:
    bps = next(iter(found.figures.portfolios.values())).cost_bps
    title = f"Per day, %; net of {bps:g} bps of turnover"
    table = Table(
        "", "return", "exposure", "turnover", "net", title=title, **TABLE_STYLE
    )
    for name, portfolio in found.figures.portfolios.items():
        table.add_row(
            name.replace("_", " "),
            _cell(portfolio.daily_return, "+.2f", 100),
            _value(portfolio.daily_exposure, ".0f", 100),
            _value(portfolio.daily_turnover, ".0f", 100),
            _cell(portfolio.daily_net_return, "+.2f", 100),
        )
    return table


def _sentences(found: Evaluation) -> str:
    models = found.models
    skill = "-" if models.median_skill is None else f"{models.median_skill:.3f}"
    return (
        f"{models.trained} models trained, {models.usable} usable, of which "
        f"{models.kept_live} were worse than the one before; median skill {skill}\n"
        "In brackets: 95 % intervals that cluster by day\n"
        f"Report: {literal(found.files[0].rpartition('/')[0])}"
    )


def _value(estimate: Estimate | None, form: str, times: float = 1) -> str:
    if estimate is None or estimate.value is None:
        return "-"
    return format(estimate.value * times, form)


def _cell(estimate: Estimate | None, form: str, times: float = 1) -> str:
    """Return `value [low, high]`, or `-` if the value is not known."""
    value = _value(estimate, form, times)
    if estimate is None or estimate.low is None or estimate.high is None:
        return value
    ends = (format(end * times, form) for end in (estimate.low, estimate.high))
    return f"{value} \\[{', '.join(ends)}]"
