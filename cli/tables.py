"""Prints the tables and totals with which commands end.

It imports nothing heavy, so that `overnight model status` answers quickly.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from cli.output import TABLE_STYLE, coloured_call, literal, new_table, say
from config.errors import list_names
from screening.event_words import row_event_words
from screening.market_words import market_line
from screening.report.cells import instant
from screening.tradable import NOT_TRADABLE
from screening.verdict import group_causes

if TYPE_CHECKING:
    from modelling.model_metadata import ModelMetadata
    from screening.row import Row
    from screening.summary import RunSummary
    from status.language_model import LanguageModel
    from status.model_status import ModelStatuses, SymbolStatus


ENDS = 10
"""Rows at each end of a long table that are shown without `--all`."""

NAMED_TIMES = 5
"""Trainings up to which the time of each is printed."""


def show_summary(summary: "RunSummary", *, all_rows: bool = False) -> None:
    """Print failed symbols, the ranked table or the trained models, and the totals.

    Without `all_rows` a long table has its first and last ten rows.
    """
    console = Console(highlight=False, emoji=False)
    for notice in summary.notices:
        say(console, f"[bold]note[/] {literal(notice)}")
    failures = [
        f"[bold]failed[/] {cause.subject}: {literal(cause.reason)}"
        for cause in group_causes(summary.failures)
    ]
    for line in _shorten(failures, all_rows=all_rows):
        say(console, line)
    if summary.csv:
        untrained = [
            f"not trained {symbol}: {literal(reason)}"
            for symbol, reason in summary.untrained.items()
        ]
        for line in _shorten(untrained, all_rows=all_rows):
            say(console, line)
        console.print(_screening_table(summary, all_rows=all_rows))
        for state in summary.market:
            say(console, f"[bold]Market[/] {literal(market_line(state))}")
        for line in _notes(summary):
            say(console, line)
    elif summary.trained:
        console.print(_training_table(summary, all_rows=all_rows))
        _print_advice(console, summary.trained, all_rows=all_rows)
    say(console, _totals(summary))
    if summary.csv:
        console.print(f"CSV: {literal(summary.csv)}", soft_wrap=True)
    if summary.report:
        console.print(f"Report: {literal(summary.report)}", soft_wrap=True)


def _shorten(lines: list[str], *, all_rows: bool) -> list[str]:
    """Return the first ten lines and how many more there are, or all lines."""
    more = len(lines) - ENDS
    if all_rows or more < 1:
        return lines
    return [*lines[:ENDS], f"and {more} more; --all shows them"]


def _ends[Item](items: Sequence[Item], *, all_rows: bool) -> Iterator[Item | int]:
    """Yield the items of a table; of a long one its ends, and between them a count."""
    left_out = len(items) - 2 * ENDS
    if all_rows or left_out < 2:
        yield from items
        return
    yield from items[:ENDS]
    yield left_out
    yield from items[-ENDS:]


def _totals(summary: "RunSummary") -> str:
    rejected = sum(not model.usable for model in summary.trained)
    times = _training_times(
        {model.symbol: model.results.training_time for model in summary.trained}
    )
    seconds = f"\nTraining: {times}" if times else ""
    resumed = f"\n{summary.resumed_sentence}" if summary.resumed else ""
    return (
        f"{summary.verdict}; {len(summary.trained)} trained, "
        f"{rejected} of them rejected; {summary.seconds:.0f} s in all"
        f"{seconds}{resumed}"
    )


def _training_times(seconds: dict[str, float]) -> str:
    """Return each training's time, or of many trainings the range in one line."""
    if len(seconds) <= NAMED_TIMES:
        return ", ".join(f"{symbol} {time:.1f} s" for symbol, time in seconds.items())
    slowest = max(seconds, key=seconds.__getitem__)
    return (
        f"{len(seconds)} models, {min(seconds.values()):.1f} to "
        f"{seconds[slowest]:.1f} s each ({slowest})"
    )


def show_statuses(found: "ModelStatuses") -> None:
    """Print one line per model, and the totals."""
    console = Console(highlight=False, emoji=False)
    if not found.symbols:
        console.print("No models yet; train some: overnight train --universe us_tech")
        return
    headings = ("symbol", "status", "grade", "skill", "age", "data up to", "reason")
    table = Table(*headings, **TABLE_STYLE)
    for line in found.symbols:
        table.add_row(
            line.symbol,
            line.status,
            line.grade or "-",
            _number(line.skill, ".3f"),
            "-" if line.age_days is None else f"{line.age_days} d",
            str(line.last_session or "-"),
            literal(line.reason or line.challenger or ""),
        )
    console.print(table)
    _print_advice(console, found.symbols)
    console.print(", ".join(f"{count} {name}" for name, count in found.totals.items()))


