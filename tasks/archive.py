"""Task: write the archive of all nights; its failure does not fail the run."""

from dataclasses import replace

from prefect import task
from prefect.cache_policies import NO_CACHE

from config.errors import OvernightError
from pipeline.plan import RunPlan
from screening.archive.old_pages import remove_old_pages
from screening.archive.write import write_archive
from screening.summary import RunSummary
from tasks.server import warn


@task(task_run_name="archive {plan.as_of}", cache_policy=NO_CACHE)
def archive(plan: RunPlan, summary: RunSummary) -> RunSummary:
    """Remove old pages and write the page over all nights; return the summary.

    If that fails, the summary gets a notice, and the old page stays.
    """
    try:
        kept_days = plan.settings.run.reports_kept_days
        remove_old_pages(plan.home, kept_days, plan.run_at.date())
        write_archive(plan.home, plan.settings, plan.run_at)
    except Exception as error:  # noqa: BLE001  whatever it is, the night is published
        kind = "" if isinstance(error, OvernightError) else f"{type(error).__name__}: "
        notice = f"The archive of nights was not written: {kind}{str(error)[:200]}"
        warn(notice)
        return replace(summary, notices=(*summary.notices, notice))
    return summary
