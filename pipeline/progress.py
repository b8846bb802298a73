"""The progress of a run, and the time that it will still take.

Each run has one `Progress` object. The stages report to it; it calls the listener of
the command line and updates the display in Prefect.
"""

import math
import threading
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from modelling.training import EpochDone

UPDATE_EVERY_SECONDS = 5.0

SETTLE_SECONDS = 3.0
"""Seconds before the first estimate: the pace of the first epochs is no guide."""

SMOOTHING_SECONDS = 15.0
"""Time in which a change of pace has moved the estimate by two thirds of its size."""

Step = Literal["", "training", "trained", "finished"]
"""What a symbol does: its model is being trained, is trained; all stages are done."""


@dataclass(frozen=True)
class TrainingProgress:
    """The progress of a run: share done in [0, 1], symbols done of all, seconds left.

    `seconds_left` is None until there is a pace. `symbol` is the symbol that reported
    last, and `step` what it does; `epoch` is its last epoch, or None when its training
    has ended. `trained` counts the trainings that have ended.
    """

    share: float
    done: int
    symbols: int
    seconds_left: float | None
    symbol: str = ""
    epoch: EpochDone | None = None
    step: Step = ""
    trained: int = 0

    @property
    def sentence(self) -> str:
        """Return `6 trained, 4 of 10 finished, 1:20 left`."""
        trained = f"{self.trained} trained, " if self.trained else ""
        counts = f"{trained}{self.done} of {self.symbols} finished"
        if self.seconds_left is None or self.done == self.symbols:
            return counts
        return f"{counts}, {minutes(self.seconds_left)} left"


def minutes(seconds: float) -> str:
    """Return `1:20` for 80 seconds."""
    whole, rest = divmod(round(seconds), 60)
    return f"{whole}:{rest:02}"


Listener = Callable[[TrainingProgress], None]

listener: ContextVar[Listener | None] = ContextVar("listener", default=None)
"""Set by the command line before it calls a flow in its own process."""


class Display(Protocol):
    """Shows a run's progress outside of the terminal."""

    def show(self, progress: TrainingProgress, *, wait: bool) -> None:
        """Show the progress; without `wait` return at once, perhaps without showing."""
        ...


class FinishTime:
    """Estimates when a run will end; the estimate changes slowly."""

    def __init__(self) -> None:
        """Start without a pace."""
        self._first: tuple[float, float] | None = None
        self._finish: float | None = None
        self._updated = 0.0

    def seconds_left(self, share: float, now: float) -> float | None:
        """Return the seconds left if `share` is done at `now`, None if not known."""
        if self._first is None:
            self._first = (now, share)
        spent, gained = now - self._first[0], share - self._first[1]
        if gained > 0 and spent >= SETTLE_SECONDS:
            by_pace = now + (1 - share) * spent / gained
            before = by_pace if self._finish is None else self._finish
            weight = 1 - math.exp((self._updated - now) / SMOOTHING_SECONDS)
            self._finish = before + weight * (by_pace - before)
            self._updated = now
        return None if self._finish is None else max(0.0, self._finish - now)


class Progress:
    """Counts the progress of one run; many threads report to it."""

    def __init__(self, symbols: Iterable[str], display: Display | None = None) -> None:
        """Start with nothing done."""
        self._share = dict.fromkeys(symbols, 0.0)
        self._shares = 0.0
        self._done = 0
        self._lock = threading.Lock()
        self._trained = 0
        self._finish = FinishTime()
        self._shown_at = 0.0
        self._listener = listener.get()
        self._display = display
        self._show(self._progress(None), wait=True)

    def on_epoch(self, symbol: str, done: EpochDone) -> None:
        """Count an epoch of the symbol's training."""
        self._report(symbol, "training", done.epoch / (done.epochs + 1), done)

    def end_training(self, symbol: str) -> None:
        """Report that the symbol's training has ended, whether or not it succeeded."""
        self._report(symbol, "trained", 0.0)

    def end_symbol(self, symbol: str) -> None:
        """Report that the symbol is finished."""
        self._report(symbol, "finished", 1.0)

    def _report(
        self, symbol: str, step: Step, share: float, epoch: EpochDone | None = None
    ) -> None:
        """Count the symbol's share, which never falls, and show the progress if due."""
        with self._lock:
            self._count(symbol, max(self._share[symbol], share))
            self._trained += step == "trained"
            now = time.monotonic()
            progress = self._progress(now)
            is_due = now - self._shown_at > UPDATE_EVERY_SECONDS
            has_ended = progress.done == progress.symbols
            if is_due or has_ended:
                self._shown_at = now
        if self._listener:
            self._listener(replace(progress, symbol=symbol, epoch=epoch, step=step))
        if is_due or has_ended:
            self._show(progress, wait=has_ended)

    def _count(self, symbol: str, share: float) -> None:
        """Change sum and count by one symbol; adding up all symbols is too slow."""
        before = self._share[symbol]
        self._share[symbol] = share
        self._shares += share - before
        self._done += (share == 1) - (before == 1)

    def _progress(self, now: float | None) -> TrainingProgress:
        done, symbols = self._done, len(self._share)
        share = 1.0 if done == symbols else self._shares / symbols
        left = None if now is None else self._finish.seconds_left(share, now)
        return TrainingProgress(share, done, symbols, left, trained=self._trained)

    def _show(self, progress: TrainingProgress, *, wait: bool) -> None:
        if self._display:
            self._display.show(progress, wait=wait)
