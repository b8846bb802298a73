"""Files on a disk or in an object store: what differs between the two.

A place is a `pathlib.Path`, or the `UPath` of an address like `s3://bucket/x`. Only
this module asks a store, and it remembers no answer: other machines write there too.
"""

import errno
import os
import re
import shutil
import stat
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from io import BufferedReader
from pathlib import Path
from typing import Any

import fsspec
from upath import UPath

from config.errors import ParameterError, StorageError, quote_value
from config.plain_text import holds_controls

StoragePath = Path | UPath

BUCKETED = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss")
"""Stores whose addresses begin with a bucket's or container's name."""

WHOLE_PUTS = (*BUCKETED, "memory")
"""Stores that show a new object when all of it is there, as their makers promise."""

LONGEST_NAME = 255
"""Bytes that the usual file systems give a name."""

MAX_FILE_BYTES = 1_000_000_000
"""Size above which no file is read whole, where its reader names no smaller one."""

# Without it an open of a FIFO waits for a writer; Windows has neither flag nor FIFO.
_READ_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

_WRITTEN = ("LastModified", "last_modified", "mtime", "created")
"""Where the stores' listings say when an object was written."""


def place_at(address: str | Path) -> StoragePath:
    """Return the place at a path or an address `scheme://...`; `file://` is a path.

    Raises
    ------
    ParameterError
        For an unknown scheme, or one whose package is not installed.
    """
    scheme, mark, rest = str(address).partition("://")
    if not mark:
        return _path(address)
    if scheme in ("file", "local"):
        return Path(rest)
    if "@" in rest.partition("/")[0]:
        raise ParameterError(
            f"`home` must hold no user or password, got one in an address {scheme}://; "
            "give credentials to the store by its environment variables."
        )
    try:
        fsspec.get_filesystem_class(scheme)
        place = UPath(str(address), use_listings_cache=False)
    except (ImportError, ValueError) as error:
        raise ParameterError(
            "`home` must be a folder or an address of a store whose package is "
            f"installed, got {address}: {error}; e.g. s3://bucket/folder with s3fs "
            "(`uv sync --extra s3`)."
        ) from error
    nameless = scheme in BUCKETED and rest.startswith("/")
    if nameless or not place.path.strip("/"):
        raise ParameterError(
            f"`home` must name a place in the store, got {address}; e.g. "
            f"{scheme}://bucket/folder."
        )
    return place


def _path(address: str | Path) -> Path:
    # `Path` makes one slash of two: "s3:/b" would become a folder called "s3:".
    if re.match(r"[a-z][a-z0-9+]+:/", str(address)):
        raise ParameterError(
            f"`home` must be a folder or an address as text with `://`, got {address}; "
            "e.g. s3://bucket/folder."
        )
    path = Path(address)
    too_long = any(len(os.fsencode(part)) > LONGEST_NAME for part in path.parts)
    if too_long or holds_controls(str(path)):
        raise ParameterError(
            f"`home` must be a path of names up to {LONGEST_NAME} bytes without "
            f"control characters, got {quote_value(str(path))}."
        )
    return path


