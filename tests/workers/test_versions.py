"""The versions that a run and its Dask workers must share."""

import ast
import shutil
from pathlib import Path

from workers.versions import (
    PACKAGES,
    list_differences,
    source_digest,
    training_versions,
)

ROOT = Path(__file__).parents[2]


def copy_of(folder: Path) -> Path:
    """Copy the source of the packages that a training imports."""
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / name)
    return folder


def test_one_changed_number_is_another_source(tmp_path: Path) -> None:
    """A copy has the same digest, with other line ends too, until a line differs."""
    copy = copy_of(tmp_path)
    file = copy / "config" / "parameters.py"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert source_digest(copy) == source_digest(ROOT)
    file.write_text(file.read_text() + "SEED = 8\n")
    assert source_digest(copy) != source_digest(ROOT)


def test_a_training_imports_no_other_package_of_ours() -> None:
    """The digest covers every package that its own packages import."""
    ours = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    imported = set()
    for path in (file for name in PACKAGES for file in (ROOT / name).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.split(".")[0])
    assert imported & ours == set(PACKAGES)


def test_only_what_differs_is_named() -> None:
    """The sentence names what is different or missing, with both values."""
    here = training_versions()
    assert not list_differences(here, dict(here))
    there = here | {"numpy": "1.0"}
    del there["keras"]
    expected = f"numpy 1.0 instead of {here['numpy']}"
    assert expected in list_differences(here, there)
    assert "keras missing instead of" in list_differences(here, there)
    assert "tensorflow" not in list_differences(here, there)
