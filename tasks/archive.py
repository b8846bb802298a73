"""Task: write the archive of all nights; its failure does not fail the run."""

from dataclasses import replace

from prefect import task
from prefect.cache_policies import NO_CACHE

from config.errors import OvernightError
from pipeline.plan import RunPlan
from screening.archive.write import write_archive
from screening.summary import RunSummary
from tasks.server import warn


@task(task_run_name="archive {plan.as_of}", cache_policy=NO_CACHE)
def archive(plan: RunPlan, summary: RunSummary) -> RunSummary:
    """Write the page over all nights of the home, with this one; return the summary.

    If that fails, the summary gets a notice, and the old page stays.
    """
    try:
        write_archive(plan.home, plan.settings, plan.run_at)
    except Exception as error:  # noqa: BLE001  whatever it is, the night is published
        kind = "" if isinstance(error, OvernightError) else f"{type(error).__name__}: "
        notice = f"The archive of nights was not written: {kind}{str(error)[:200]}"
        warn(notice)
        return replace(summary, notices=(*summary.notices, notice))
    return summary
