"""How often the next return was inside its 80 % interval, by month. Pure."""

from dataclasses import dataclass

import pandas as pd

from config.settings import RecordSettings
from screening.track_record.track_record import Mean, clustered_mean

AIM = 0.8
"""The share of returns that the interval is made to hold."""


@dataclass(frozen=True)
class MonthCoverage:
    """The coverage of a month's calls of one kind; `share` is None if too few."""

    month: str
    kind: str
    calls: int
    share: Mean | None

    @property
    def text(self) -> str:
        """Return `81 % (76-86)`, without brackets if there is no interval."""
        if self.share is None:
            return ""
        if self.share.low is None or self.share.high is None:
            return f"{self.share.mean:.0%}"
        ends = f"{100 * self.share.low:.0f}-{100 * min(1.0, self.share.high):.0f}"
        return f"{self.share.mean:.0%} ({ends})"


def coverage_by_month(
    judged: pd.DataFrame, settings: RecordSettings
) -> tuple[MonthCoverage, ...]:
    """Return the coverage by month and kind, the latest month first, live first.

    `judged` has one row per scored call with a known interval: `as_of`, `live`, `low`,
    `high` and `return`.
    """
    dated = judged.assign(month=judged["as_of"].to_numpy().astype("datetime64[M]"))
    kinds = {"live": dated[dated["live"]], "replay": dated[~dated["live"]]}
    found = [
        _coverage(f"{month:%Y-%m}", kind, calls, settings)
        for kind, of_kind in kinds.items()
        for month, calls in of_kind.groupby("month")
    ]
    return tuple(sorted(found, key=lambda one: one.month, reverse=True))


def _coverage(
    month: str, kind: str, calls: pd.DataFrame, settings: RecordSettings
) -> MonthCoverage:
    inside = calls["return"].between(calls["low"], calls["high"]).astype(float)
    days, interval = calls["as_of"], settings.interval
    enough = len(inside) >= settings.min_calls
    return MonthCoverage(
        month=month,
        kind=kind,
        calls=len(inside),
        share=clustered_mean(inside, days, interval) if enough else None,
    )
