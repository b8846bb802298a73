"""The archive as one HTML page: nights, record, intervals and symbols. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from screening.archive.coverage import AIM, MonthCoverage
from screening.archive.curve import HEIGHT, WIDTH, Curve
from screening.archive.nights import Month
from screening.archive.strips import HEIGHT as STRIP_HEIGHT
from screening.archive.strips import SHOWN, STEP, Strip
from screening.html_page import (
    finish_page,
    page_environment,
    read_asset,
    security_policy,
)
from screening.report.cells import format_signed, instant
from screening.report.page import TEMPLATES as REPORT_TEMPLATES
from screening.track_record.track_record import TOO_FEW

TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class Archive:
    """All that the page shows; `record_fault` says why there is no record, or ""."""

    written_at: datetime
    months: tuple[Month, ...]
    strips: tuple[Strip, ...]
    curves: tuple[Curve, ...] = ()
    coverage: tuple[MonthCoverage, ...] = ()
    record_fault: str = ""

    @property
    def nights(self) -> int:
        """Return the number of nights."""
        return sum(len(month.lines) for month in self.months)

    @property
    def first(self) -> date:
        """Return the earliest night, of which there is one."""
        return self.months[-1].lines[-1].night

    @property
    def last(self) -> date:
        """Return the latest night, of which there is one."""
        return self.months[0].lines[0].night


def archive_page(archive: Archive) -> str:
    """Return the page as HTML; the same archive gives the same bytes."""
    report, own = REPORT_TEMPLATES / "page.css", TEMPLATES / "archive.css"
    style = read_asset(report) + Markup("\n") + read_asset(own)
    page = _environment().get_template("archive.html.j2")
    text = page.render(
        archive=archive,
        style=style,
        policy=security_policy(style),
        too_few=TOO_FEW,
        aim=AIM,
        curve_size=(WIDTH, HEIGHT),
        strip_size=(SHOWN * STEP, STRIP_HEIGHT),
        shown=SHOWN,
    )
    return finish_page(text)


@lru_cache
def _environment() -> Environment:
    environment = page_environment(TEMPLATES, REPORT_TEMPLATES)
    environment.filters |= {"signed": format_signed, "instant": instant}
    return environment
