"""The update before the opening as one HTML page, with the report's style. Pure."""

from dataclasses import dataclass

from screening.report.cells import signed_percent
from screening.report.page import render_page
from screening.table import cell
from screening.update_row import IN_THE_OPENING_PRICE, UPDATE_COLUMNS, Row
from screening.update_words import UpdateTexts, record_lines


@dataclass(frozen=True)
class UpdateView:
    """One row: the CSV's text of each column, and texts for a person."""

    values: dict[str, str]
    gap: str
    before: str
    after: str
    up_before: str
    up_after: str

    @property
    def flagged(self) -> bool:
        """Return whether the stock's event changed since the night."""
        return self.values["event_changed"] == "true"


def update_page(update: UpdateTexts, morning: str) -> str:
    """Return the page as HTML; the same update gives the same bytes."""
    without = [row for row in update.rows if row.get("expected_gap") is None]
    return render_page(
        "update.html.j2",
        update=update,
        morning=morning,
        views=[update_view(row) for row in (*update.updated, *without)],
        in_the_opening_price=IN_THE_OPENING_PRICE,
        record=record_lines(update.records),
    )


def update_view(row: Row) -> UpdateView:
    """Return the texts of a row."""
    values = {name: cell(row.get(name)) for name in UPDATE_COLUMNS}
    return UpdateView(
        values=values,
        gap=_percent(values["expected_gap"]),
        before=_interval(values, "night_"),
        after=_interval(values, ""),
        up_before=_share(values["night_probability_up"]),
        up_after=_share(values["probability_up"]),
    )


def _interval(values: dict[str, str], prefix: str) -> str:
    low, high = (values[f"{prefix}predicted_return_{end}"] for end in ("low", "high"))
    return f"{_percent(low)} to {_percent(high)}" if low and high else ""


def _percent(text: str) -> str:
    return signed_percent(float(text)) if text else ""


def _share(text: str) -> str:
    return f"{float(text):.0%}" if text else ""
