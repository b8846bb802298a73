"""Estimates as the text of table cells."""

from evaluation.day_bootstrap import Estimate


def value(estimate: Estimate | None, form: str, times: float = 1) -> str:
    """Return the value times `times`, or `-` if it is not known."""
    if estimate is None or estimate.value is None:
        return "-"
    return format(estimate.value * times, form)


def cell(estimate: Estimate | None, form: str, times: float = 1) -> str:
    """Return `value [low, high]`, or `-` if the value is not known."""
    middle = value(estimate, form, times)
    if estimate is None or estimate.low is None or estimate.high is None:
        return middle
    ends = (format(end * times, form) for end in (estimate.low, estimate.high))
    return f"{middle} \\[{', '.join(ends)}]"
