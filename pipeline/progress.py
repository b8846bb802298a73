"""The progress of a run, and the time that it will still take.

Each run has one `Progress` object. The stages report to it; it calls the listener of
the command line and updates the display in Prefect.
"""

import threading
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Protocol

from modelling.training import EpochDone

UPDATE_EVERY_SECONDS = 5.0


@dataclass(frozen=True)
class TrainingProgress:
    """The progress of a run: share done in [0, 1], symbols done of all, seconds left.

    `seconds_left` is None until the first epoch gives a pace. `symbol` is the symbol
    that reported last; `epoch` is its last epoch, or None when its training has ended.
    """

    share: float
    done: int
    symbols: int
    seconds_left: float | None
    symbol: str = ""
    epoch: EpochDone | None = None

    @property
    def sentence(self) -> str:
        """Return `4 of 10 symbols, 1:20 left`."""
        counts = f"{self.done} of {self.symbols} symbols"
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


class Progress:
    """Counts the progress of one run; many threads report to it."""

    def __init__(self, symbols: Iterable[str], display: Display | None = None) -> None:
        """Start with nothing done."""
        self._share = dict.fromkeys(symbols, 0.0)
        self._shares = 0.0
        self._done = 0
        self._lock = threading.Lock()
        self._first_epoch_at: float | None = None
        self._share_at_first_epoch = 0.0
        self._shown_at = 0.0
        self._listener = listener.get()
        self._display = display
        self._show(self._progress(), wait=True)

    def on_epoch(self, symbol: str, done: EpochDone) -> None:
        """Count an epoch of the symbol's training."""
        self._report(symbol, done.epoch / (done.epochs + 1), done)

    def end_training(self, symbol: str) -> None:
        """Report that the symbol's training has ended, whether or not it succeeded."""
        self._report(symbol, 0.0)

    def end_symbol(self, symbol: str) -> None:
        """Report that the symbol is finished."""
        self._report(symbol, 1.0)

    def _report(
        self, symbol: str, share: float, epoch: EpochDone | None = None
    ) -> None:
        """Count the symbol's share, which never falls, and show the progress if due."""
        with self._lock:
            self._count(symbol, max(self._share[symbol], share))
            progress = self._progress()
            if self._first_epoch_at is None:
                self._first_epoch_at = time.monotonic()
                self._share_at_first_epoch = progress.share
            is_due = time.monotonic() - self._shown_at > UPDATE_EVERY_SECONDS
            has_ended = progress.done == progress.symbols
            if is_due or has_ended:
                self._shown_at = time.monotonic()
        if self._listener:
            self._listener(replace(progress, symbol=symbol, epoch=epoch))
        if is_due or has_ended:
            self._show(progress, wait=has_ended)

    def _count(self, symbol: str, share: float) -> None:
        """Change sum and count by one symbol; adding up all symbols is too slow."""
        before = self._share[symbol]
        self._share[symbol] = share
        self._shares += share - before
        self._done += (share == 1) - (before == 1)

    def _progress(self) -> TrainingProgress:
        done, symbols = self._done, len(self._share)
        share = 1.0 if done == symbols else self._shares / symbols
        seconds_left = None
        gained = share - self._share_at_first_epoch
        if self._first_epoch_at is not None and gained > 0:
            pace = gained / (time.monotonic() - self._first_epoch_at)
            seconds_left = (1 - share) / pace
        return TrainingProgress(share, done, symbols, seconds_left)

    def _show(self, progress: TrainingProgress, *, wait: bool) -> None:
        if self._display:
            self._display.show(progress, wait=wait)
