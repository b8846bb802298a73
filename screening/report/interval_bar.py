"""The interval of one symbol as a bar on an axis that all symbols share. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from screening.findings import DistributionFindings
from screening.report.cells import signed_percent
from screening.report.waterfall import MARGIN, Axis

DEFAULT_REACH = 0.01
"""Length of the axis on each side of 0 if no symbol has an interval."""


@dataclass(frozen=True)
class IntervalBar:
    """The ends and the centre of an 80 % interval, as fractions of the last close.

    `ordinary` are the ends without a report, None if the session reacts to none or if
    they are not known.
    """

    low: float
    high: float
    centre: float
    ordinary: tuple[float, float] | None = None

    @property
    def ends(self) -> tuple[float, ...]:
        """Return all ends that the axis must have room for."""
        return self.low, self.high, *(self.ordinary or ())

    @property
    def ordinary_text(self) -> str:
        """Return the ordinary interval as text, '' if there is none."""
        return " to ".join(map(signed_percent, self.ordinary or ()))

    @property
    def description(self) -> str:
        """Return the bar in words, for people who can't see it."""
        text = (
            f"80 % interval {signed_percent(self.low)} to {signed_percent(self.high)}, "
            f"centre {signed_percent(self.centre)}."
        )
        if self.ordinary:
            text = f"{text} Without a report {self.ordinary_text}."
        return text


def interval_bar(
    row: Mapping[str, str], found: DistributionFindings
) -> IntervalBar | None:
    """Return the bar of a CSV row, None if the row has no interval.

    Without a model the centre is 0. The ordinary interval is drawn on a session that
    reacts, or may react, to a report.
    """
    if not row["predicted_return_low"] or not row["predicted_return_high"]:
        return None
    reacts = row["event_reaction"] in ("yes", "possible")
    ordinary = found.ordinary if reacts else None
    return IntervalBar(
        low=float(row["predicted_return_low"]),
        high=float(row["predicted_return_high"]),
        centre=float(row["predicted_return"] or 0),
        ordinary=(ordinary.low, ordinary.high) if ordinary else None,
    )


def interval_axis(bars: Iterable[IntervalBar | None]) -> Axis:
    """Return one axis with 0 in its middle and room for all bars."""
    ends = [abs(end) for bar in bars if bar for end in bar.ends]
    return Axis(MARGIN * (max(ends, default=0.0) or DEFAULT_REACH))
