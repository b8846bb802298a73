"""Takes pictures of Prefect's page for docs/operations.md.

    uv run python docs/screenshots.py ADDRESS

`overnight deploy` prints ADDRESS. A run of `overnight-screening/manual` must have
ended, and Chromium must be installed.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

FOLDER = Path(__file__).with_name("screenshots")
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-sync",
    "--virtual-time-budget=25000",
]


def main(address: str) -> None:
    """Write a picture of the form, the runs, a run and its table of symbols."""
    deployment = f"{address}/api/deployments/name/overnight-screening/manual"
    form = httpx.get(deployment).json()["id"]
    table = newest(
        address, "artifacts", {"artifacts": {"key": {"any_": ["screening"]}}}
    )
    pages = {
        "form": (f"deployments/deployment/{form}/run", "1200,2000"),
        "runs": ("runs", "1200,1100"),
        "run": (f"runs/flow-run/{table['flow_run_id']}", "1200,1100"),
        "symbols": (f"artifacts/artifact/{table['id']}", "1400,700"),
    }
    for name, (page, size) in pages.items():
        photograph(f"{address}/{page}", size, FOLDER / f"{name}.png")


def newest(address: str, kind: str, conditions: dict[str, Any]) -> dict[str, Any]:
    """Return the newest of Prefect's records that meet the conditions."""
    body = conditions | {"sort": "CREATED_DESC", "limit": 1}
    found: list[dict[str, Any]] = httpx.post(
        f"{address}/api/{kind}/filter", json=body
    ).json()
    return found[0]


def photograph(page: str, size: str, path: Path) -> None:
    """Write a picture of the page by Chromium."""
    chromium = shutil.which("chromium") or "chromium"
    command = [chromium, *FLAGS, f"--window-size={size}", f"--screenshot={path}", page]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603  our own


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
