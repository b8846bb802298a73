"""How a flow takes its request, so that each of its parameters is written once.

A request is a dataclass. Its fields are the flow's parameters: name, type, default and
description. Prefect makes the form of its UI and the checks of its server from them.
"""

import functools
import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from typing import get_args

from prefect.runtime import deployment, flow_run

from config.errors import OvernightError
from config.plain_text import plain_text
from flows.run_output import outlive_worker
from market_data.selection import Selection, Symbols
from pipeline.plan import RunRequest, plan_run

MAX_SYMBOLS_IN_NAME = 3


def taking[Request, Result](
    kind: type[Request],
) -> Callable[[Callable[[Request], Result]], Callable[..., Result]]:
    """Return a decorator: Prefect sees `kind`'s fields, the flow gets one value.

    Parameters without a default come first. The last value in a field's `Annotated` is
    its description; Prefect reads it from the `Args:` of the docstring.
    """
    parameters = sorted(
        inspect.signature(kind).parameters.values(),
        key=lambda parameter: parameter.default is not parameter.empty,
    )

    def decorate(flow_function: Callable[[Request], Result]) -> Callable[..., Result]:
        @functools.wraps(flow_function)
        def run(**values: object) -> Result:
            if deployment.id:
                outlive_worker()
            return flow_function(kind(**values))

        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        arguments = [
            f"    {parameter.name}: {get_args(parameter.annotation)[-1]}"
            for parameter in parameters
        ]
        run.__doc__ = "\n".join([f"{inspect.getdoc(run)}\n", "Args:", *arguments])
        return run

    return decorate


def name_run(kind: type[RunRequest]) -> Callable[[], str]:
    """Return what names a run, e.g. `overnight-screening asx_priority 2025-11-10`."""

    def run_name() -> str:
        request = kind(**flow_run.parameters)
        symbols = symbols_in_name(request.selection)
        return plain_text(f"{flow_run.flow_name} {symbols} {_night_in_name(request)}")

    return run_name


def symbols_in_name(selection: Selection) -> str:
    """Return the name of the list or file, or the first of the symbols."""
    if not isinstance(selection, Symbols):
        (name,) = selection.model_dump(mode="json").values()
        return str(name)
    first = " ".join(selection.symbols[:MAX_SYMBOLS_IN_NAME]).upper()
    more = len(selection.symbols) - MAX_SYMBOLS_IN_NAME
    return f"{first} and {more} more" if more > 0 else first


def _night_in_name(request: RunRequest) -> str:
    """Return the as-of date; a request that can't be planned fails in the run."""
    try:
        return str(plan_run(request, datetime.now(UTC)).as_of)
    except OvernightError:
        return str(request.as_of or "latest")
