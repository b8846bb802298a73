"""The wheel contains all files that a run reads."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_reports_templates_are_in_the_wheel(tmp_path: Path) -> None:
    """The report's templates, style and script are packed too."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    folder = ROOT / "screening" / "report" / "templates"
    files = {path.relative_to(ROOT).as_posix() for path in folder.iterdir()}
    assert len(files) > 10
    assert files <= packed
