"""How past reports moved a stock: one sentence, and bars by date. Pure."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from screening.findings import PastReaction
from screening.report.cells import format_signed, percent, signed_percent
from screening.row import MIN_TYPICAL

SHOWN = 8
"""The latest reports that the sentence and the picture show."""

ZERO = 50
"""Height in pixels of the line of 0, and the space below it."""

LONGEST = 34
"""Height in pixels of the bar of the largest move."""

WIDTH = 6
"""Width of a bar in percent of the picture's width; the style sheet holds it too."""


@dataclass(frozen=True)
class MoveBar:
    """The bar of one session: `move` is its return, a fraction.

    `middle` is in percent of the picture's width; `top`, `height` and `label`, the
    place of the text, are in pixels.
    """

    session: date
    move: float
    middle: float
    height: int

    @property
    def left(self) -> float:
        """Return the left edge in percent of the picture's width."""
        return round(self.middle - WIDTH / 2, 2)

    @property
    def top(self) -> int:
        """Return the upper edge."""
        return ZERO - self.height if self.move > 0 else ZERO

    @property
    def label(self) -> int:
        """Return the base line of the text, above or below the bar."""
        return self.top - 4 if self.move > 0 else self.top + self.height + 11

    @property
    def text(self) -> str:
        """Return the move in percent as `+6.0`."""
        return format_signed(100 * self.move, 1)


@dataclass(frozen=True)
class PastMoves:
    """The latest moves after reports, oldest first, and a sentence on them."""

    sentence: str
    bars: tuple[MoveBar, ...]

    @property
    def description(self) -> str:
        """Return every bar in words, for people who can't see it."""
        texts = [f"{bar.session} {bar.text} %" for bar in self.bars]
        return f"{', '.join(texts)}."


def past_moves(past: Sequence[PastReaction]) -> PastMoves | None:
    """Return the picture of the last `SHOWN` reactions, None if none is known.

    `past` is in the order of the sessions.
    """
    shown = past[-SHOWN:]
    if not shown:
        return None
    largest = max(abs(one.move) for one in shown) or 1.0
    slot = 100 / len(shown)
    bars = [
        MoveBar(
            session=one.session,
            move=one.move,
            middle=round(slot * (place + 0.5), 2),
            height=max(1, round(LONGEST * abs(one.move) / largest)),
        )
        for place, one in enumerate(shown)
    ]
    return PastMoves(_sentence([one.move for one in shown]), tuple(bars))


def _sentence(moves: Sequence[float]) -> str:
    """Return the median and the range of the sizes, or each move if they are few."""
    if len(moves) == 1:
        return f"Its last report moved it {signed_percent(moves[0])}."
    start = f"Its last {len(moves)} reports moved it"
    if len(moves) < MIN_TYPICAL:
        *first, last = map(signed_percent, moves)
        return f"{start} {', '.join(first)} and {last}."
    sizes = [abs(move) for move in moves]
    middle, low, high = statistics.median(sizes), min(sizes), max(sizes)
    least, most = (percent(size, 1) for size in (low, high))
    return (
        f"{start} {percent(middle, 1)} in the median "
        f"({least.removesuffix(' %')} to {most})."
    )
