"""Tables of an evaluation's intervals: all forecasters over all rows, then by group."""

from collections.abc import Iterator, Mapping

from rich.table import Table

from cli.output import TABLE_STYLE
from cli.render_estimates import cell, value
from evaluation.intervals import Group, Intervals, RiseProbability


def interval_tables(found: Intervals) -> Iterator[Table]:
    """Yield the tables, none if the record has no interval."""
    if found.rows:
        yield _overall(found)
        yield _groups(found)


def _overall(found: Intervals) -> Table:
    headings = ("", "in 80 %", "score %", "of first edition's", "monthly miss")
    title = f"Intervals of {found.rows} forecasts"
    table = Table(*headings, title=title, **TABLE_STYLE)
    for name, figures in found.overall.items():
        miss = found.monthly_miss[name]
        table.add_row(
            _spaced(name),
            cell(figures.coverage, ".1f", 100),
            value(figures.score, ".2f", 100),
            cell(figures.against_first_edition, ".3f"),
            "-" if miss is None else f"{100 * miss:.1f}",
        )
    return table


def _groups(found: Intervals) -> Table:
    title = "Held %, and interval score / that of the first edition"
    names = map(_spaced, found.overall)
    table = Table("", "count", *names, title=title, **TABLE_STYLE)
    thirds = {f"{name} scale": group for name, group in found.by_scale.items()}
    reactions = {f"reaction {key}": part for key, part in found.by_reaction.items()}
    parts: Mapping[str, Group] = found.by_month | thirds | reactions
    for key, group in parts.items():
        counts = {figures.coverage.count for figures in group.values()}
        if any(counts):
            table.add_row(key, str(max(counts)), *_pairs(group))
    return table


def _pairs(group: Group) -> Iterator[str]:
    for figures in group.values():
        held = value(figures.coverage, ".0f", 100)
        yield f"{held}  {value(figures.against_first_edition, '.2f')}"


def brier_sentence(found: RiseProbability) -> str:
    """Return a line with the Brier scores of `probability_up`, "" without any."""
    difference = found.ours_less_base_rate
    if not difference.count:
        return ""
    scores = (
        f"{_spaced(name)} {value(score, '.4f')}"
        for name, score in found.brier_score.items()
    )
    return (
        f"Brier score of probability_up over {difference.count} forecasts: "
        f"{', '.join(scores)}; ours less base rate {cell(difference, '+.4f')}\n"
    )


def _spaced(name: str) -> str:
    return name.replace("_", " ")
