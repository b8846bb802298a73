"""One symbol as the report shows it, in the ranking and in its fold-out. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from urllib.parse import urlsplit

from features.sentiment import WeighedHeadline
from market_data.headlines import Headline
from market_data.symbols import exchange_of
from screening.columns import COLUMNS, TRUTHS
from screening.event_words import row_event_words, trading_word
from screening.explanation import forecast_note, not_tradable_reason, weights_note
from screening.findings import SymbolFindings
from screening.price_changes import NOT_FOUND, price_sentences
from screening.report.cells import Cell, format_signed, render_cell
from screening.report.chart import Chart, ForecastPoint, MarkedEvent, price_chart
from screening.report.facts import Morning, PricePath
from screening.report.interval_bar import IntervalBar, interval_bar
from screening.report.past_moves import PastMoves, past_moves
from screening.report.reasons import NOT_STORED, build_reasons
from screening.report.row_findings import parse_findings
from screening.report.waterfall import Bars, waterfall
from screening.row import Row
from screening.table import csv_cells

LONGEST_ADDRESS = 2000
"""A longer address is not linked; articles have shorter ones."""

LONGEST_TITLE = 240

NEUTRAL = 0.1
"""A polarity nearer to 0 is called neutral."""


@dataclass(frozen=True)
class HeadlineLine:
    """A headline of the list; `polarity`, `weight` and `tone` are empty if not read."""

    title: str
    address: str
    provider: str
    published: str
    polarity: str = ""
    weight: str = ""
    tone: str = ""


@dataclass(frozen=True)
class SymbolView:
    """Everything that the page shows of one symbol.

    `cells` holds every column of the CSV. Without a `chart`, `no_chart` is the reason.
    `bars` is empty without a score. `headlines_left` counts the headlines not listed.
    `interval` and `moves` are None if they are not known. `not_tradable` says why
    nobody can act on the call, '' if somebody can.
    `day_change` is the return of the as-of session, a fraction, None if not known.
    `price_notes` say which closes change the call, `weights_note` what a missing
    component does. `unsteady` holds the last three calls if the call is back.
    `kept` is true if an earlier run of the night made the row, `added` if the symbol
    is screened only because it is held, `from_csv` if only the row is known.
    """

    symbol: str
    company: str
    cells: Mapping[str, Cell]
    forecast_note: str
    findings: SymbolFindings
    chart: Chart | None
    no_chart: str
    bars: Bars
    headlines: tuple[HeadlineLine, ...]
    headlines_left: int
    interval: IntervalBar | None
    moves: PastMoves | None
    not_tradable: str
    day_change: float | None = None
    price_notes: tuple[str, ...] = ()
    weights_note: str = ""
    unsteady: str = ""
    kept: bool = False
    added: bool = False
    from_csv: bool = False

    @property
    def news_engine(self) -> str:
        """Return the name of the engine that read the headlines, '' if none did."""
        news = self.findings.news
        return news.engine if self.from_csv or news.weighed else ""

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
        """Return the text for the state of the symbol's events."""
        return row_event_words({name: cell.value for name, cell in self.cells.items()})

    @property
    def trading(self) -> str:
        """Return whether the guard lets the symbol be traded, as text."""
        sit_out = TRUTHS.get(self.cells["event_skip_trading"].value)
        return trading_word(sit_out=sit_out)


def symbol_views(morning: Morning) -> tuple[SymbolView, ...]:
    """Return the views in the order of the CSV's rows."""
    findings = {found.symbol: found for found in morning.findings}
    rows = [csv_cells(row) for row in morning.rows]
    return tuple(_view(row, findings.get(row["symbol"]), morning) for row in rows)


def symbols_with_chart(rows: Sequence[Row], count: int) -> set[str]:
    """Return the `count` symbols of the largest absolute scores, which get a chart."""
    by_size = sorted(rows, key=lambda row: -abs(row.get("score") or 0.0))
    return {row["symbol"] for row in by_size[:count]}


