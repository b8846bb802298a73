"""Files of tests that run in one process, because they share what is costly."""

from xdist.scheduler import LoadFileScheduling

TOGETHER = {
    "nights": (
        "flows/test_overnight_screening.py",
        "flows/test_schedules.py",
        "flows/test_shared_server.py",
        "evaluation/test_evaluate.py",
        "flows/test_home_in_store.py",
        "flows/test_lstm_training.py",
        "flows/test_one_night.py",
        "flows/test_control_characters.py",
        "flows/test_delivery.py",
        "flows/test_deployments.py",
        "flows/test_events_and_news.py",
        "flows/test_large_nights.py",
        "flows/test_morning_update.py",
        "flows/test_night_watch.py",
        "flows/test_unattended_cases.py",
        "flows/test_waiting_threads.py",
        "pipeline/test_holdings.py",
        "pipeline/test_market_state.py",
        "pipeline/test_price_changes.py",
        "tasks/test_report.py",
        "test_notebook_guide.py",
    ),
    "killed nights": (
        "flows/test_resume.py",
        "flows/test_delivery_kills.py",
        "flows/test_killed_worker.py",
    ),
    "Dask nights and benchmarks": (
        "flows/test_dask_night.py",
        "flows/test_scale_benchmark.py",
        "flows/test_soak.py",
    ),
    "Dask": ("workers/test_dask_pool.py", "workers/test_process_pool.py"),
    "TensorFlow": (
        "modelling/",
        "evaluation/lookahead/test_leaks.py",
        "evaluation/lookahead/test_planted_leaks.py",
        "flows/test_advice.py",
    ),
    "pages": (
        "screening/report/",
        "screening/archive/test_page_in_browser.py",
    ),
}
"""Files, or folders, that run in one process, one after another.

Those of nights share a Prefect server and a training process (`prefect_server`,
`training_pool`); the long ones are three groups, as many as there are processes. Those
of Dask share a cluster (`dask_address`), those of TensorFlow its import and the trained
models, those of pages a large night.
"""


def group_of(nodeid: str) -> str:
    """Return the group of a test's file, or the file if it runs alone."""
    file = nodeid.split("::", 1)[0].removeprefix("tests/")
    groups = (name for name, among in TOGETHER.items() if file.startswith(among))
    return next(groups, file)


class GroupedFiles(LoadFileScheduling):
    """Give a process one file, or all files that run together."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
