"""What a person sees of an evaluation: how far it is, and the figures when it ends."""

from collections.abc import Iterator, Mapping

from rich.console import Console
from rich.table import Table

from cli.output import TABLE_STYLE, literal, say
from evaluation.day_bootstrap import Estimate
from evaluation.evaluate import Evaluation
from evaluation.metrics import CALLS, Judgement

TOLD_TIMES = 10
"""How many lines of progress a run prints."""


def print_progress(done: int, planned: int) -> None:
    """Print a line on stderr each time another tenth is done."""
    if done * TOLD_TIMES // planned > (done - 1) * TOLD_TIMES // planned:
        line = f"{done} of {planned} refits with their nights"
        Console(stderr=True, highlight=False, emoji=False).print(line)


def show_evaluation(found: Evaluation) -> None:
    """Print what failed, the figures as `value [low, high]`, and where the rest is."""
    console = Console(highlight=False, emoji=False)
    for notice in found.notices:
        say(console, f"[bold]note[/] {literal(notice)}")
    for symbol, reason in found.failures.items():
        say(console, f"[bold]failed[/] {symbol}: {literal(reason)}")
    for table in _voices(found):
        console.print(table)
    console.print(_calls(found))
    console.print(_portfolios(found))
    say(console, _sentences(found))


def _voices(found: Evaluation) -> Iterator[Table]:
    """Give the table of all, and one where they can be compared row by row."""
    judged = found.figures
    title = f"{judged.realized} forecasts of {judged.days} days"
    yield _judged(title, judged.components)
    chances = judged.components["lstm"].brier_score
    if chances and 0 < chances.count < judged.realized:
        title = f"The {chances.count} of them where the LSTM spoke"
        yield _judged(title, judged.where_lstm_spoke)


def _judged(title: str, judgements: Mapping[str, Judgement]) -> Table:
    headings = ("", "hits %", "IC", "RMSE", "Brier", "in 80 %")
    table = Table(*headings, title=title, **TABLE_STYLE)
    for name, one in judgements.items():
        if one.hit_rate.count:
            table.add_row(name, *_cells(one))
    return table


def _cells(one: Judgement) -> list[str]:
    return [
        _cell(one.hit_rate, ".0f", 100),
        _cell(one.information_coefficient, "+.2f"),
        _value(one.rmse_against_persistence, ".3f"),
        _value(one.brier_score, ".3f"),
        _cell(one.interval_coverage, ".0f", 100),
    ]


def _calls(found: Evaluation) -> Table:
    title = "Mean return of the next session, %"
    table = Table("", "call", "count", "return", title=title, **TABLE_STYLE)
    for guard, calls in found.figures.calls.items():
        for call in CALLS:
            one = calls[call]
            name, mean = guard.replace("_", " "), _cell(one, "+.2f", 100)
            table.add_row(name, call, str(one.count), mean)
        spread = _cell(found.figures.buy_less_sell[guard], "+.2f", 100)
        table.add_row(name, "BUY - SELL", "", spread)
    return table


def _portfolios(found: Evaluation) -> Table:
    bps = next(iter(found.figures.portfolios.values())).cost_bps
    title = f"A day, %; net of {bps:g} bps of turnover"
    table = Table(
        "", "return", "exposure", "turnover", "net", title=title, **TABLE_STYLE
    )
    for name, one in found.figures.portfolios.items():
        table.add_row(
            name.replace("_", " "),
            _cell(one.daily_return, "+.2f", 100),
            _value(one.daily_exposure, ".0f", 100),
            _value(one.daily_turnover, ".0f", 100),
            _cell(one.daily_net_return, "+.2f", 100),
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


def _value(one: Estimate | None, form: str, times: float = 1) -> str:
    return "-" if one is None or one.value is None else format(one.value * times, form)


def _cell(one: Estimate | None, form: str, times: float = 1) -> str:
    """Return `value [low, high]`, `-` where it is not known."""
    if one is None or one.value is None:
        return "-"
    if one.low is None or one.high is None:
        return format(one.value * times, form)
    ends = (format(end * times, form) for end in (one.low, one.high))
    return f"{one.value * times:{form}} \\[{', '.join(ends)}]"
