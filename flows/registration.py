"""What a Prefect server must know of us: pool, limit, deployments, automations.

`python -m flows.registration` puts it there, again and again if need be: each part
takes the place of the one before. Prefect is imported by the functions that need it,
after its telemetry is off.
"""

import os
import subprocess
import sys
from pathlib import Path

from pydantic import SecretStr

from config.errors import RunError
from config.home import Home
from config.secret_check import require_no_secret
from config.settings import read_settings
from flows.telemetry import turn_telemetry_off

POOL = "overnight"
CHECKOUT = Path(__file__).parents[1]
"""`prefect.yaml` lies there; deployments run from there."""


def register() -> None:
    """Put all of it on the server that `PREFECT_API_URL` names.

    Raises
    ------
    RunError
        If `prefect deploy` refuses; the message ends with its last line.
    ParameterError
        If `prefect.yaml` holds what looks like a secret.
    """
    from flows.notices import end_dead_runs, tell_of_lost_nights  # noqa: PLC0415
    from tasks.request_pace import ensure_request_limit  # noqa: PLC0415

    home = Home.at(os.environ.get("OVERNIGHT_HOME") or ".")
    _ensure_pool()
    ensure_request_limit(read_settings(home.root).prices.requests_per_second)
    _deploy_all()
    _refuse_unknown_parameters()
    end_dead_runs()
    url = os.environ.get("OVERNIGHT_NOTICE_URL")
    tell_of_lost_nights(SecretStr(url) if url else None)


def _ensure_pool() -> None:
    from prefect.client.orchestration import get_client  # noqa: PLC0415
    from prefect.client.schemas.actions import WorkPoolCreate  # noqa: PLC0415
    from prefect.exceptions import ObjectAlreadyExists  # noqa: PLC0415

    with get_client(sync_client=True) as client:
        try:
            client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
        except ObjectAlreadyExists:
            return


def _deploy_all() -> None:
    require_no_secret(CHECKOUT / "prefect.yaml")
    done = subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise RunError(
            f"{CHECKOUT / 'prefect.yaml'} must deploy, got: {' '.join(said)}; run "
            "`prefect deploy --all` there for the whole story."
        )


def _refuse_unknown_parameters() -> None:
    """Let the server refuse a run whose parameters its flow does not have.

    Prefect's schema of a flow says nothing of other names; such a run would start, and
    then fail.
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
    turn_telemetry_off()
    register()
