"""Prefect's telemetry, switched off before Prefect is imported.

Imports nothing heavy: every command calls it first.
"""

import os

TELEMETRY_OFF = {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
"""Prefect's client and its command line read the first, its server the second."""


def turn_telemetry_off() -> None:
    """Set both variables for this process and its children, unless the user has.

    Prefect reads `DO_NOT_TRACK` when it is imported: it then writes a device id to its
    home and sends events to the internet. So this must be called before that import.
    """
    for name, value in TELEMETRY_OFF.items():
        os.environ.setdefault(name, value)
