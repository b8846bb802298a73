"""Turns Prefect's telemetry off, unless the user has turned it on.

Every command imports this module, so it imports nothing heavy at its top.
"""

import os
from importlib import import_module

TELEMETRY_OFF = {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
"""Prefect's client and command line read the first, its server the second."""


def turn_telemetry_off() -> None:
    """Set both variables for this process and its children, unless they are set.

    Call it before Prefect is imported. During the import Prefect reads `DO_NOT_TRACK`;
    without it, Prefect stores a device id and sends events to the internet.
    """
    for name, value in TELEMETRY_OFF.items():
        os.environ.setdefault(name, value)


def ignore_milestones() -> None:
    """Keep Prefect from writing a device id when a flow is defined or run.

    At a terminal, Prefect 3.9 does so whatever `DO_NOT_TRACK` is. Call this after
    `turn_telemetry_off`, and before a module with a flow is imported.
    """
    if os.environ.get("DO_NOT_TRACK", "").lower() in {"1", "true", "yes"}:
        analytics = import_module("prefect._internal.analytics")
        vars(analytics)["try_mark_milestone"] = lambda _name: False
