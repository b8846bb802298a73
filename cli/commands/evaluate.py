"""The command `overnight evaluate`."""

from datetime import UTC, datetime

from cli.options import EvaluateOptions, command
from cli.output import print_result
from cli.render_evaluation import print_progress, show_evaluation
from cli.render_guard import show_guard_evaluation
from cli.render_update import show_update_evaluation
from cli.request import evaluation_arguments, parse_date
from config.errors import ParameterError
from evaluation.evaluate import run_evaluation
from evaluation.morning_updates import evaluate_updates
from evaluation.scorecard.run import evaluate_guard
from pipeline.plan import RunRequest, plan_run
from storage.home import Home


@command(EvaluateOptions)
def evaluate(options: EvaluateOptions) -> None:
    """Run past nights again and compute hits, errors, coverage, returns.

    For example: overnight evaluate --source sample --from 2013-02-01
    """
    Home.existing(options.home)
    first = parse_date("from", options.first)
    if first is None:
        problem = "`from` must be a date like 2025-11-10, got none"
        raise ParameterError(problem, "add --from DATE")
    plan = plan_run(RunRequest(**evaluation_arguments(options)), now=datetime.now(UTC))
    if options.guard:
        judged = evaluate_guard(plan, first)
        print_result(judged, show_guard_evaluation, as_json=options.json)
        return
    if options.update:
        updates = evaluate_updates(plan, first)
        print_result(updates, show_update_evaluation, as_json=options.json)
        return
    found = run_evaluation(
        plan, first, options.refit_sessions, options.cost_bps, print_progress
    )
    print_result(found, show_evaluation, as_json=options.json)
