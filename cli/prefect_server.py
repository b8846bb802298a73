"""The Prefect server of a command that runs a flow."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from config.quick_imports import quick_imports
from flows.telemetry import ignore_milestones

if TYPE_CHECKING:
    from tasks.temporary_server import TemporaryServer


@contextmanager
def prefect_server() -> Iterator["TemporaryServer | None"]:
    """Yield this command's temporary server, or None if a setting names another.

    A temporary server is still starting.

    Raises
    ------
    RunError
        If the named server can't be used, or the server stops answering.
    """
    with quick_imports():
        ignore_milestones()
        from status.named_server import require_named_server  # noqa: PLC0415  slow
        from tasks.temporary_server import temporary_server  # noqa: PLC0415  as above

    with temporary_server() as server:
        if server is None:
            require_named_server()
        yield server
