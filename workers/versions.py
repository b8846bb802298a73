"""The code that decides what a training computes: the project's source, its libraries.

Two machines whose versions differ can train different models from the same prices.
"""

import hashlib
import platform
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from modelling.jobs import library_versions

PACKAGES = ("config", "features", "market_data", "modelling", "storage", "workers")
"""The packages that a training imports, and those that these import."""


@lru_cache(maxsize=1)
def training_versions() -> dict[str, str]:
    """Return the versions by name, those of the first call in this process.

    A process that goes on after an update of its files keeps the code that it loaded.
    """
    python = ".".join(platform.python_version_tuple()[:2])
    return {
        "project": _project_version(),
        "source": source_digest(Path(__file__).parents[1]),
        "Python": python,
        **library_versions(),
    }


def source_digest(root: Path) -> str:
    """Return a digest of the source of `PACKAGES` below `root`, for any line ends."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_text(encoding="utf-8").encode())
    return digest.hexdigest()[:12]


def list_differences(expected: Mapping[str, str], found: Mapping[str, str]) -> str:
    """Return `numpy 2.3.1 instead of 2.4.0, ...`, or "" if nothing differs."""
    return ", ".join(
        f"{name} {found.get(name, 'missing')} instead of "
        f"{expected.get(name, 'missing')}"
        for name in {**expected, **found}
        if found.get(name) != expected.get(name)
    )


def _project_version() -> str:
    try:
        return version("event-risk-guard")
    except PackageNotFoundError:  # Run from a folder that was not installed.
        return "not installed"
