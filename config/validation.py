"""From pydantic's findings to one sentence with parameter, value and bound."""

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.errors import LONGEST_QUOTE, ParameterError, quote_value


def validate[Model: BaseModel](
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
    loc = finding["loc"]
    place = _entry(loc)
    if finding["type"] == "value_error":  # A check of ours, with a sentence of its own.
        return place + str(finding.get("ctx", {}).get("error", finding["msg"]))
    *path, name = (str(part) for part in loc or (kind.__name__,))
    section = _section(kind, path)
    full = name if place else ".".join([*path, name])[: 2 * LONGEST_QUOTE]
    return place + _wrong_value(section, name, full, finding)


def _entry(loc: tuple[int | str, ...]) -> str:
    """Return "`schedules` entry 2: " for a field of a table in a list, else ''."""
    match loc:
        case (str() as table, int() as index, str()):
            return f"`{table}` entry {index + 1}: "
    return ""


def _wrong_value(
    section: type[BaseModel], name: str, full: str, finding: ErrorDetails
) -> str:
    if finding["type"] == "missing" and name in section.model_fields:
        return f"`{full}` must be there, got none; add it"
    new = getattr(section, "renamed", {}).get(name)
    if finding["type"] == "extra_forbidden" and new:
        now = ".".join([*full.split(".")[:-1], new])
        return f"`{full}` is now called `{now}`; rename it"
    if finding["type"] == "extra_forbidden":
        choices = ", ".join(section.model_fields)
        known = f"one of the known names ({choices})"
        return f"`{full}` must be {known}, got {quote_value(name)}"
    bound = _bounds(section, name)
    plain = {"model_type": "a table of settings", "tuple_type": "a list"}
    said = finding["msg"].removeprefix("Input should be ").lower()
    expected = bound or plain.get(finding["type"], said)
    return f"`{full}` must be {expected}, got {quote_value(finding['input'])}"


def _section(kind: type[BaseModel], path: list[str]) -> type[BaseModel]:
    """Return the model that `path` leads to, as far as it leads through models."""
    for name in path:
        field = kind.model_fields.get(name)
        inner = _model_in(field.annotation) if field else None
        if inner is None:
            break
        kind = inner
    return kind


def _model_in(annotation: object) -> type[BaseModel] | None:
    """Return the model that a field holds, also in a list or as an alternative."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, get_args(annotation))), None)


def _bounds(kind: type[BaseModel], name: str) -> str:
    """Return `30 to 120 sessions` from the field's own limits, '' where it has none."""
    info = kind.model_fields.get(name)
    if info is None:
        return ""
    limits = {
        sign: value
        for limit in info.metadata
        for sign in ("ge", "gt", "le", "lt")
        if (value := getattr(limit, sign, None)) is not None
    }
    extra = info.json_schema_extra
    unit = str(extra.get("unit", "")) if isinstance(extra, dict) else ""
    return " ".join(filter(None, [_range(limits), unit])) if limits else ""


def _range(limits: dict[str, float]) -> str:
    if {"ge", "le"} <= limits.keys():
        return f"{limits['ge']} to {limits['le']}"
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    parts = [f"{words[sign]} {value}" for sign, value in limits.items()]
    return " and ".join(parts)
