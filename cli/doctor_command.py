"""The command `overnight doctor`: the checks of `status.doctor`, shown line by line."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from cli.errors import Exit, one_sentence_errors
from cli.options import DoctorOptions, taking
from cli.output import literal, print_json

if TYPE_CHECKING:
    from status.doctor import Diagnosis


@taking(DoctorOptions)
def doctor(options: DoctorOptions) -> None:
    """LeakCheck this machine, the home and all services; say what to do where one fails.

    For example: overnight doctor --source sample
    """
    with one_sentence_errors(debug=options.debug):
        from status.doctor import diagnosis  # noqa: PLC0415

        found = diagnosis(
            options.home, options.source, options.folder, datetime.now(UTC)
        )
        if options.json:
            print_json(found)
        else:
            _show(found)
        raise typer.Exit(Exit.ALL_USABLE if found.ok else Exit.RUN_FAILED)


def _show(found: "Diagnosis") -> None:
    """Print a line a check, and under a failing one what to do."""
    from rich.console import Console  # noqa: PLC0415

    console = Console(highlight=False, emoji=False)
    for check in found.checks:
        mark = "ok  " if check.ok else "[bold]FAIL[/]"
        console.print(f"{mark} {check.name:14} {literal(check.found)}", soft_wrap=True)
        if not check.ok:
            console.print(f"     {'':14} -> {literal(check.cure)}", soft_wrap=True)
    failing = sum(not check.ok for check in found.checks)
    console.print(f"{len(found.checks) - failing} of {len(found.checks)} in order")
