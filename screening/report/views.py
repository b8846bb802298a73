"""One symbol as its fold-out shows it, and its line of the table. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from features.sentiment import WeighedHeadline
from market_data.headlines import Headline
from market_data.symbols import exchange_of
from screening.columns import COLUMNS
from screening.event_words import row_event_words, trading_word
from screening.explanation import forecast_note
from screening.findings import SymbolFindings
from screening.report.cells import Cell, format_signed, render_cell
from screening.report.chart import Chart, ForecastPoint, Occasion, price_chart
from screening.report.facts import Morning, PricePath
from screening.report.reasons import NOT_STORED, reasons_of, reasons_of_row
from screening.report.row_findings import findings_of_row
from screening.report.waterfall import Spans, waterfall
from screening.row import Row
from screening.table import csv_cells

LONGEST_ADDRESS = 2000
"""Longer addresses are no article's, and are not linked."""

LONGEST_TITLE = 240

NEUTRAL = 0.1
"""Polarities this near to 0 are called neutral."""


@dataclass(frozen=True)
class HeadlineLine:
    """A headline as it is listed; `polarity` and `weight` are empty where not read."""

    title: str
    address: str
    provider: str
    published: str
    polarity: str
    weight: str
    leaning: str


@dataclass(frozen=True)
class SymbolView:
    """All that the page shows of one symbol.

    `cells` holds every column of the CSV; `chart` is None where there is none to draw,
    `no_chart` says why; `fall` is empty without a score; `headlines_left` counts those
    not listed. `kept` says that an earlier run of the night made the row, `from_csv`
    that nothing but the row is known of it.
    """

    symbol: str
    company: str
    cells: Mapping[str, Cell]
    forecast_note: str
    findings: SymbolFindings
    chart: Chart | None
    no_chart: str
    fall: Spans
    headlines: tuple[HeadlineLine, ...]
    headlines_left: int
    kept: bool = False
    from_csv: bool = False

    @property
    def news_engine(self) -> str:
        """Return the name of the engine that read the headlines, '' if none did."""
        read = self.findings.news.weighed
        if self.from_csv:
            return self.findings.news.engine
        return self.findings.news.engine if read else ""

    @property
    def failed(self) -> bool:
        """Return whether the symbol is not usable on this night."""
        return self.cells["data_status"].value == "failed"

    @property
    def sits_out(self) -> bool:
        """Return whether an event forces the call to HOLD."""
        return self.cells["event_skip_trading"].value == "true"

    @property
    def event_badge(self) -> str:
        """Return the words for the state of its events."""
        return row_event_words({name: one.value for name, one in self.cells.items()})

    @property
    def trading(self) -> str:
        """Return what the guard has it do."""
        sits = {"true": True, "false": False}.get(
            self.cells["event_skip_trading"].value
        )
        return trading_word(sit_out=sits)


def symbol_views(morning: Morning) -> tuple[SymbolView, ...]:
    """Return the views in the order of the CSV's rows."""
    findings = {found.symbol: found for found in morning.findings}
    rows = [csv_cells(row) for row in morning.rows]
    return tuple(_view(row, findings.get(row["symbol"]), morning) for row in rows)


def symbols_with_chart(rows: Sequence[Row], most: int) -> set[str]:
    """Return the symbols that get a chart: at most so many, of the largest scores."""
    by_size = sorted(rows, key=lambda row: -abs(row.get("score") or 0.0))
    return {row["symbol"] for row in by_size[:most]}


def _view(
    row: Mapping[str, str], stored: SymbolFindings | None, morning: Morning
) -> SymbolView:
    found = stored or findings_of_row(row)
    failure = row["reason"] if row["data_status"] == "failed" else ""
    why = reasons_of(stored, failure) if stored else reasons_of_row(failure)
    path = morning.paths.get(found.symbol)
    lines = headline_lines(found, morning.settings.headlines_each(len(morning.rows)))
    return SymbolView(
        symbol=found.symbol,
        company=found.prices.company if found.prices else "",
        cells={name: render_cell(name, row[name], why(name)) for name in COLUMNS},
        forecast_note=forecast_note(row),
        findings=found,
        chart=_chart(row, path, found) if path else None,
        no_chart="" if path else failure or _no_chart(stored, morning),
        fall=waterfall(row),
        headlines=lines,
        headlines_left=len(found.headlines.recent or ()) - len(lines),
        kept=found.symbol in morning.kept,
        from_csv=stored is None,
    )


def _chart(row: Mapping[str, str], path: PricePath, found: SymbolFindings) -> Chart:
    forecast = None
    if row["predicted_close"] and row["close"]:
        low, high = (
            float(row["close"]) * (1 + float(row[f"predicted_return_{end}"]))
            for end in ("low", "high")
        )
        forecast = ForecastPoint(float(row["predicted_close"]), low, high)
    return price_chart(
        path, forecast, _occasions(found), exchange_of(found.symbol).code
    )


def _no_chart(stored: SymbolFindings | None, morning: Morning) -> str:
    if stored is None:
        return NOT_STORED
    most = morning.settings.max_charts
    if len(morning.rows) > most:
        return (
            f"a report draws {most} of them, those of the largest scores "
            "(`max_charts` under [report])"
        )
    if stored.symbol in morning.kept:
        return "the night's table of indicators is no longer that of the row's run"
    return "the night's table of indicators could not be read"


def _occasions(found: SymbolFindings) -> list[Occasion]:
    """Return known events and all dividends of the history, each day's once."""
    paid = found.prices.dividends if found.prices else {}
    dividends = {
        ("dividend", day): Occasion("dividend", day, day, f"dividend {day}: {sum_:g}")
        for day, sum_ in paid.items()
    }
    events = {
        (event.type, event.first): Occasion(
            event.type,
            event.first,
            event.last,
            f"{event.type} {event.days} ({event.status})",
        )
        for event in (*found.known_events.events, *found.events.coming)
    }
    return [*(dividends | events).values()]


def headline_lines(found: SymbolFindings, most: int) -> tuple[HeadlineLine, ...]:
    """Return the heaviest headlines that were read, else the newest that were not."""
    if found.news.weighed:
        by_weight = sorted(found.news.weighed, key=lambda one: -one.weight)
        return tuple(_read(one) for one in by_weight[:most])
    recent = found.headlines.recent or ()
    newest = sorted(recent, key=lambda one: one.published_at, reverse=True)
    return tuple(_unread(one) for one in newest[:most])


def _read(one: WeighedHeadline) -> HeadlineLine:
    leaning = "neutral"
    if abs(one.polarity) >= NEUTRAL:
        leaning = "good" if one.polarity > 0 else "bad"
    return _line(
        one.headline, format_signed(one.polarity, 2), f"{one.weight:.2f}", leaning
    )


def _unread(one: Headline) -> HeadlineLine:
    return _line(one, "", "", "")


def _line(one: Headline, polarity: str, weight: str, leaning: str) -> HeadlineLine:
    return HeadlineLine(
        title=_short(one.title),
        address=web_address(one.url),
        provider=_short(one.provider),
        published=_minute(one.published_at),
        polarity=polarity,
        weight=weight,
        leaning=leaning,
    )


def web_address(text: str) -> str:
    """Return the text where it is an http or https address, else nothing."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    plain = text.isprintable() and " " not in text and len(text) <= LONGEST_ADDRESS
    return text if parts.scheme in ("http", "https") and parts.netloc and plain else ""


def _short(text: str) -> str:
    cut = text[: LONGEST_TITLE - 1].rstrip()
    return text if len(text) <= LONGEST_TITLE else f"{cut}\N{HORIZONTAL ELLIPSIS}"


def _minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"
