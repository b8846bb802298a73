"""What a run asks of Prefect's server beside its states: never at the run's own cost.

A server that restarts must not stop downloads or fail a training that reports.
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
    """Return what `show` returns, or None, with a warning, where Prefect refused.

    `what` names it for the person who will not find it; `quiet` says nothing.
    """
    try:
        return show()
    except Exception as error:  # noqa: BLE001  whatever it is, the run goes on
        if not quiet:
            warn(
                f"Prefect must take {what}, got {type(error).__name__}: "
                f"{str(error)[:120]}; the run goes on without showing it."
            )
        return None


def warn(sentence: str) -> None:
    """Log the sentence to the run, or to Prefect's own log outside of one."""
    try:
        get_run_logger().warning(sentence)
    except MissingContextError:
        get_logger("overnight").warning(sentence)


def impatient_settings() -> Settings:
    """Return Prefect's settings with one retry a request, after two seconds.

    One, because a connection that was left idle may be found closed.
    """
    return get_settings_context().settings.copy_with_update(
        updates={PREFECT_CLIENT_MAX_RETRIES: 1}
    )


@contextmanager
def under(settings: Settings) -> Iterator[None]:
    """Let this thread's requests follow `settings`.

    `temporary_settings` would work them out anew, in 30 to 90 ms each time.
    """
    with SettingsContext(profile=get_settings_context().profile, settings=settings):
        yield
