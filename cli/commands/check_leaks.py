"""The command `overnight check-leaks`."""

from datetime import UTC, datetime

import typer

from cli.errors import Exit
from cli.options import JsonOptions, command
from cli.output import print_json
from evaluation.lookahead.check_leaks import build_report, leak_checks


@command(JsonOptions)
def check_leaks(options: JsonOptions) -> None:
    """Check features, votes, models and nights for data of the future.

    Needs no network. The exit code is 1 if a leak is found.

    For example: overnight check-leaks
    """
    found = []
    for check in leak_checks(datetime.now(UTC)):
        found.append(check)
        if not options.json:
            mark = "ok  " if check.passed else "LEAK"
            typer.echo(f"{mark}  {check.stage}: {check.detail}")
    report = build_report(found)
    if options.json:
        print_json(report)
    raise typer.Exit(Exit.ALL_USABLE if report.passed else Exit.RUN_FAILED)
