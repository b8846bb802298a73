"""The pace of requests that all runs on one Prefect server share."""

import math
import time
from dataclasses import dataclass, field

from prefect.context import SyncClientContext
from prefect.exceptions import ObjectAlreadyExists, PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL, Settings

from pipeline.request_pace import Pace, machine_pace
from tasks.server import impatient_settings, under, warn

LIMIT = "yahoo"
"""The name of the global concurrency limit on Prefect's server."""

BURST_SECONDS = 2
"""Slots of so many seconds may be taken at once.

The server counts whole slots since a limit was last asked for; two processes that ask
for single ones reach 1.5 of 2 requests a second, with this burst 1.8.
"""

AWAY_SECONDS = 15
"""A server that did not answer is not asked again for so long."""

LOCKED = 423


def request_pace(per_second: float) -> Pace:
    """Return what waits for a request's turn among all runs; it is not thread-safe.

    All runs on this machine take turns, and so do those on one Prefect server, unless
    it is the temporary server of one run.
    """
    machine = machine_pace(per_second)
    if not PREFECT_API_URL.value():
        return machine
    server = ServerPace(per_second)

    def both() -> None:
        machine()
        server()

    return both


def ensure_request_limit(per_second: float) -> None:
    """Create the limit on Prefect's server, or set the present one to this rate."""
    burst = math.ceil(BURST_SECONDS * per_second)
    with SyncClientContext.get_or_create() as context:
        try:
            context.client.upsert_global_concurrency_limit_by_name(
                LIMIT, burst, slot_decay_per_second=per_second
            )
        except ObjectAlreadyExists:
            return  # Another run, started at the same time, was first.


@dataclass
class ServerPace:
    """Waits for a slot of the limit that all runs on one Prefect server share.

    The limit is created or set to this rate by the first call. While the server is
    away nothing is waited for: the other paces still hold.
    """

    per_second: float
    _settings: Settings | None = field(default=None, init=False)
    _ask_again_at: float = field(default=0.0, init=False)
    _told: bool = field(default=False, init=False)

    def __call__(self) -> None:
        """Wait until the server grants a slot."""
        if time.monotonic() < self._ask_again_at:
            return
        try:
            self._ask()
        except Exception as error:  # noqa: BLE001  pacing must not fail a symbol
            self._ask_again_at = time.monotonic() + AWAY_SECONDS
            self._settings = None  # What comes back may be a server without the limit.
            if not self._told:
                warn(
                    "Prefect's server must grant requests to Yahoo, got "
                    f"{type(error).__name__}: {str(error)[:120]}; until it answers, "
                    "this machine keeps its own pace."
                )
            self._told = True

    def _ask(self) -> None:
        first = self._settings is None
        settings = self._settings or impatient_settings()
        with under(settings):
            if first:
                ensure_request_limit(self.per_second)
            _wait_for_slot()
        self._settings = settings


def _wait_for_slot() -> None:
    """Take a slot as `prefect.concurrency.sync.rate_limit` does.

    That one also sends an event a slot and hides whether a slot or the server is
    waited for.
    """
    with SyncClientContext.get_or_create() as context:
        while True:
            try:
                context.client.increment_concurrency_slots([LIMIT], 1, "rate_limit")
            except PrefectHTTPStatusError as error:
                if error.response.status_code != LOCKED:
                    raise
                time.sleep(float(error.response.headers["Retry-After"]))
            else:
                return
