"""Paths on a disk or in S3: the functions that behave the same on both.

A path is a `pathlib.Path`, or a `UPath` for an address like `s3://bucket/x`. No answer
of the store is cached, because other machines write there too.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import fsspec
from upath import UPath

from config.errors import ParameterError, StorageError, quote_value
from config.plain_text import holds_controls
from storage.regular_files import (
    MAX_FILE_BYTES,
    regular_file,
    require_regular,
    size_error,
)
from storage.store_requests import change, error_code, store_errors

StoragePath = Path | UPath

MAX_NAME_BYTES = 255
"""Longest name that the usual file systems accept."""

_CHANGED = ("PreconditionFailed", "ConditionalRequestConflict")
"""The store's codes of a conditional write whose condition does not hold."""


def parse_address(address: str | Path) -> StoragePath:
    """Return the path of a folder, or of an address `s3://bucket/folder`.

    Raises
    ------
    ParameterError
        For another scheme, an address without a bucket or with credentials, a name that
        no disk can hold, or if s3fs is not installed.
    """
    # Also with one slash: `Path` makes "s3:/b" of "s3://b".
    if not re.match(r"(?i)[a-z][a-z0-9+]+:/", str(address)):
        return _local_path(expand_user(address))
    scheme, _, rest = str(address).partition(":/")
    if scheme in ("file", "local") and rest.startswith("/"):
        return Path(rest[1:])
    if "@" in rest.strip("/").partition("/")[0]:
        raise ParameterError(
            f"`home` must hold no user or password, got one in an address {scheme}://",
            "set the credentials of the store as environment variables",
        )
    if scheme != "s3" or not re.match(r"/[^/]", rest):
        raise ParameterError(
            f"`home` must be a folder or an address in a bucket, got {address}",
            "write e.g. s3://bucket/folder",
        )
    try:
        fsspec.get_filesystem_class(scheme)
    except ImportError as error:
        raise ParameterError(
            f"`home` is {address}, and the package s3fs is not installed",
            "install it: `uv sync --extra s3`, or `pip install 'event-risk-guard[s3]'`",
        ) from error
    return UPath(str(address), use_listings_cache=False)


def expand_user(path: str | Path) -> Path:
    """Return the path with `~` at its start replaced by the user's own folder.

    A shell replaces it, but no `.env` file, service, form or `--home=~/x` does.

    Raises
    ------
    ParameterError
        If there is no such user.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise ParameterError(
            f"there is no home folder for the start of {quote_value(str(path))}",
            "write the whole path",
        ) from error


def _local_path(path: Path) -> Path:
    too_long = any(len(os.fsencode(part)) > MAX_NAME_BYTES for part in path.parts)
    if too_long or holds_controls(str(path)):
        raise ParameterError(
            f"`home` must consist of names up to {MAX_NAME_BYTES} bytes without "
            f"control characters, got {quote_value(str(path))}",
            "choose another folder",
        )
    return path


@contextmanager
def convert_write_errors(path: StoragePath) -> Iterator[None]:
    """Turn an `OSError` while `path` is written into a `StorageError`."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"{path} can't be written: {_reason(error)}",
            "free space or correct the permissions, and run again (an earlier file is "
            "unchanged)",
        ) from error


@contextmanager
def _convert_read_errors(path: UPath) -> Iterator[None]:
    """Turn what the store raises while `path` is read into a `StorageError`."""
    try:
        with store_errors(path):
            yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StorageError(
            f"{path} can't be read: {_reason(error)}",
            "check the address, the network and the permissions, and run again",
        ) from error


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__


