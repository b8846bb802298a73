"""Turns pydantic's findings into one error with parameter, value, bounds and fix."""

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.errors import MAX_QUOTE_LENGTH, ParameterError, quote_value


class InvalidValueError(ValueError):
    """A validator of ours refuses a value; keeps problem and fix apart."""

    def __init__(self, problem: str, fix: str) -> None:
        """Keep both; pydantic hands them to `validate`."""
        self.problem, self.fix = problem, fix
        super().__init__(f"{problem}; {fix}")


def validate[Model: BaseModel](
    kind: type[Model], values: Mapping[str, Any], where: str, fix: str
) -> Model:
    """Return a model of class `kind` with these values.

    Raises
    ------
    ParameterError
        For the first parameter that is out of range or unknown, with its value and
        bounds. `where` follows the problem; `fix` is used if the finding has no own.
    """
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        finding = error.errors(include_url=False)[0]
        problem, own_fix = _describe(kind, finding)
        raise ParameterError(f"{problem}{where}", own_fix or fix) from error


def _describe(kind: type[BaseModel], finding: ErrorDetails) -> tuple[str, str]:
    """Return the problem, and the fix if the finding has one of its own."""
    entry = _entry(finding["loc"])
    cause = finding.get("ctx", {}).get("error")
    if isinstance(cause, InvalidValueError):
        return f"{entry}{cause.problem}", cause.fix
    *path, name = (str(part) for part in finding["loc"] or (kind.__name__,))
    section = _section(kind, path)
    full = name if entry else ".".join([*path, name])[: 2 * MAX_QUOTE_LENGTH]
    problem, fix = _describe_value(section, name, full, finding)
    return f"{entry}{problem}", fix


def _entry(loc: tuple[int | str, ...]) -> str:
    """Return "`schedules` entry 2: " for a field of a table in a list, otherwise ""."""
    match loc:
        case (str() as table, int() as index, str()):
            return f"`{table}` entry {index + 1}: "
    return ""


def _describe_value(
    section: type[BaseModel], name: str, full: str, finding: ErrorDetails
) -> tuple[str, str]:
    if finding["type"] == "missing" and name in section.model_fields:
        return f"`{full}` is missing", f"add `{name}`"
    if finding["type"] == "extra_forbidden":
        if new := getattr(section, "renamed", {}).get(name):
            renamed = ".".join([*full.split(".")[:-1], new])
            return f"`{full}` is now called `{renamed}`", "rename it"
        if reason := getattr(section, "removed", {}).get(name):
            return f"`{full}` was removed: {reason}", "delete the line"
        choices = ", ".join(section.model_fields)
        known = f"one of the known names ({choices})"
        return f"`{full}` must be {known}, got {quote_value(name)}", ""
    plain = {"model_type": "a table of settings", "tuple_type": "a list"}
    expected = _bounds(section, name) or plain.get(finding["type"])
    message = finding["msg"].lower()
    rule = f"be {expected}" if expected else message.partition(" should ")[2]
    value = quote_value(finding["input"])
    return f"`{full}` must {rule or f'be valid ({message})'}, got {value}", ""


def _section(kind: type[BaseModel], path: list[str]) -> type[BaseModel]:
    """Return the innermost model on `path`."""
    for name in path:
        field = kind.model_fields.get(name)
        inner = _find_model(field.annotation) if field else None
        if inner is None:
            break
        kind = inner
    return kind


def _find_model(annotation: object) -> type[BaseModel] | None:
    """Return the model class in a type, also in a list or among alternatives."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_find_model, get_args(annotation))), None)


def _bounds(kind: type[BaseModel], name: str) -> str:
    """Return `30 to 120 sessions` from the field's limits, "" without limits."""
    info = kind.model_fields.get(name)
    limits = {
        sign: value
        for limit in (info.metadata if info else ())
        for sign in ("ge", "gt", "le", "lt")
        if (value := getattr(limit, sign, None)) is not None
    }
    extra = info and info.json_schema_extra
    unit = str(extra.get("unit", "")) if isinstance(extra, dict) else ""
    return f"{_range(limits)} {unit}".rstrip() if limits else ""


def _range(limits: dict[str, float]) -> str:
    if {"ge", "le"} <= limits.keys():
        return f"{limits['ge']} to {limits['le']}"
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    return " and ".join(f"{words[sign]} {value}" for sign, value in limits.items())