def _view(
    row: Mapping[str, str], stored: SymbolFindings | None, morning: Morning
) -> SymbolView:
    found = stored or parse_findings(row)
    failure = row["reason"] if row["data_status"] == "failed" else ""
    reasons = (
        build_reasons(stored, failure) if stored else lambda _: failure or NOT_STORED
    )
    path = morning.paths.get(found.symbol)
    interval = interval_bar(row, found.distribution)
    lines = headline_lines(found, morning.settings.headlines_each(len(morning.rows)))
    return SymbolView(
        symbol=found.symbol,
        company=found.prices.company if found.prices else "",
        cells={name: render_cell(name, row[name], reasons(name)) for name in COLUMNS},
        forecast_note=forecast_note(row),
        findings=found,
        chart=_chart(row, path, found, interval) if path else None,
        no_chart="" if path else failure or _no_chart(stored, morning),
        bars=waterfall(row),
        headlines=lines,
        headlines_left=len(found.headlines.recent or ()) - len(lines),
        interval=interval,
        moves=past_moves(found.distribution.past),
        not_tradable="" if failure else not_tradable_reason(row, morning.night.blend),
        day_change=_day_change(found),
        price_notes=(
            price_sentences(morning.prices.get(found.symbol, NOT_FOUND))
            if row["score"]
            else ()
        ),
        weights_note=weights_note(row, morning.night.blend),
        unsteady=morning.unsteady.get(found.symbol, ""),
        kept=found.symbol in morning.kept,
        added=found.symbol in morning.added,
        from_csv=stored is None,
    )


def _day_change(found: SymbolFindings) -> float | None:
    """Return the return of the as-of session; None if the last prices are older."""
    state = found.indicators.state if found.indicators else None
    if state is None or state.session != found.as_of:
        return None
    return state.day_return


def _chart(
    row: Mapping[str, str],
    path: PricePath,
    found: SymbolFindings,
    interval: IntervalBar | None,
) -> Chart:
    forecast, close = None, float(row["close"] or "nan")
    predicted = float(row["predicted_close"] or "nan")
    if interval and row["close"]:
        forecast = ForecastPoint(
            close=predicted if row["predicted_close"] else close,
            low=close * (1 + interval.low),
            high=close * (1 + interval.high),
            predicted=bool(row["predicted_close"]),
        )
    elif row["predicted_close"]:
        forecast = ForecastPoint(predicted, math.nan, math.nan)
    exchange = exchange_of(found.symbol).code
    return price_chart(path, forecast, _marked_events(found), exchange)


def _no_chart(stored: SymbolFindings | None, morning: Morning) -> str:
    if stored is None:
        return NOT_STORED
    limit = morning.settings.max_charts
    if len(morning.rows) > limit:
        return (
            f"a report draws {limit} charts, for the largest scores "
            "(`max_charts` under [report])"
        )
    if stored.symbol in morning.kept:
        return "the night's table of indicators is not that of the row's run"
    return "the night's table of indicators could not be read"


def _marked_events(found: SymbolFindings) -> list[MarkedEvent]:
    """Return the known events and past dividends, one per type and day."""
    paid = found.prices.dividends if found.prices else {}
    dividends = {
        ("dividend", day): MarkedEvent(
            "dividend", day, day, f"dividend {day}: {amount:g}"
        )
        for day, amount in paid.items()
    }
    events = {
        (event.type, event.first): MarkedEvent(
            event.type,
            event.first,
            event.last,
            f"{event.type} {event.days} ({event.status})",
        )
        for event in (*found.known_events.events, *found.events.coming)
    }
    return [*(dividends | events).values()]


def headline_lines(found: SymbolFindings, count: int) -> tuple[HeadlineLine, ...]:
    """Return the headlines of the largest weights, or the newest if none was read."""
    if found.news.weighed:
        heaviest = sorted(found.news.weighed, key=lambda weighed: -weighed.weight)
        return tuple(_line(weighed.headline, weighed) for weighed in heaviest[:count])
    newest = sorted(
        found.headlines.recent or (), key=lambda line: line.published_at, reverse=True
    )
    return tuple(_line(headline) for headline in newest[:count])


def _line(headline: Headline, weighed: WeighedHeadline | None = None) -> HeadlineLine:
    line = HeadlineLine(
        title=_shorten(headline.title),
        address=web_address(headline.url),
        provider=_shorten(headline.provider),
        published=f"{headline.published_at.astimezone(UTC):%Y-%m-%d %H:%M}",
    )
    if weighed is None:
        return line
    tone = "good" if weighed.polarity > 0 else "bad"
    return replace(
        line,
        polarity=format_signed(weighed.polarity, 2),
        weight=f"{weighed.weight:.2f}",
        tone=tone if abs(weighed.polarity) >= NEUTRAL else "neutral",
    )


def web_address(text: str) -> str:
    """Return the text if it is an http or https address, else ''."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    plain = text.isprintable() and " " not in text and len(text) <= LONGEST_ADDRESS
    return text if parts.scheme in ("http", "https") and parts.netloc and plain else ""


def _shorten(text: str) -> str:
    cut = text[: LONGEST_TITLE - 1].rstrip()
    return text if len(text) <= LONGEST_TITLE else f"{cut}\N{HORIZONTAL ELLIPSIS}"