def read_bytes(path: StoragePath, max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """Return the bytes of a regular file of at most `max_bytes`, all of one version.

    Raises
    ------
    OSError
        As `regular_file`; a `FileNotFoundError` if the file is missing.
    StorageError
        If the store refuses or does not answer.
    """
    if isinstance(path, Path):
        with regular_file(path, max_bytes) as file:
            content = file.read()
    else:
        with _convert_read_errors(path):
            # One request: the file could change between two.
            content = path.fs.cat_file(path.path)
    if len(content) > max_bytes:
        raise size_error(path, max_bytes)
    return content


def is_there(path: StoragePath) -> bool:
    """Return whether a file or folder is at `path`, or in S3 an object below it.

    Raises
    ------
    StorageError
        If the store refuses or does not answer.
    """
    if isinstance(path, Path):
        return path.exists()
    with _convert_read_errors(path):
        return bool(path.fs.exists(path.path))


@contextmanager
def local_copy(path: StoragePath) -> Iterator[Path]:
    """Yield the file on disk, for a file in S3 a temporary copy with its suffix.

    Raises
    ------
    OSError
        As `regular_file`; a `FileNotFoundError` if the file is missing.
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


def put_object(path: UPath, content: bytes) -> None:
    """Write an object; readers see the old one or all of the new one.

    Raises
    ------
    OSError
        If the store refuses or does not answer.
    """
    change(path, lambda: path.fs.pipe_file(path.path, content))


def create_exclusive(path: UPath, content: bytes) -> bool:
    """Write an object unless one is there; return whether it was written.

    Of several callers at once the store lets one succeed.

    Raises
    ------
    OSError
        If the store refuses or does not answer.
    """
    try:
        with store_errors(path):
            path.fs.pipe_file(path.path, content, mode="create")
    except FileExistsError:
        return False
    return True


def object_version(path: UPath) -> str:
    """Return what identifies the present content of an object, "" without an object.

    Raises
    ------
    StorageError
        If the store refuses or does not answer.
    """
    try:
        with _convert_read_errors(path):
            return str(path.fs.info(path.path)["ETag"])
    except FileNotFoundError:
        return ""


def replace_object(path: UPath, content: bytes, version: str) -> bool:
    """Replace this version of an object; return False if it has changed or is gone.

    A store without conditional writes replaces every version.

    Raises
    ------
    StorageError
        If the store refuses or does not answer.
    """
    with convert_write_errors(path):
        try:
            with store_errors(path):
                path.fs.pipe_file(path.path, content, IfMatch=version)
        except FileNotFoundError:
            return False
        except OSError as error:
            if error_code(error) in _CHANGED:
                return False
            if error_code(error) != "NotImplemented":
                raise
            with store_errors(path):
                path.fs.pipe_file(path.path, content)
    return True


def move(source: StoragePath, target: StoragePath) -> None:
    """Move a file to `target`, replacing a file there.

    S3 copies and then deletes; a kill between the two leaves the file in both places.

    Raises
    ------
    OSError
        If the disk or the store refuses.
    """
    if isinstance(source, Path):
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(str(target))
        return
    change(source, lambda: source.fs.cp_file(source.path, str(target)))
    change(source, lambda: source.fs.rm_file(source.path))


def remove(path: StoragePath) -> None:
    """Remove a file if it is there.

    Raises
    ------
    OSError
        If the disk or the store refuses.
    """
    with suppress(FileNotFoundError):
        if isinstance(path, Path):
            path.unlink()
        else:
            change(path, lambda: path.fs.rm_file(path.path))


def files_in(folder: StoragePath, start: str = "") -> list[StoragePath]:
    """Return the files directly in `folder` whose names begin with `start`, by name."""
    if isinstance(folder, Path):
        return sorted(path for path in folder.glob(f"{start}*") if path.is_file())
    return [*objects_in(folder, start)]


def names_in(folder: StoragePath) -> list[str]:
    """Return the names of all that is directly in `folder`, on a disk folders too.

    Returns [] if there is no such folder.

    Raises
    ------
    StorageError
        If the disk or the store refuses.
    """
    if not isinstance(folder, Path):
        return [path.name for path in objects_in(folder)]
    try:
        return sorted(path.name for path in folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(
            f"{folder} can't be read: {_reason(error)}",
            "correct the permissions, and run again",
        ) from error


def sizes_in(folder: StoragePath) -> dict[str, int]:
    """Return the size in bytes of each file directly in `folder`, by name."""
    if isinstance(folder, Path):
        return {path.name: path.stat().st_size for path in files_in(folder)}
    found = {name: facts["size"] for name, facts in _list_objects(folder).items()}
    return {name: int(size) for name, size in found.items() if "/" not in name}


def objects_in(folder: UPath, start: str = "") -> list[UPath]:
    """Return the objects directly in `folder`, as `files_in` does."""
    names = [name for name in _list_objects(folder, prefix=start) if "/" not in name]
    return [folder / name for name in sorted(names) if name.startswith(start)]


def folders_by_use(parent: UPath) -> list[UPath]:
    """Return the folders in `parent`, ordered by their newest object, newest first.

    S3 stores no time of a folder.
    """
    newest: dict[str, float] = {}
    for name, facts in _list_objects(parent).items():
        folder, _, below = name.partition("/")
        if below:
            written = facts["LastModified"].timestamp()
            newest[folder] = max(newest.get(folder, 0.0), written)
    return [parent / name for name in sorted(newest, key=newest.__getitem__)[::-1]]


def _list_objects(folder: UPath, prefix: str = "") -> dict[str, dict[str, Any]]:
    """Return the store's facts on each object below `folder`, by relative name."""
    # With a prefix the store lists the files of one symbol, not of ten thousand.
    with _convert_read_errors(folder):
        found = folder.fs.find(folder.path, detail=True, prefix=prefix)
    start = f"{folder.path.rstrip('/')}/"
    return {str(name).removeprefix(start): facts for name, facts in found.items()}


def seconds_between(earlier: UPath, later: UPath) -> float:
    """Return how long after `earlier` `later` was written, by the store's clock.

    Raises
    ------
    FileNotFoundError
        If either object is missing.
    """
    with _convert_read_errors(earlier):
        first, second = (path.fs.modified(path.path) for path in (earlier, later))
    return float((second - first).total_seconds())


def read_all(paths: Sequence[StoragePath]) -> list[bytes]:
    """Return the contents of files of one home, from S3 with concurrent requests."""
    stored = [path for path in paths if not isinstance(path, Path)]
    if not stored:
        return [read_bytes(path) for path in paths]
    with _convert_read_errors(stored[0].parent):
        found = stored[0].fs.cat([path.path for path in stored])
    return [found[path.path] for path in stored]


def remove_all(paths: Sequence[UPath]) -> None:
    """Remove objects with one request; raise an `OSError` if the store refuses."""
    if paths:
        change(paths[0], lambda: paths[0].fs.rm([path.path for path in paths]))


def remove_tree(folder: StoragePath) -> None:
    """Remove a folder with its content; what can't be removed stays."""
    if isinstance(folder, Path):
        shutil.rmtree(folder, ignore_errors=True)
        return
    with suppress(OSError):
        change(folder, lambda: folder.fs.rm(folder.path, recursive=True))
