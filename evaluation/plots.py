"""A track record in three pictures (PNG): reliability, coverage, returns by call."""

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from evaluation.metrics import CALLS, Metrics
from evaluation.portfolio import daily, positions

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOMINAL_COVERAGE = 0.8


def pictures(record: pd.DataFrame, found: Metrics, cost_bps: float) -> dict[str, bytes]:
    """Return PNG files by name; `record` is `record_frame`'s."""
    known = record[record["realized_return"].notna()]
    drawings: Mapping[str, Callable[[Axes], None]] = {
        "reliability.png": lambda axes: _reliability(axes, found),
        "coverage.png": lambda axes: _coverage(axes, known),
        "returns.png": lambda axes: _returns(axes, known, cost_bps),
    }
    return {name: _drawn(draw) for name, draw in drawings.items()}


def _drawn(draw: "Callable[[Axes], None]") -> bytes:
    from matplotlib.figure import Figure  # noqa: PLC0415  a second to import

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    draw(axes)
    if axes.get_legend_handles_labels()[0]:
        axes.legend()
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def _reliability(axes: "Axes", found: Metrics) -> None:
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="as often as said")
    for name in ("lstm", "lightgbm"):
        bins = found.components[name].reliability
        said = [
            one.mean_probability for one in bins if one.mean_probability is not None
        ]
        rose = [one.share_up for one in bins if one.share_up is not None]
        axes.plot(said, rose, marker="o", label=name)
    axes.set(xlabel="probability_up", ylabel="share that rose", ylim=(0, 1))


def _coverage(axes: "Axes", record: pd.DataFrame) -> None:
    """Draw the share of returns inside the interval, month by month."""
    came, low = record["realized_return"], record["predicted_return_low"]
    held = (low <= came) & (came <= record["predicted_return_high"])
    months = record["forecast_session"].str.slice(0, 7)[low.notna()]
    shares = held[low.notna()].groupby(months).mean()
    axes.bar(shares.index.tolist(), shares.tolist(), label="lstm")
    axes.axhline(NOMINAL_COVERAGE, color="black", linestyle=":", label="80 %")
    axes.set(ylabel="share inside the interval", ylim=(0, 1))
    axes.tick_params(axis="x", rotation=90)


def _returns(axes: "Axes", record: pd.DataFrame, cost_bps: float) -> None:
    """Draw the sums of daily returns: by portfolio, and the mean return by call."""
    for name, position in positions(record).items():
        total = daily(record, position, cost_bps)["net"].cumsum()
        axes.plot(pd.to_datetime(total.index), total, label=f"{name}, after cost")
    for call in CALLS:
        rows = record[record["prediction"] == call]
        means = rows.groupby("forecast_session")["realized_return"].mean().cumsum()
        axes.plot(pd.to_datetime(means.index), means, linestyle=":", label=call)
    axes.set(ylabel="sum of daily returns")
    axes.tick_params(axis="x", rotation=30)
