"""The morning report as one HTML page without any other file. Pure.

The templates escape all text from outside. The page's content security policy allows
only its own script and style, by their hashes, and no requests.
"""

import base64
import hashlib
import re
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from config.plain_text import plain_text
from risk_guard.events import Event
from screening.market_words import CHANGES_NO_CALL, market_lines, sector_cells
from screening.report.cells import format_signed, instant, percent, render_cell
from screening.report.changes import changes_since
from screening.report.facts import Morning
from screening.report.interval_bar import interval_axis
from screening.report.past_moves import ZERO
from screening.report.verdict import count_values, verdict
from screening.report.views import SymbolView, symbol_views, web_address
from screening.report.waterfall import axis_for

TEMPLATES = Path(__file__).with_name("templates")

Coming = tuple[Event, SymbolView]


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
        coming=_coming(views),
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
    page = _environment().get_template(template)
    assets = {"style": _asset("page.css"), "script": _asset("page.js")}
    text = page.render(**values, **assets, policy=_policy())
    # Each line end between tags would be a node of the page.
    text = re.sub(r">\n+<", "><", text)
    # HTML closes these elements by itself; 200 symbols are 200 kB smaller.
    text = re.sub(r"</(?:dt|dd|td|th|tr|li)>(?=<)", "", text)
    return "\n".join(plain_text(line) for line in text.split("\n"))


def _coming(views: tuple[SymbolView, ...]) -> list[Coming]:
    """Return the coming events of all symbols, the next first."""
    found = [(event, view) for view in views for event in view.findings.events.coming]
    return sorted(found, key=lambda pair: (pair[0].first, pair[0].last, pair[1].symbol))


@lru_cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "signed": format_signed,
        "percent": percent,
        "instant": instant,
        "web_address": web_address,
        "market_lines": market_lines,
        "sector_cells": sector_cells,
    }
    environment.globals["render_cell"] = render_cell
    return environment


@lru_cache
def _asset(name: str) -> Markup:
    """Return a file from the templates' folder, to be used in the page unescaped."""
    # A browser turns line ends into \n before it computes the hash.
    lines = (TEMPLATES / name).read_text(encoding="utf-8").splitlines()
    return Markup("\n".join(lines))  # noqa: S704  our own file


def _policy() -> str:
    return (
        f"default-src 'none'; script-src '{_hash('page.js')}'; "
        f"style-src '{_hash('page.css')}'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )


def _hash(name: str) -> str:
    digest = hashlib.sha256(_asset(name).encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
