"""Which request produced each symbol's row of a published night.

A night is skipped as published only if the same request produced its rows. A trial from
a folder at 17:00 must not cancel the live night at 18:30.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from pipeline.plan import RunPlan
from screening.request_file import Request, read_requests, requests_path
from storage.home import write_atomic
from storage.paths import StoragePath

PARTS = ("source", "folder", "train", "parameters", "settings")

UNTRAINED = "untrained"
"""Key of the reason why the cluster did not train a symbol's model."""


def request_of(plan: RunPlan) -> Request:
    """Return the parts of the plan's request; how it runs and reports is no part."""
    settings = plan.settings.model_dump_json(
        exclude={"run", "report", "track_record", "update"}
    )
    folder = plan.folder.absolute() if plan.folder else ""
    values = (
        plan.source,
        str(folder),
        plan.train,
        _fingerprint(plan.parameters.model_dump_json()),
        _fingerprint(settings),
    )
    return dict(zip(PARTS, values, strict=True))


def _fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def write_published_requests(
    plan: RunPlan,
    kept: Mapping[str, Request],
    untrained: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Store this run's request for its symbols, and the requests of kept rows.

    `untrained` holds by symbol why the cluster did not train its model.
    """
    own = dict.fromkeys(plan.symbols, request_of(plan))
    own |= {
        symbol: own[symbol] | {UNTRAINED: reason}
        for symbol, reason in untrained.items()
    }
    write_atomic(_path(plan), json.dumps({**kept, **own}))


def read_published_requests(plan: RunPlan) -> dict[str, Request]:
    """Return the requests of the plan's night, as `read_requests`."""
    return read_requests(_path(plan))


def find_other_request(plan: RunPlan, parts: tuple[str, ...] = PARTS) -> str:
    """Return how the published request differs from the plan's, "" if it does not.

    Symbols whose request is not known are left out.
    """
    published, own = read_published_requests(plan), request_of(plan)
    for symbol in plan.symbols:
        for part in parts:
            found = published.get(symbol, own).get(part)
            if found != own[part]:
                return _difference(symbol, part, found or "none", own[part])
    return ""


def lacks_training(plan: RunPlan) -> bool:
    """Return whether a symbol was published without a model for a cluster's fault."""
    published = read_published_requests(plan)
    return any(UNTRAINED in published.get(symbol, {}) for symbol in plan.symbols)


def _difference(symbol: str, part: str, found: str, own: str) -> str:
    if part in ("parameters", "settings"):
        return f"{symbol} was screened with other {part}"
    if part == "folder":
        found, own = (Path(text).name or "none" for text in (found, own))
    return f"{symbol} was screened with the {part} {found}, not {own}"


def _path(plan: RunPlan) -> StoragePath:
    return requests_path(plan.home, plan.as_of)
