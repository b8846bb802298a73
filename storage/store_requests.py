"""Requests to an object store: their errors, and the check that a home is still ours.

Every request that changes a home in S3 goes through `change`. A run that holds the
lease of a home (`lease.py`) registers it here. No request of such a run is sent after
the lease may have expired: also not one that waited while the process was suspended,
and not the repetition of one.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, override

from upath import UPath

from config.errors import StorageError


class Guard(Protocol):
    """The right of a run to change a home; it can be pickled."""

    @property
    def home(self) -> UPath:
        """Return the folder of the home."""

    @property
    def is_confirmed(self) -> bool:
        """Return whether no other run can have taken over the home yet."""

    def confirm(self) -> None:
        """Ask the store if that is unknown; raise `LostHome` if the home is lost."""

    def raise_if_lost(self) -> None:
        """Raise `LostHome` if it is known that the home is lost; ask nobody."""


class _StaleGuardError(OSError):
    """The process was suspended between the check and the request."""


_guards: dict[str, Guard] = {}
"""The guards of the homes that this process may change, by the home's address."""

_needed: ContextVar[Guard | None] = ContextVar("_needed", default=None)
"""The guard of the present request."""


@contextmanager
def guarded(guard: Guard | None) -> Iterator[None]:
    """Within the block, change the guard's home only while it is confirmed.

    A home on a disk needs no guard: None.
    """
    if guard is None:
        yield
        return
    address = _address(guard.home)
    before = _guards.get(address)
    _guards[address] = guard
    try:
        yield
    finally:
        _guards.pop(address)
        if before is not None:
            _guards[address] = before


def guard_of(path: object) -> Guard | None:
    """Return the guard of the home that holds `path`; None on a disk."""
    homes = [home for home in [*_guards] if _address(path).startswith(f"{home}/")]
    return _guards.get(max(homes, key=len)) if homes else None


def confirm_home(path: object) -> None:
    """Raise `LostHome` if another run has taken over the home of `path`.

    Raises
    ------
    StorageError
        If the store had to be asked, and refuses or does not answer.
    """
    guard = guard_of(path)
    if guard is not None:
        guard.confirm()


def raise_if_any_home_is_lost() -> None:
    """Raise `LostHome` if a home that this process changes is known to be lost."""
    for guard in [*_guards.values()]:
        guard.raise_if_lost()


def change[Answer](path: UPath, send: Callable[[], Answer]) -> Answer:
    """Return `send()`, which changes the home of `path`; it may be called again.

    Raises
    ------
    LostHome
        If another run has taken over the home.
    OSError, StorageError
        If the store refuses or does not answer.
    """
    guard = guard_of(path)
    if guard is None:
        with store_errors(path):
            return send()
    with store_errors(path):
        # botocore ignores a second registration of the same `unique_id`.
        path.fs.s3.meta.events.register(
            "before-send.s3", _require_guard, unique_id="overnight-guard"
        )
    while True:
        guard.confirm()
        token = _needed.set(guard)
        try:
            with store_errors(path):
                return send()
        except _StaleGuardError:
            continue
        finally:
            _needed.reset(token)


def _require_guard(request: Any, **_: Any) -> None:  # noqa: ANN401  botocore's
    """Stop a request that is about to be sent, for the first time or again.

    With the header `Expect` it would wait for the store between its head and content;
    a process suspended there would send the content when it goes on.
    """
    guard = _needed.get()
    if guard is None:
        return
    _require(guard)
    request.headers.pop("Expect", None)
    if isinstance(request.body, io.BytesIO):
        request.body = _GuardedContent(request.body.getvalue(), guard)


class _GuardedContent(io.BytesIO):
    """The content of a request, which can be read only while the guard is confirmed."""

    def __init__(self, content: bytes, guard: Guard) -> None:
        super().__init__(content)
        self._guard = guard

    @override
    def read(self, size: int | None = -1, /) -> bytes:
        _require(self._guard)
        return super().read(size)


def _require(guard: Guard) -> None:
    if not guard.is_confirmed:
        raise _StaleGuardError("this process was suspended")


@contextmanager
def store_errors(path: UPath) -> Iterator[None]:
    """Turn botocore's own exceptions, e.g. for missing credentials, into `OSError`.

    Raises
    ------
    StorageError
        If the bucket does not exist.
    """
    try:
        yield
    except OSError as error:
        if error_code(error) == "NoSuchBucket":
            raise missing_bucket(path) from error
        raise
    except Exception as error:  # Their base class would have to be imported.
        raise OSError(f"{type(error).__name__}: {error}") from error


def missing_bucket(path: UPath) -> StorageError:
    """Return the error of a path whose bucket does not exist."""
    bucket = path.path.partition("/")[0]
    return StorageError(
        f"the bucket s3://{bucket} does not exist",
        "create it, or correct --home or OVERNIGHT_HOME",
    )


def error_code(error: OSError) -> str:
    """Return the store's code of an error, like `PreconditionFailed`, or ""."""
    response = getattr(error.__cause__, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def _address(path: object) -> str:
    return str(path).rstrip("/")
