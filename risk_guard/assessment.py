"""What is known of coming events for one symbol, and the haircut it costs.

Fails closed: what no source has answered for is a risk, not a calm.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from config.settings import GuardSettings


@dataclass(frozen=True)
class EventAssessment:
    """The guard's finding; None is "not known". `haircut` is a share, 0 to 1.

    `sit_out` forces HOLD; `warning` is a sentence for the person who reads the row.
    """

    status: Literal["unknown", "clear", "upcoming", "sit_out"]
    haircut: float
    sit_out: bool | None
    warning: str
    event_type: str | None = None
    event_date: date | None = None
    title: str | None = None
    source: str | None = None

    @property
    def position_scale(self) -> float:
        """Return the share of the usual position: 0 in a sit-out, else 1 - haircut."""
        return 0.0 if self.sit_out else 1 - self.haircut


def unknown_events(why: str, settings: GuardSettings) -> EventAssessment:
    """Return the finding where no event source answered, with the least haircut."""
    return EventAssessment(
        status="unknown",
        haircut=settings.unknown_haircut,
        sit_out=None,
        warning=(
            f"Events unknown ({why}): {settings.unknown_haircut:.0%} haircut, "
            "check the calendar yourself."
        ),
    )