@contextmanager
def refusals_named(path: StoragePath) -> Iterator[None]:
    """Turn a refusal of disk or store while writing `path` into a `StorageError`."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"{path} must be writable, got: {_said(error)}; what was there before "
            "stays: free space, or permit it, and run again."
        ) from error


def _said(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__


@contextmanager
def _answering() -> Iterator[None]:
    """Turn what a store's client raises of its own into an `OSError`.

    A refused line or missing credentials are no `OSError` in botocore.
    """
    try:
        yield
    except OSError:
        raise
    except Exception as error:  # Each store's client has a tree of its own.
        raise OSError(f"{type(error).__name__}: {error}") from error


@contextmanager
def regular_file(path: Path, most: int = MAX_FILE_BYTES) -> Iterator[BufferedReader]:
    """Open a file, or what a link to one names, to read.

    Raises
    ------
    OSError
        If there is none, it is a folder, pipe, socket or device, or larger than `most`.
    """
    require_regular(path)  # To open some devices has an effect of its own.
    with open(os.open(path, _READ_FLAGS), "rb") as file:  # noqa: PTH123  a descriptor
        found = os.fstat(file.fileno())
        require_regular(path, found)
        if found.st_size > most:
            raise _too_large(path, most)
        yield file


def require_regular(path: Path, found: os.stat_result | None = None) -> None:
    """Raise an `OSError` unless a file, or a link to one, is at `path`."""
    mode = (found or path.stat()).st_mode
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "a pipe, socket or device"
        raise OSError(errno.EINVAL, f"not a regular file but {what}", str(path))


def _too_large(path: StoragePath, most: int) -> OSError:
    return OSError(errno.EFBIG, f"larger than {most / 1e6:g} MB", str(path))


def read_bytes(path: StoragePath) -> bytes:
    """Return the bytes of a regular file, as `read_limited` does."""
    return read_limited(path, MAX_FILE_BYTES)


def read_limited(path: StoragePath, most: int) -> bytes:
    """Return the bytes of a regular file of at most `most`, all of one version of it.

    Raises
    ------
    OSError
        As `regular_file`; a `FileNotFoundError` if there is none.
    StorageError
        If the store refuses or does not answer.
    """
    if isinstance(path, Path):
        with regular_file(path, most) as file:
            content = file.read()
    else:
        with _reading(path):
            # One request: read block by block, a file may change in between.
            content = path.fs.cat_file(path.path)
    if len(content) > most:
        raise _too_large(path, most)
    return content


@contextmanager
def _reading(path: UPath) -> Iterator[None]:
    try:
        with _answering():
            yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StorageError(
            f"{path} must be readable, got: {_said(error)}; check the address, the "
            "line and the rights, and run again."
        ) from error


def is_there(path: StoragePath) -> bool:
    """Return whether a file or folder is at `path`.

    Raises
    ------
    StorageError
        If the store refuses or does not answer.
    """
    if isinstance(path, Path):
        return path.exists()
    with _reading(path):
        return bool(path.fs.exists(path.path))


def is_folder(path: StoragePath) -> bool:
    """Return whether a folder is at `path`; in a store: whether objects lie below."""
    if isinstance(path, Path):
        return path.is_dir()
    with _reading(path):
        return bool(path.fs.isdir(path.path))


@contextmanager
def local_copy(path: StoragePath) -> Iterator[Path]:
    """Give the file, or a copy of it with its suffix, to readers that need a disk.

    Raises
    ------
    OSError
        As `regular_file`; a `FileNotFoundError` if there is none.
    """
    if isinstance(path, Path):
        require_regular(path)
        yield path
        return
    content = read_bytes(path)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / f"copy{path.suffix}"
        copy.write_bytes(content)
        yield copy


def write_atomic(path: UPath, content: bytes) -> None:
    """Put an object in `path`'s place: readers see the old one or all of the new one.

    Raises
    ------
    OSError
        If the store refuses or does not answer.
    """
    with _answering():
        if path.protocol in WHOLE_PUTS:
            path.fs.pipe_file(path.path, content)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f".new-{uuid.uuid4().hex}{path.suffix}")
        try:
            path.fs.pipe_file(new.path, content)
            path.fs.mv(new.path, path.path)
        finally:
            with suppress(FileNotFoundError):
                path.fs.rm_file(new.path)


def create_exclusive(path: UPath, content: bytes) -> bool:
    """Return whether `path` was free and holds `content` now: the store lets one win.

    Raises
    ------
    OSError
        If the store refuses or does not answer.
    """
    with _answering():
        try:
            if path.protocol not in WHOLE_PUTS:  # There it would make a bucket.
                path.parent.mkdir(parents=True, exist_ok=True)
            path.fs.pipe_file(path.path, content, mode="create")
        except FileExistsError:
            return False
    return True


def move(source: StoragePath, target: StoragePath) -> None:
    """Put a file in `target`'s place, whole; in an object store as a copy.

    There a kill in the middle leaves the file in both places.

    Raises
    ------
    OSError
        If the disk or the store refuses.
    """
    if isinstance(source, Path):
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(str(target))
        return
    with _answering():
        if source.protocol in WHOLE_PUTS:
            source.fs.cp_file(source.path, str(target))
            source.fs.rm_file(source.path)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            source.fs.mv(source.path, str(target))


def remove(path: StoragePath) -> None:
    """Remove a file, if it is there.

    Raises
    ------
    OSError
        If the disk or the store refuses.
    """
    with suppress(FileNotFoundError), _answering():
        path.unlink() if isinstance(path, Path) else path.fs.rm_file(path.path)


def files_in(folder: StoragePath, start: str = "") -> list[StoragePath]:
    """Return the files right in `folder` whose names begin with `start`, by name."""
    if isinstance(folder, Path):
        return sorted(path for path in folder.glob(f"{start}*") if path.is_file())
    return [*objects_in(folder, start)]


def objects_in(folder: UPath, start: str = "") -> list[UPath]:
    """Return the objects right in `folder`, as `files_in` does."""
    # A store that knows prefixes answers for a symbol, not for all of ten thousand.
    asked = {"prefix": start} if folder.protocol in WHOLE_PUTS else {}
    names = [name for name in _found(folder, **asked) if "/" not in name]
    return [folder / name for name in sorted(names) if name.startswith(start)]


def folders_by_use(parent: UPath) -> list[UPath]:
    """Return the folders in `parent`, the one with the newest object first.

    A store has no folders, so they have no time of their own.
    """
    newest: dict[str, float] = {}
    for name, facts in _found(parent).items():
        folder, _, below = name.partition("/")
        if below:
            newest[folder] = max(newest.get(folder, 0.0), _written(facts))
    return [parent / name for name in sorted(newest, key=newest.__getitem__)[::-1]]


def _found(folder: UPath, **asked: str) -> dict[str, dict[str, Any]]:
    """Return what the store says of each object below `folder`, by relative name."""
    with _reading(folder):
        found = folder.fs.find(folder.path, detail=True, **asked)
    start = f"{folder.path.rstrip('/')}/"
    return {str(name).removeprefix(start): facts for name, facts in found.items()}


def _written(facts: dict[str, Any]) -> float:
    value = next((facts[name] for name in _WRITTEN if name in facts), 0.0)
    return value.timestamp() if isinstance(value, datetime) else float(value)


def seconds_between(earlier: UPath, later: UPath) -> float:
    """Return how long after `earlier` `later` was written, by the store's own clock.

    Raises
    ------
    FileNotFoundError
        If one of them is gone.
    """
    with _reading(earlier):
        first, second = (one.fs.modified(one.path) for one in (earlier, later))
    return float((second - first).total_seconds())


def read_all(paths: Sequence[StoragePath]) -> list[bytes]:
    """Return the contents of files of one home; a store is asked for all at once."""
    stored = [path for path in paths if not isinstance(path, Path)]
    if not stored:
        return [read_bytes(path) for path in paths]
    with _reading(stored[0].parent):
        found = stored[0].fs.cat([path.path for path in stored])
    return [found[path.path] for path in stored]


def contents(folder: UPath) -> dict[str, bytes]:
    """Return all that lies below `folder`, by name from there."""
    names = list(_found(folder))
    return dict(zip(names, read_all([folder / name for name in names]), strict=True))


def remove_all(paths: Sequence[UPath]) -> None:
    """Remove objects of one store at once; an `OSError` if it refuses."""
    if paths:
        with _answering():
            paths[0].fs.rm([path.path for path in paths])


def remove_tree(folder: StoragePath) -> None:
    """Remove a folder with all in it, as far as disk or store permit."""
    if isinstance(folder, Path):
        shutil.rmtree(folder, ignore_errors=True)
        return
    with suppress(OSError), _answering():
        folder.fs.rm(folder.path, recursive=True)
