"""From pydantic's findings to one sentence with parameter, value and bound."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from config.errors import ParameterError


def validated[Model: BaseModel](
    kind: type[Model], values: Mapping[str, Any], hint: str = ""
) -> Model:
    """Return `kind` built from `values`.

    Raises
    ------
    ParameterError
        Naming the first parameter that is out of range or unknown, its value and
        its bounds; `hint` is added.
    """
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        raise ParameterError(_sentence(kind, error) + hint + ".") from error


def _sentence(kind: type[BaseModel], error: ValidationError) -> str:
    finding = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in finding["loc"]) or kind.__name__
    if finding["type"] == "extra_forbidden":
        choices = ", ".join(kind.model_fields)
        return f"`{name}` must be one of the known parameters, got `{name}` ({choices})"
    bound = _bounds(kind, str(finding["loc"][0])) if finding["loc"] else ""
    expected = bound or finding["msg"].removeprefix("Input should be ").lower()
    return f"`{name}` must be {expected}, got {finding['input']!r}"


def _bounds(kind: type[BaseModel], field: str) -> str:
    """Return `30 to 120 sessions` from the field's own limits, '' where it has none."""
    info = kind.model_fields.get(field)
    if info is None:
        return ""
    limits = {
        name: value
        for limit in info.metadata
        for name in ("ge", "gt", "le")
        if (value := getattr(limit, name, None)) is not None
    }
    unit = (info.json_schema_extra or {}).get("unit", "")  # type: ignore[union-attr]
    if "ge" in limits and "le" in limits:
        return f"{limits['ge']} to {limits['le']} {unit}".strip()
    if "gt" in limits:
        return f"above {limits['gt']} {unit}".strip()
    return f"at least {limits['ge']} {unit}".strip() if "ge" in limits else ""
