"""Register the work pool, the limit, the deployments and the automations on a server.

`python -m flows.registration` may be repeated: it replaces what it registered before.
It prints the next run of each schedule. The functions that need Prefect import it, so
that its telemetry is turned off first.
"""

import gc
import json
import os
import sys
from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import SecretStr

from config.errors import RunError
from flows.telemetry import ignore_milestones, turn_telemetry_off
from storage.checkout import CHECKOUT
from storage.home import Home
from storage.secret_check import require_no_secret
from storage.settings_file import read_settings

POOL = "overnight"


def register() -> None:
    """Register everything on the server that `PREFECT_API_URL` names.

    Raises
    ------
    RunError
        If `prefect deploy` fails; the message has its last line.
    UsageError
        If `prefect.yaml` seems to hold a secret, or a setting or schedule of the home
        can't be used.
    """
    from flows.automations import end_dead_runs, post_lost_nights  # noqa: PLC0415
    from flows.scheduled_nights import (  # noqa: PLC0415
        remove_lapsed_deployments,
        schedule_lines,
        scheduled_deployments,
    )
    from tasks.server_pace import ensure_request_limit  # noqa: PLC0415

    settings = read_settings(Home.at(os.environ.get("OVERNIGHT_HOME") or ".").root)
    require_no_secret(CHECKOUT / "prefect.yaml")
    content = scheduled_deployments(CHECKOUT / "prefect.yaml", settings)
    _ensure_pool()
    ensure_request_limit(settings.prices.requests_per_second)
    _deploy_all(content)
    _refuse_unknown_parameters()
    remove_lapsed_deployments(content["deployments"])
    end_dead_runs()
    url = os.environ.get("OVERNIGHT_NOTICE_URL")
    post_lost_nights(SecretStr(url) if url else None)
    for line in schedule_lines(content["deployments"], datetime.now(UTC)):
        print(line)  # noqa: T201  a command of its own


def _ensure_pool() -> None:
    from prefect.client.orchestration import get_client  # noqa: PLC0415
    from prefect.client.schemas.actions import WorkPoolCreate  # noqa: PLC0415
    from prefect.exceptions import ObjectAlreadyExists  # noqa: PLC0415

    with get_client(sync_client=True) as client:
        try:
            client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
        except ObjectAlreadyExists:
            return


def _deploy_all(content: Mapping[str, Any]) -> None:
    """Deploy the content of `prefect.yaml`, which includes the home's schedules."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "prefect.yaml"
        file.write_text(json.dumps(content), encoding="utf-8")  # JSON is YAML as well.
        code, said = _run_prefect(
            "--no-prompt", "deploy", "--all", "--prefect-file", str(file)
        )
    if code:
        last_line = said.strip().splitlines()[-1:]
        raise RunError(
            f"Prefect refused the deployments of {CHECKOUT / 'prefect.yaml'}: "
            f"{' '.join(last_line)}",
            "run `prefect --no-prompt deploy --all` in that folder to see all lines",
        )


def _run_prefect(*arguments: str) -> tuple[int, str]:
    """Run Prefect's command in this process; return its exit code and errors or output.

    A process of its own would import Prefect and the flows once more.
    """
    from prefect.cli import app  # noqa: PLC0415

    before, code, out, errors = sys.argv, 0, StringIO(), StringIO()
    try:
        with chdir(CHECKOUT), redirect_stdout(out), redirect_stderr(errors):
            sys.argv = ["prefect", *arguments]
            app()
    except SystemExit as end:
        # Python's own rule: no code is success, a text is a failure.
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.argv = before
    return code, errors.getvalue() or out.getvalue()


def _refuse_unknown_parameters() -> None:
    """Let the server refuse a run with parameters that its flow does not have.

    Prefect's schema of a flow allows other names; such a run would start and then fail.
    """
    from prefect.client.orchestration import get_client  # noqa: PLC0415
    from prefect.client.schemas.actions import DeploymentUpdate  # noqa: PLC0415
    from prefect.client.schemas.filters import WorkPoolFilter, WorkPoolFilterName  # noqa: PLC0415

    ours = WorkPoolFilter(name=WorkPoolFilterName(any_=[POOL]))
    with get_client(sync_client=True) as client:
        for deployment in client.read_deployments(work_pool_filter=ours):
            schema = deployment.parameter_openapi_schema or {}
            closed = {**schema, "additionalProperties": False}
            change = DeploymentUpdate(parameter_openapi_schema=closed)
            client.update_deployment(deployment.id, change)


if __name__ == "__main__":
    gc.disable()  # The garbage collector takes half a second of this short process.
    turn_telemetry_off()
    ignore_milestones()
    register()
