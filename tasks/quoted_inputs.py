"""Calls a task of Prefect without a search of its inputs.

Prefect searches each input of a task for futures, twice: all findings of all symbols,
and the plan. Our tasks get results and no futures.
"""

from collections.abc import Callable
from typing import Any

from prefect.utilities.annotations import quote


def call_quoted[**Inputs, Found](
    task: Callable[Inputs, Found], *inputs: Inputs.args, **named: Inputs.kwargs
) -> Found:
    """Return what the task returns for these inputs, which Prefect does not search."""
    call: Callable[..., Found] = task
    quoted: dict[str, Any] = {name: quote(given) for name, given in named.items()}
    return call(*map(quote, inputs), **quoted)
