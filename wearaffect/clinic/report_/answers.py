"""What the bundle said, over time: classes, forecast of skin conductance, emotion drive."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wearaffect.clinic.drawing import (
    COLUMNS,
    Lane,
    Timeline,
    alone,
    hatched,
    lanes,
    name_lane,
    svg,
    trace,
    write,
)
from wearaffect.clinic.findings import STRESS_FROM, estimated_runs, withheld_stretches
from wearaffect.clinic.panels import draw_markers
from wearaffect.clinic.style import INK, SIGNAL, class_colours
from wearaffect.clinic.wording import unit
from wearaffect.core.affect import AffectEstimate
from wearaffect.core.streams import SignalKind
from wearaffect.core.units import Unit, convert
from wearaffect.pipeline.offline import Analysis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["classes_figure", "drawn_horizon_s", "drive_figure", "drive_name", "forecast_figure"]

Array = NDArray[np.float64]
Values = Callable[[AffectEstimate], Sequence[float]]

_DRAWN_HORIZON_S = 15.0  # far enough to differ from now, near enough to be known; our choice


def _begin(analysis: Analysis, timeline: Timeline, lane: Lane) -> "tuple[Figure, Axes]":
    """Make a strip on which withheld time is hatched and markers stand."""
    figure, (axes,) = lanes(timeline, [lane])
    hatched(axes, withheld_stretches(analysis), "withheld", "withheld_line")
    draw_markers(axes, analysis)
    return figure, axes


def _grouped(run: Sequence[AffectEstimate], values: Values, every: int) -> Array:
    """For each `every` windows of a run (n, 2 + k): last and mean end, minutes; mean values."""
    starts = np.arange(0, len(run), every)
    counts = np.diff(starts, append=len(run))[:, None]
    rows = np.array([(e.end_s / 60, *values(e)) for e in run], dtype=np.float64)
    means = np.add.reduceat(rows, starts, axis=0) / counts
    last = rows[np.minimum(starts + every, len(run)) - 1, :1]
    return np.concatenate([last, means], axis=1)


def windows_a_point(analysis: Analysis) -> int:
    """How many windows one point of a curve stands for: one, unless there are too many."""
    return -(-len(analysis.estimates) // COLUMNS) or 1


def classes_figure(analysis: Analysis, timeline: Timeline) -> str:
    """Draw the probability of every class, stacked, stress at the bottom.

    Parameters
    ----------
    analysis : Analysis
        The recording.
    timeline : Timeline
        Of the report.

    Returns
    -------
    str
        Inline SVG.
    """
    figure, axes = _begin(analysis, timeline, Lane(1.35, 0.0))
    labels = tuple(analysis.bundle.manifest.labels)
    order = sorted(labels, key=lambda label: label != "stress")
    colours = class_colours(labels)
    edges, tops = _stacked(analysis, order)
    below = np.zeros(edges.size)
    for k, label in enumerate(order):
        look = colours[label]
        axes.fill_between(edges, below, tops[:, k], color=look, linewidth=0, step="pre")
        below = tops[:, k]
    _finish_classes(axes, order, colours)
    return svg(figure, "classes")


def _stacked(analysis: Analysis, order: Sequence[str]) -> tuple[Array, Array]:
    """Give edges (n,), minutes, and running sums (n, k) of the steps; NaN between runs."""
    every, hop_min = windows_a_point(analysis), analysis.bundle.manifest.hop_s / 60
    edges, tops = [np.empty(0)], [np.empty((0, len(order)))]
    for run in estimated_runs(analysis):
        rows = _grouped(run, lambda e: [e.probabilities.get(k, np.nan) for k in order], every)
        edges += [np.array([run[0].end_s / 60 - hop_min]), rows[:, 0], np.array([np.nan])]
        table = np.cumsum(rows[:, 2:], axis=1)
        tops += [table[:1], table, np.full((1, len(order)), np.nan)]
    return np.concatenate(edges), np.concatenate(tops)


def _finish_classes(axes: "Axes", order: Sequence[str], colours: dict[str, str]) -> None:
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.5, 1])
    if "stress" in order:
        axes.axhline(STRESS_FROM, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
    name_lane(axes, "Probability", "of each class")
    step = min(0.2, 1 / max(len(order), 1))
    for k, label in enumerate(order):  # direct labels, in the order of the stack
        y = (k + 0.5) * step
        write(axes, 1.012, y, "■", color=colours[label], va="center", fontsize=10)
        write(axes, 1.038, y, label, va="center")


def drawn_horizon_s(analysis: Analysis) -> float | None:
    """Give the horizon whose forecast is drawn: the one nearest to 15 s, if there is any."""
    horizons = analysis.bundle.manifest.horizons_s
    return min(horizons, key=lambda h: abs(h - _DRAWN_HORIZON_S), default=None)


def forecast_figure(analysis: Analysis, timeline: Timeline, horizon_s: float) -> str:
    """Draw measured skin conductance and its forecast, each where it applies.

    Parameters
    ----------
    analysis : Analysis
        The recording.
    timeline : Timeline
        Of the report.
    horizon_s : float
        One of the bundle's.

    Returns
    -------
    str
        Inline SVG.
    """
    figure, axes = _begin(analysis, timeline, Lane(1.5, 0.0))
    stream = analysis.session.of_kind(SignalKind.EDA)
    if stream is not None:
        level = convert(stream.samples()[1][:, 0], stream.info.channels[0].unit, Unit.MICROSIEMENS)
        line = trace(stream, level, timeline)
        axes.plot(*line, color=SIGNAL["eda"], linewidth=0.9, zorder=3)
        _zoom(axes, level)

    def row(estimate: AffectEstimate) -> Sequence[float]:
        return estimate.eda_forecast_us.get(horizon_s, (np.nan, np.nan, np.nan))

    _draw_band(axes, analysis, row, SIGNAL["forecast"], later_min=horizon_s / 60)
    name_lane(axes, "EDA", unit("uS"))
    write(axes, 1.012, 0.86, "measured", color=SIGNAL["eda"], weight="bold")
    write(axes, 1.012, 0.70, f"{horizon_s:g} s ahead", color="#8a5608", weight="bold")
    write(axes, 1.012, 0.57, "with 90 % band", color="#8a5608")
    return svg(figure, "forecast")


def _zoom(axes: "Axes", level_us: Array) -> None:
    """Scale to the middle 99 %: a knock on the electrode would flatten what is forecast."""
    known = level_us[np.isfinite(level_us)]
    if known.size:
        low, high = np.quantile(known, [0.005, 0.995]).tolist()
        room = max(0.12 * (high - low), 0.02)
        axes.set_ylim(max(low - room, -room / 2), high + room)


def _draw_band(
    axes: "Axes", analysis: Analysis, row: Values, colour: str, later_min: float = 0.0
) -> None:
    """Draw low, median and high over time; nothing joins two runs."""
    every = windows_a_point(analysis)
    pieces = [np.empty((0, 5))]
    for run in estimated_runs(analysis):
        pieces += [_grouped(run, row, every), np.full((1, 5), np.nan)]
    _, minutes, low, median, high = np.concatenate(pieces).T
    at = minutes + later_min
    axes.fill_between(at, low, high, color=colour, alpha=0.28, linewidth=0, zorder=2)
    axes.plot(at, median, color=colour, linewidth=0.9, zorder=2.5)
    single = alone(median)
    axes.plot(at[single], median[single], ".", color=colour, markersize=3, zorder=2.5)


def drive_name(analysis: Analysis) -> str | None:
    """Give the parameter per window that is the drive behind skin conductance, if there is one."""
    for item in analysis.bundle.manifest.physics:
        if item.value is None and "driv" in item.name and item.unit == "uS/s":
            return str(item.name)
    return None


def drive_figure(analysis: Analysis, timeline: Timeline, name: str) -> str:
    """Draw the drive of skin conductance with its interval.

    Parameters
    ----------
    analysis : Analysis
        The recording.
    timeline : Timeline
        Of the report.
    name : str
        Of the parameter.

    Returns
    -------
    str
        Inline SVG.
    """
    figure, axes = _begin(analysis, timeline, Lane(0.9, 0.0))

    def row(estimate: AffectEstimate) -> tuple[float, float, float]:
        found = estimate.physics.get(name)
        if found is None:
            return (np.nan, np.nan, np.nan)
        low, high = found.ci95 or (found.value, found.value)
        return (low, found.value, high)

    _draw_band(axes, analysis, row, SIGNAL["rest"])
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    name_lane(axes, "Drive", unit("uS/s"), SIGNAL["rest"])
    return svg(figure, "drive")
