"""The threads of a run: as many as its slots need, whatever the flow was given."""

import threading

import pytest

SLOTS = 4


def test_threads_grow_with_the_slots(prefect_server: None) -> None:  # noqa: ARG001
    """Six tasks a slot may wait at once, also in a flow with a runner of one thread."""
    from prefect import flow, task  # noqa: PLC0415
    from prefect.task_runners import ThreadPoolTaskRunner  # noqa: PLC0415

    from tasks.runner import waiting_threads  # noqa: PLC0415

    everybody = threading.Barrier(6 * SLOTS, timeout=60)

    @task
    def meet() -> None:
        everybody.wait()

    @flow(task_runner=ThreadPoolTaskRunner(max_workers=1))
    def meeting() -> int:
        with waiting_threads(SLOTS):
            met = [meet.submit() for _ in range(6 * SLOTS)]
            return sum(one.wait() is None and one.state.is_completed() for one in met)

    assert meeting() == 6 * SLOTS


def test_threads_belong_to_a_flow_run() -> None:
    """Outside a flow run there is nobody to wait for."""
    from tasks.runner import waiting_threads  # noqa: PLC0415

    with pytest.raises(RuntimeError, match="inside a flow run"), waiting_threads(1):
        pass