def _screening_table(summary: "RunSummary", *, all_rows: bool) -> Table:
    numbers, texts = ("score", "conf.", "P(up)", "cut"), ("events", "model", "data")
    headings = ("#", "symbol", "call", *numbers, *texts)
    left = {"symbol", "call", *texts}
    table = new_table(*headings, left=left, title=f"As of {summary.as_of}")
    kept = {row["symbol"] for row in summary.kept}
    for row in _ends(summary.rows, all_rows=all_rows):
        if isinstance(row, int):
            table.add_row("...", f"{row} more", "--all")
            continue
        *cells, data = _screening_cells(row)
        table.add_row(*cells, f"{data} *" if row["symbol"] in kept else data)
    return table


def _notes(summary: "RunSummary") -> Iterator[str]:
    """Yield what the ranked table does not show of its rows."""
    inert = [r["symbol"] for r in summary.rows if NOT_TRADABLE in r.get("reason", "")]
    if inert:
        yield (
            f"Nobody can act on {len(inert)} of the calls ({list_names(inert)}): the "
            "stock hardly moves or hardly trades. They are HOLD and ranked last."
        )
    if summary.kept:
        yield _kept_line(summary)


def _kept_line(summary: "RunSummary") -> str:
    """Return how many rows earlier runs of the night wrote, and when they ran."""
    times = sorted({instant(str(row["run_at"])) for row in summary.kept})
    until = f" to {times[-1]}" if len(times) > 1 else ""
    return (
        f"* {len(summary.kept)} of {len(summary.rows)} rows are kept from earlier runs "
        f"of this night ({times[0]}{until}); --only drops them"
    )


def _screening_cells(row: "Row") -> list[str]:
    return [
        str(row.get("rank", "-")),
        row["symbol"],
        coloured_call(row.get("prediction", "-")),
        _number(row.get("score"), "+.3f"),
        _number(row.get("confidence"), ".0f"),
        _number(row.get("probability_up"), ".2f"),
        _haircut_cell(row),
        row_event_words(row),
        row.get("model_status", "-"),
        row["data_status"],
    ]


def _haircut_cell(row: "Row") -> str:
    """Return the haircut in percent, or `out` in a sit-out."""
    if row.get("event_skip_trading"):
        return "out"
    return _number(row.get("event_weight_haircut"), ".0%")


def _training_table(summary: "RunSummary", *, all_rows: bool) -> Table:
    headings = ("symbol", "grade", "skill", "epochs", "loss", "val. loss")
    table = Table(*headings, "not used, because", **TABLE_STYLE)
    for model in _ends(summary.trained, all_rows=all_rows):
        if isinstance(model, int):
            table.add_row(f"{model} more", "--all")
            continue
        challenge = model.challenge
        lost = challenge.sentence if challenge and challenge.lost else None
        table.add_row(
            model.symbol,
            model.grade,
            _number(model.skill, ".3f"),
            str(model.epochs_run),
            f"{model.results.final_loss:.5f}",
            f"{model.results.final_val_loss:.5f}",
            literal(model.rejected or lost or ""),
        )
    return table


def _print_advice(
    console: Console,
    models: "Iterable[ModelMetadata | SymbolStatus]",
    *,
    all_rows: bool = True,
) -> None:
    """Print which parameter and option to change for a better model."""
    advice = [
        f"[bold]advice[/] {model.symbol}: {literal(model.advice)}"
        for model in models
        if model.advice
    ]
    for line in _shorten(advice, all_rows=all_rows):
        say(console, line)


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def show_language_model(found: "LanguageModel") -> None:
    """Print the model's folder and how it reads two headlines, or its fault."""
    console = Console(highlight=False, emoji=False)
    state = "usable" if found.usable else "not usable"
    console.print(
        f"FinBERT {found.precision} ({literal(found.repository)} at "
        f"{found.revision[:12]}): {state}; engine in use: {found.engine}",
        soft_wrap=True,
    )
    if not found.usable:
        fix = f"; {found.fix}." if found.fix else ""
        say(console, literal(f"{found.reason}{fix}"))
        return
    console.print(f"{found.megabytes} MB in {literal(found.folder)}", soft_wrap=True)
    console.print(
        f"good news {_number(found.good_news_polarity, '+.2f')}, "
        f"bad news {_number(found.bad_news_polarity, '+.2f')}"
    )
