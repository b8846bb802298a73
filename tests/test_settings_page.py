"""docs/settings.md has every setting, as the code has it."""

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def test_the_page_of_settings_is_the_code_s() -> None:
    """The page is what its script makes now; else run `docs/settings_page.py`."""
    made = runpy.run_path(str(DOCS / "settings_page.py"))["settings_page"]()
    assert (DOCS / "settings.md").read_text(encoding="utf-8") == made


def test_each_setting_has_a_meaning() -> None:
    """No line of the page has an empty cell."""
    lines = (DOCS / "settings.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| `")]
    assert len(rows) > 100
    assert all(cell.strip() for row in rows for cell in row.split("|")[1:-1])
