"""The morning report as one HTML page without any other file. Pure."""

import re
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment

from risk_guard.events import Event
from screening.holdings import words
from screening.html_page import (
    finish_page,
    page_environment,
    read_asset,
    security_policy,
)
from screening.market_words import CHANGES_NO_CALL, market_lines, sector_cells
from screening.report.cells import (
    format_signed,
    instant,
    percent,
    price,
    render_cell,
    signed_percent,
)
from screening.report.changes import changes_since
from screening.report.day_moves import NAMED, day_moves, sit_out_results
from screening.report.facts import Morning
from screening.report.interval_bar import interval_axis
from screening.report.opening import opening
from screening.report.past_moves import ZERO
from screening.report.verdict import count_values, verdict
from screening.report.views import SymbolView, symbol_views, web_address
from screening.report.waterfall import axis_for

TEMPLATES = Path(__file__).with_name("templates")

Coming = tuple[Event, SymbolView]

_UNQUOTABLE = re.compile(
    r' (data-column|data-value|class|scope|[xy][12]?|width|height)="([\w.%-]+)"'
    r"(?=[ >])"
)
"""Attributes of which a page has thousands, with values that need no quotes."""


def morning_report(morning: Morning) -> str:
    """Return the page as HTML; the same morning gives the same bytes."""
    views = symbol_views(morning)
    rows = [{name: cell.value for name, cell in view.cells.items()} for view in views]
    return render_page(
        "page.html.j2",
        morning=morning,
        night=morning.night,
        views=views,
        verdict=verdict(morning.night, views),
        changes=changes_since(morning.earlier, rows) if morning.earlier else None,
        opening=opening(morning.night, views),
        moves=day_moves(views, morning.earlier),
        sit_outs=sit_out_results(views, morning.earlier, morning.night),
        named=NAMED,
        results=morning.results,
        unsteady=morning.unsteady,
        coming=_coming(views),
        held=morning.holdings,
        shown=frozenset(view.symbol for view in views),
        track_record=morning.track_record,
        axis=axis_for((view.bars for view in views), morning.night.blend),
        interval_axis=interval_axis(view.interval for view in views),
        zero=ZERO,
        changes_no_call=CHANGES_NO_CALL,
        models=count_values(
            view.cells["model_status"].value for view in views if not view.failed
        ),
    )


def render_page(template: str, **values: object) -> str:
    """Return the template's page with the report's style, script and policy."""
    style, script = (read_asset(TEMPLATES / f"page.{kind}") for kind in ("css", "js"))
    text = (
        _environment()
        .get_template(template)
        .render(
            **values,
            style=style,
            script=script,
            policy=security_policy(style, script),
        )
    )
    return finish_page(_without_optional(text))


def _without_optional(text: str) -> str:
    """Return the page without end tags and quotes that HTML does not need.

    Style and script have hashes and stay as they are.
    """
    text = re.sub(r">\n+<", "><", text)
    text = re.sub(r"</(?:thead|tbody)>(?=<)", "", text)
    text = re.sub(r"</p>(?=<(?:p|div|dl|ul|h4|figure|table)\b)", "", text)
    head, main, rest = text.partition("<main>")
    body, end, foot = rest.partition("</main>")
    return "".join([head, main, _UNQUOTABLE.sub(r" \1=\2", body), end, foot])


def _coming(views: tuple[SymbolView, ...]) -> list[Coming]:
    """Return the coming events of all symbols, the next first."""
    found = [(event, view) for view in views for event in view.findings.events.coming]
    return sorted(found, key=lambda pair: (pair[0].first, pair[0].last, pair[1].symbol))


@lru_cache
def _environment() -> Environment:
    environment = page_environment(TEMPLATES)
    environment.filters |= {
        "signed": format_signed,
        "percent": percent,
        "signed_percent": signed_percent,
        "instant": instant,
        "web_address": web_address,
        "market_lines": market_lines,
        "sector_cells": sector_cells,
        "price": price,
        "amount": words.amount,
        "signed_amount": words.signed_amount,
        "quantity_text": words.quantity_text,
        "interval_text": words.interval_text,
        "event_text": words.event_text,
        "book_sentence": words.book_sentence,
        "report_day_text": words.report_day_text,
    }
    environment.globals["render_cell"] = render_cell
    return environment
