"""Prefect's settings that `overnight deploy` and the compose file set alike.

Bare `overnight` imports this module, so it imports nothing heavy.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.settings import RunSettings

SECONDS_PER_DAY = 86400

PATIENT_CLIENT = {
    # Each retry waits longer: six retries last for 100 s; the default is 50 s.
    "PREFECT_CLIENT_MAX_RETRIES": "6",
    # The server answers 500 while Postgres is away; Prefect's default is to give up.
    "PREFECT_CLIENT_RETRY_EXTRA_CODES": "500",
}
"""Clients with these settings go on after a restart of the server or its database."""


def delete_old_runs(settings: "RunSettings") -> dict[str, str]:
    """Return what makes the server delete old runs with their tasks, logs, artifacts.

    By default it deletes old events only.
    """
    seconds = settings.prefect_days_kept * SECONDS_PER_DAY
    return {
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(seconds),
    }
