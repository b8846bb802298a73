"""Requests of a run to Prefect's server; their failure never stops the run.

A server that restarts must not stop a download or fail a training.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prefect.context import SettingsContext, get_settings_context
from prefect.exceptions import MissingContextError
from prefect.logging import get_logger, get_run_logger
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, Settings


def try_show[Shown](
    what: str, show: Callable[[], Shown], *, quiet: bool = False
) -> Shown | None:
    """Return what `show` returns; if Prefect fails, log a warning and return None.

    `what` names in the warning what is not shown; with `quiet` there is no warning.
    """
    try:
        return show()
    except Exception as error:  # noqa: BLE001  whatever it is, the run goes on
        if not quiet:
            warn(
                f"Prefect's server did not store {what} ({type(error).__name__}: "
                f"{str(error)[:120]}); the run goes on without showing it."
            )
        return None


def warn(sentence: str) -> None:
    """Log a warning to the flow run, or to Prefect's own log outside of a run."""
    try:
        get_run_logger().warning(sentence)
    except MissingContextError:
        get_logger("overnight").warning(sentence)


def impatient_settings() -> Settings:
    """Return Prefect's settings with one retry per request, after two seconds.

    The retry is needed because an idle connection may have been closed.
    """
    return get_settings_context().settings.copy_with_update(
        updates={PREFECT_CLIENT_MAX_RETRIES: 1}
    )


@contextmanager
def use_settings(settings: Settings) -> Iterator[None]:
    """Use `settings` for this thread's requests.

    Prefect's `temporary_settings` computes all settings again: 30 to 90 ms each time.
    """
    with SettingsContext(profile=get_settings_context().profile, settings=settings):
        yield
