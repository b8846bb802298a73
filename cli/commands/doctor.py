"""The command `overnight doctor`."""

from datetime import UTC, datetime

import typer
from rich.console import Console

from cli.errors import Exit
from cli.options import DoctorOptions, command
from cli.output import literal, print_json, show_step
from config.quick_imports import quick_imports
from status.diagnosis import Diagnosis, DoctorCheck


@command(DoctorOptions)
def doctor(options: DoctorOptions) -> None:
    """Check this machine, the home and all services; say what to repair.

    For example: overnight doctor --source sample
    """
    show_step("loading the checks; training a small network takes most of the time")
    with quick_imports():
        from status.doctor import diagnose  # noqa: PLC0415  it takes seconds

    found = []
    now = datetime.now(UTC)
    for check in diagnose(options.home, options.source, options.folder, now):
        found.append(check)
        if not options.json:
            _show(check)
    diagnosis = Diagnosis(checks=tuple(found))
    if options.json:
        print_json(diagnosis)
    else:
        passed = sum(check.ok for check in found)
        typer.echo(f"{passed} of {len(found)} in order")
    raise typer.Exit(Exit.ALL_USABLE if diagnosis.ok else Exit.RUN_FAILED)


def _show(check: DoctorCheck) -> None:
    """Print the check's line, and below a failed check what to do."""
    console = Console(highlight=False, emoji=False)
    mark = "[green]ok[/]  " if check.ok else "[bold red]FAIL[/]"
    console.print(f"{mark} {check.name:14} {literal(check.found)}", soft_wrap=True)
    if not check.ok:
        console.print(f"     {'':14} -> {literal(check.cure)}", soft_wrap=True)
