"""The command `overnight doctor`."""

from datetime import UTC, datetime

import typer
from rich.console import Console

from cli.errors import Exit
from cli.options import DoctorOptions, command
from cli.output import literal, print_result
from status.doctor import Diagnosis, diagnose


@command(DoctorOptions)
def doctor(options: DoctorOptions) -> None:
    """Check this machine, the home and all services; say what to repair.

    For example: overnight doctor --source sample
    """
    found = diagnose(options.home, options.source, options.folder, datetime.now(UTC))
    print_result(found, _show, as_json=options.json)
    raise typer.Exit(Exit.ALL_USABLE if found.ok else Exit.RUN_FAILED)


def _show(found: Diagnosis) -> None:
    """Print one line per check, and below a failed check what to do."""
    console = Console(highlight=False, emoji=False)
    for check in found.checks:
        mark = "ok  " if check.ok else "[bold]FAIL[/]"
        console.print(f"{mark} {check.name:14} {literal(check.found)}", soft_wrap=True)
        if not check.ok:
            console.print(f"     {'':14} -> {literal(check.cure)}", soft_wrap=True)
    failed = sum(not check.ok for check in found.checks)
    console.print(f"{len(found.checks) - failed} of {len(found.checks)} in order")
