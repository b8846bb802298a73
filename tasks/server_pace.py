"""The pace of requests that all runs on one Prefect server share."""

import math
import time
from dataclasses import dataclass, field

from prefect.context import SyncClientContext
from prefect.exceptions import ObjectAlreadyExists, PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL, Settings

from pipeline.request_pace import Pace, machine_pace
from tasks.server import impatient_settings, use_settings, warn
from tasks.temporary_server import TemporaryServer

LIMIT = "yahoo"
"""The name of the global concurrency limit on Prefect's server."""

BURST_SECONDS = 2
"""The slots of so many seconds may be taken at once.

The server counts whole slots between two requests for a slot. Two processes that share
a limit of 2 requests per second reach 1.5 without this burst, and 1.8 with it.
"""

RETRY_AFTER_SECONDS = 15
"""A server that did not answer is asked again after this time."""

LOCKED = 423


def request_pace(per_second: float) -> Pace:
    """Return a function that waits until a request may be sent; it is not thread-safe.

    All runs on this machine share the pace. So do all runs on one Prefect server,
    unless it is the temporary server of one run.
    """
    machine = machine_pace(per_second)
    if not PREFECT_API_URL.value() or TemporaryServer.is_in_use():
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

    The first call creates the limit, or sets it to this rate. While the server does not
    answer, calls return at once: the pace of the machine still holds.
    """

    per_second: float
    _settings: Settings | None = field(default=None, init=False)
    _ask_again_at: float = field(default=0.0, init=False)
    _warned: bool = field(default=False, init=False)

    def __call__(self) -> None:
        """Wait until the server grants a slot."""
        if time.monotonic() < self._ask_again_at:
            return
        try:
            self._take_slot()
        except Exception as error:  # noqa: BLE001  pacing must not fail a symbol
            self._ask_again_at = time.monotonic() + RETRY_AFTER_SECONDS
            self._settings = None  # The next server may not have the limit yet.
            if not self._warned:
                warn(
                    "Prefect's server does not pace the requests to Yahoo "
                    f"({type(error).__name__}: {str(error)[:120]}); until it answers, "
                    "this machine keeps its own pace."
                )
            self._warned = True

    def _take_slot(self) -> None:
        first = self._settings is None
        settings = self._settings or impatient_settings()
        with use_settings(settings):
            if first:
                ensure_request_limit(self.per_second)
            _wait_for_slot()
        self._settings = settings


def _wait_for_slot() -> None:
    """Take a slot as `prefect.concurrency.sync.rate_limit` does.

    Prefect's function also sends an event for each slot. It hides whether it waits for
    a slot or for the server.
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
