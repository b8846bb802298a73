"""What a person sees when a command ends: tables and totals.

Light at import: who asks for a model's standing does not wait for Prefect.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from cli.output import TABLE_STYLE, literal, say
from screening.event_words import row_event_words, trading_word
from screening.report.cells import instant

if TYPE_CHECKING:
    from screening.row import Row
    from screening.summary import RunSummary
    from status.event_report import ComingEvent, EventReport
    from status.language_model import LanguageModel
    from status.model_status import ModelStatuses


def show_summary(summary: "RunSummary") -> None:
    """Print what failed, the ranked table or the trained models, and the totals."""
    console = Console(highlight=False, emoji=False)
    for notice in summary.notices:
        say(console, f"[bold]note[/] {literal(notice)}")
    for symbol, reason in summary.failures.items():
        say(console, f"[bold]failed[/] {symbol}: {literal(reason)}")
    if summary.csv:
        for symbol, reason in summary.untrained.items():
            say(console, f"not trained {symbol}: {literal(reason)}")
        console.print(_screening_table(summary))
        if summary.kept:
            say(console, _kept_line(summary))
    elif summary.trained:
        console.print(_training_table(summary))
        _print_advice(
            console, {one.symbol: one.advice for one in summary.trained if one.advice}
        )
    say(console, _totals(summary))
    if summary.csv:
        console.print(f"CSV: {literal(summary.csv)}", soft_wrap=True)
    if summary.report:
        console.print(f"Report: {literal(summary.report)}", soft_wrap=True)


def _totals(summary: "RunSummary") -> str:
    rejected = sum(not model.usable for model in summary.trained)
    took = ", ".join(
        f"{model.symbol} {model.results.training_time:.1f} s"
        for model in summary.trained
    )
    succeeded = "usable" if summary.csv else "done"
    seconds = f"\nTraining: {took}" if took else ""
    resumed = f"\n{summary.resumed_sentence}" if summary.resumed else ""
    return (
        f"{summary.succeeded} of {len(summary.symbols)} symbols {succeeded}, "
        f"{len(summary.failures)} failed; {len(summary.trained)} trained, "
        f"{rejected} of them rejected; {summary.seconds:.0f} s in all"
        f"{seconds}{resumed}"
    )


def show_statuses(found: "ModelStatuses") -> None:
    """Print one line a model and the totals."""
    console = Console(highlight=False, emoji=False)
    if not found.symbols:
        console.print("No models yet; train some: overnight train --universe NAME")
        return
    headings = ("symbol", "status", "grade", "skill", "age", "knows to", "reason")
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
    _print_advice(
        console, {line.symbol: line.advice for line in found.symbols if line.advice}
    )
    console.print(", ".join(f"{count} {name}" for name, count in found.totals.items()))


def _screening_table(summary: "RunSummary") -> Table:
    table = Table(title=f"As of {summary.as_of}", **TABLE_STYLE)
    for heading in ("#", "symbol", "call", "score", "conf.", "P(up)", "cut"):
        table.add_column(
            heading, justify="left" if heading in ("symbol", "call") else "right"
        )
    for heading in ("events", "model", "data"):
        table.add_column(heading)
    kept = {row["symbol"] for row in summary.kept}
    for row in summary.rows:
        *cells, data = _screening_cells(row)
        table.add_row(*cells, f"{data} *" if row["symbol"] in kept else data)
    return table


def _kept_line(summary: "RunSummary") -> str:
    """Return how many rows are of earlier runs of the night, and of when."""
    times = sorted({instant(str(row["run_at"])) for row in summary.kept})
    until = f" to {times[-1]}" if len(times) > 1 else ""
    return (
        f"* {len(summary.kept)} of {len(summary.rows)} rows are kept from earlier runs "
        f"of this night ({times[0]}{until}); --only leaves them out"
    )


def _screening_cells(row: "Row") -> list[str]:
    return [
        str(row.get("rank", "-")),
        row["symbol"],
        row.get("prediction", "-"),
        _number(row.get("score"), "+.3f"),
        _number(row.get("confidence"), ".0f"),
        _number(row.get("probability_up"), ".2f"),
        _cut(row),
        row_event_words(row),
        row.get("model_status", "-"),
        row["data_status"],
    ]


def _cut(row: "Row") -> str:
    """Return the haircut, `out` in a sit-out."""
    if row.get("event_skip_trading"):
        return "out"
    return _number(row.get("event_weight_haircut"), ".0%")


def _training_table(summary: "RunSummary") -> Table:
    headings = ("symbol", "grade", "skill", "epochs", "loss", "val. loss")
    table = Table(*headings, "not used, because", **TABLE_STYLE)
    for model in summary.trained:
        contest = model.challenge
        lost = contest.sentence if contest and contest.lost else None
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


def _print_advice(console: Console, advice: Mapping[str, str]) -> None:
    """Print what to change for a better model, by parameter and option."""
    for symbol, text in advice.items():
        say(console, f"[bold]advice[/] {symbol}: {literal(text)}")


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def show_events(report: "EventReport") -> None:
    """Print each symbol's risk term by term, its haircut and sit-out, and why."""
    console = Console(highlight=False, emoji=False)
    for notice in report.notices:
        say(console, f"[bold]note[/] {literal(notice)}")
    for line in report.symbols:
        console.print(
            f"[bold]{line.symbol}[/] as of {line.as_of}: risk {line.risk_score:.2f}, "
            f"haircut {line.haircut:.0%}, {trading_word(sit_out=line.sit_out)}, "
            f"events: {line.event_words}"
        )
        told = [_event_line(event) for event in line.coming]
        told += [f"+{term.points:.2f} {term.why}" for term in line.terms]
        told += [line.sit_out_reason and f"sit-out: {line.sit_out_reason}"]
        for text in filter(None, [*told, line.warning]):
            say(console, f"  {literal(text)}")


def _event_line(event: "ComingEvent") -> str:
    """Return `2025-11-11 basel_iii: Pillar 3 report (confirmed, yahoo)`."""
    until = f" to {event.last}" if event.last > event.first else ""
    title = f": {event.title}" if event.title else ""
    said = f"({event.status}, {event.source})"
    return f"{event.first}{until} {event.type}{title} {said}"


def show_language_model(found: "LanguageModel") -> None:
    """Print where the model is and how it reads a plain pair, or why it is no use."""
    console = Console(highlight=False, emoji=False)
    state = "usable" if found.usable else "not usable"
    console.print(
        f"FinBERT {found.precision} ({literal(found.repository)} at "
        f"{found.revision[:12]}): {state}; engine in use: {found.engine}",
        soft_wrap=True,
    )
    if not found.usable:
        say(console, literal(found.reason))
        return
    console.print(f"{found.megabytes} MB in {literal(found.folder)}", soft_wrap=True)
    console.print(
        f"plainly good news {_number(found.good_news_polarity, '+.2f')}, "
        f"plainly bad news {_number(found.bad_news_polarity, '+.2f')}"
    )
