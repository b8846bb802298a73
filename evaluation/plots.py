"""Three plots of a forecast record as PNG: reliability, coverage, returns by call."""

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evaluation.intervals import (
    FIRST_EDITION,
    NOMINAL_COVERAGE,
    OURS,
    covers_return,
)
from evaluation.metrics import CALLS, Metrics
from evaluation.portfolio import daily_returns, positions

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_plots(
    record: pd.DataFrame, metrics: Metrics, cost_bps: float
) -> dict[str, bytes]:
    """Return the PNG files by name; `record` comes from `record_frame`."""
    known = record[record["realized_return"].notna()]
    plots: Mapping[str, Callable[[Axes], None]] = {
        "reliability.png": lambda axes: _plot_reliability(axes, metrics),
        "coverage.png": lambda axes: _plot_coverage(axes, known),
        "returns.png": lambda axes: _plot_returns(axes, known, cost_bps),
    }
    return {name: draw_png(plot) for name, plot in plots.items()}


def draw_png(plot: "Callable[[Axes], None]") -> bytes:
    """Return the picture that `plot` draws, as a PNG file."""
    from matplotlib.figure import Figure  # noqa: PLC0415  a second to import

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    plot(axes)
    if axes.get_legend_handles_labels()[0]:
        axes.legend()
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def _plot_reliability(axes: "Axes", metrics: Metrics) -> None:
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="perfect")
    for name in ("lstm", "lightgbm"):
        bins = [part for part in metrics.components[name].reliability if part.count]
        points = [(part.mean_probability, part.share_up) for part in bins]
        axes.plot(*np.array(points, float).reshape(-1, 2).T, marker="o", label=name)
    axes.set(xlabel="probability_up", ylabel="share that rose", ylim=(0, 1))


def _plot_coverage(axes: "Axes", record: pd.DataFrame) -> None:
    """Plot the share of returns inside our interval and the first edition's."""
    months = record["forecast_session"].str.slice(0, 7)
    ours, first = (
        covers_return(record, name).groupby(months).mean().dropna()
        for name in (OURS, FIRST_EDITION)
    )
    axes.bar(ours.index.tolist(), ours.tolist(), label=OURS)
    axes.plot(first.index.tolist(), first.tolist(), "o", label="first edition")
    axes.axhline(NOMINAL_COVERAGE, color="black", linestyle=":", label="80 %")
    axes.set(ylabel="share inside the interval", ylim=(0, 1))
    axes.tick_params(axis="x", rotation=90)


def _plot_returns(axes: "Axes", record: pd.DataFrame, cost_bps: float) -> None:
    """Plot the cumulative daily return of each portfolio, and the mean of each call."""
    for name, position in positions(record).items():
        total = daily_returns(record, position, cost_bps)["net_return"].cumsum()
        axes.plot(pd.to_datetime(total.index), total, label=f"{name}, after cost")
    for call in CALLS:
        rows = record[record["prediction"] == call]
        means = rows.groupby("forecast_session")["realized_return"].mean().cumsum()
        axes.plot(pd.to_datetime(means.index), means, linestyle=":", label=call)
    axes.set(ylabel="sum of daily returns")
    axes.tick_params(axis="x", rotation=30)
