"""How far the training of a run is, and how long it will still take.

One object per run: stages report to it, and it passes the state on to the listener of
the command line and to what the flow shows in Prefect.
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
    """Where a run stands: share done in [0, 1], symbols done of all, seconds left.

    `seconds_left` is None until a first epoch gives a pace. `symbol` is the one of
    which something was told last, `epoch` where its training is, None once that ended.
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
        said = f"{self.done} of {self.symbols} symbols"
        if self.seconds_left is None or self.done == self.symbols:
            return said
        return f"{said}, {minutes(self.seconds_left)} left"


def minutes(seconds: float) -> str:
    """Return `1:20` for 80 seconds."""
    whole, rest = divmod(round(seconds), 60)
    return f"{whole}:{rest:02}"


Listener = Callable[[TrainingProgress], None]

listener: ContextVar[Listener | None] = ContextVar("listener", default=None)
"""Set by the command line before it calls a flow in its own process."""


class Display(Protocol):
    """Where a run's progress is shown beside the terminal."""

    def show(self, standing: TrainingProgress, *, wait: bool) -> None:
        """Show it; without `wait` the caller is not held up, and may be ignored."""
        ...


class Progress:
    """The standing of one run, kept from many threads."""

    def __init__(self, symbols: Iterable[str], display: Display | None = None) -> None:
        """Start with nothing done."""
        self._share = dict.fromkeys(symbols, 0.0)
        self._shares = 0.0
        self._done = 0
        self._lock = threading.Lock()
        self._trained_since: float | None = None
        self._share_then = 0.0
        self._shown_at = 0.0
        self._listener = listener.get()
        self._display = display
        self._show(self._standing(), wait=True)

    def on_epoch(self, symbol: str, done: EpochDone) -> None:
        """Take note of one symbol's epoch."""
        self._note(symbol, done.epoch / (done.epochs + 1), done)

    def trained(self, symbol: str) -> None:
        """Take note that the symbol's training has ended, well or not."""
        self._note(symbol, 0.0)

    def finished(self, symbol: str) -> None:
        """Take note that nothing is left to do for the symbol."""
        self._note(symbol, 1.0)

    def _note(self, symbol: str, share: float, epoch: EpochDone | None = None) -> None:
        """Take note of the share, which never falls."""
        with self._lock:
            self._count(symbol, max(self._share[symbol], share))
            standing = self._standing()
            if self._trained_since is None:
                self._trained_since = time.monotonic()
                self._share_then = standing.share
            due = time.monotonic() - self._shown_at > UPDATE_EVERY_SECONDS
            ended = standing.done == standing.symbols
            if due or ended:
                self._shown_at = time.monotonic()
        if self._listener:
            self._listener(replace(standing, symbol=symbol, epoch=epoch))
        if ended or due:
            self._show(standing, wait=ended)

    def _count(self, symbol: str, share: float) -> None:
        """Change sum and count by one symbol; adding all up would take too long."""
        before = self._share[symbol]
        self._share[symbol] = share
        self._shares += share - before
        self._done += (share == 1) - (before == 1)

    def _standing(self) -> TrainingProgress:
        done, symbols = self._done, len(self._share)
        share = 1.0 if done == symbols else self._shares / symbols
        left = None
        gained = share - self._share_then
        if self._trained_since is not None and gained > 0:
            pace = gained / (time.monotonic() - self._trained_since)
            left = (1 - share) / pace
        return TrainingProgress(share, done, symbols, left)

    def _show(self, standing: TrainingProgress, *, wait: bool) -> None:
        if self._display:
            self._display.show(standing, wait=wait)
