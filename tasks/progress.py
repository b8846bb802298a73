"""How far the training of a run is, and how long it will still take.

One object a run: tasks report to it, it tells Prefect's progress artifact and, where a
person sits at the terminal, a listener.
"""

import threading
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import partial
from typing import cast
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact

from modelling.training import EpochDone
from tasks.server import impatient_settings, shown, under

UPDATE_EVERY_SECONDS = 5.0


@dataclass(frozen=True)
class Standing:
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


Listener = Callable[[Standing], None]

listener: ContextVar[Listener | None] = ContextVar("listener", default=None)
"""Set by the command line before it calls a flow in its own process."""


class Progress:
    """The standing of one run, kept from many threads."""

    def __init__(self, symbols: Iterable[str]) -> None:
        """Start with nothing done; call inside a flow run."""
        self._share = dict.fromkeys(symbols, 0.0)
        self._shares = 0.0
        self._done = 0
        self._lock = threading.Lock()
        self._trained_since: float | None = None
        self._share_then = 0.0
        self._told = 0.0
        self._listener = listener.get()
        self._telling = threading.Lock()
        self._artifact: UUID | None = None
        self._refused = False
        self._impatient = impatient_settings()
        self._tell(self._standing())

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
            due = time.monotonic() - self._told > UPDATE_EVERY_SECONDS
            ended = standing.done == standing.symbols
            if due or ended:
                self._told = time.monotonic()
        if self._listener:
            self._listener(replace(standing, symbol=symbol, epoch=epoch))
        if ended:
            self._tell(standing)
        elif due:
            self._try_to_tell(standing)

    def _count(self, symbol: str, share: float) -> None:
        """Change sum and count by one symbol; adding all up would take too long."""
        before = self._share[symbol]
        self._share[symbol] = share
        self._shares += share - before
        self._done += (share == 1) - (before == 1)

    def _standing(self) -> Standing:
        done, symbols = self._done, len(self._share)
        share = 1.0 if done == symbols else self._shares / symbols
        left = None
        gained = share - self._share_then
        if self._trained_since is not None and gained > 0:
            pace = gained / (time.monotonic() - self._trained_since)
            left = (1 - share) / pace
        return Standing(share, done, symbols, left)

    def _try_to_tell(self, standing: Standing) -> None:
        """Tell Prefect, but hold nobody up: it is told again soon."""
        if self._telling.locked():
            return  # A thread waits for the server; one is enough.
        with under(self._impatient):
            self._tell(standing)

    def _tell(self, standing: Standing) -> None:
        """Tell Prefect how far the run is, for which no training may fail."""
        with self._telling:
            artifact = shown(
                "the run's progress",
                partial(_show, self._artifact, standing),
                quiet=self._refused,
            )
            self._artifact = artifact or self._artifact
            self._refused = self._refused or artifact is None


def _show(artifact: UUID | None, standing: Standing) -> UUID:
    """Create or update the progress artifact; return its number."""
    percent, said = 100 * standing.share, standing.sentence
    # Prefect types its calls for async callers too.
    if artifact is None:
        made = create_progress_artifact(percent, "run-progress", said)
        return cast("UUID", made)
    return cast("UUID", update_progress_artifact(artifact, percent, said))
