"""Turn Prefect's telemetry off before Prefect is imported.

Every command calls this first, so the module imports nothing heavy.
"""

import os

TELEMETRY_OFF = {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
"""Prefect's client and command line read the first, its server the second."""


def turn_telemetry_off() -> None:
    """Set both variables for this process and its children, unless they are set.

    Call it before Prefect is imported. During the import Prefect reads `DO_NOT_TRACK`;
    without it, Prefect stores a device id and sends events to the internet.
    """
    for name, value in TELEMETRY_OFF.items():
        os.environ.setdefault(name, value)
