"""Model pairs saved without a network, and the files in a registry's folder."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from modelling.model_metadata import ModelMetadata
from modelling.registry import Registry

START = datetime(2013, 1, 7, 9, 0, tzinfo=UTC)


def put(
    registry: Registry,
    describe: Callable[..., ModelMetadata],
    content: bytes = b"any",
    **changes: object,
) -> ModelMetadata:
    """Save a pair whose model file is `content`, for tests that load no model."""
    return registry.save(describe(**changes), lambda path: path.write_bytes(content))


def files(folder: Path) -> list[str]:
    """Return the sorted names of a folder's files; empty if it is missing."""
    return sorted(path.name for path in folder.glob("*") if path.is_file())
