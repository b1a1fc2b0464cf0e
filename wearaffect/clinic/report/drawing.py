"""Axes on one time line, thinning without interpolation, and figures as inline SVG."""

import io
import re
import warnings
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wearaffect.clinic.report.facts import Stretch
from wearaffect.clinic.report.style import INK, MUTED, PLOT_STYLE, SIGNAL
from wearaffect.core.errors import MissingExtraError
from wearaffect.recording.session import RecordedStream

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "Lane",
    "Timeline",
    "alone",
    "dots",
    "envelope",
    "hatched",
    "lanes",
    "name_lane",
    "plot_style",
    "spans",
    "svg",
    "trace",
    "write",
]

Array = NDArray[np.float64]

COLUMNS = 1000  # about the pixels of a page's width; engineering choice
_WIDTH_IN, _LEFT_IN, _RIGHT_IN, _AXIS_IN = 8.4, 1.08, 0.96, 0.35
_TICKS_MIN = (0.25, 0.5, 1, 2, 5, 10, 15, 20, 30, 60, 120, 240, 480)


@dataclass(frozen=True, slots=True)
class Timeline:
    """What every figure of a report shares: its zero and its length.

    Attributes
    ----------
    start_ns : int
        Start of the recording.
    length_s : float
        Its length, > 0.
    """

    start_ns: int
    length_s: float

    @property
    def column_s(self) -> float:
        """Width of a pixel column, seconds."""
        return self.length_s / COLUMNS

    def tick_step_min(self) -> float:
        """Give the smallest round step with at most twelve ticks, minutes."""
        whole = self.length_s / 60
        return next((s for s in _TICKS_MIN if whole / s <= 12), whole / 12)


@dataclass(frozen=True, slots=True)
class Lane:
    """One strip of a figure: its height and the gap under it, inches."""

    height_in: float
    below_in: float = 0.14


def plot_style() -> AbstractContextManager[None]:
    """Give the look that all figures are drawn in, whatever the reader's own settings are.

    Raises
    ------
    MissingExtraError
        There is nothing to draw with.
    """
    try:
        from matplotlib import style
    except ImportError as error:
        raise MissingExtraError("desk", "the report") from error
    return style.context(["default", dict(PLOT_STYLE)])


def lanes(timeline: Timeline, wanted: Sequence[Lane]) -> "tuple[Figure, list[Axes]]":
    """Make a figure of strips on one time axis, minutes; all figures line up down the page."""
    from matplotlib.figure import Figure

    height = sum(lane.height_in + lane.below_in for lane in wanted) + _AXIS_IN + 0.06
    figure = Figure(figsize=(_WIDTH_IN, height))
    found: list[Axes] = []
    top = height - 0.06
    for number, lane in enumerate(wanted, 1):
        top -= lane.height_in
        box = (
            _LEFT_IN / _WIDTH_IN,
            top / height,
            (_WIDTH_IN - _LEFT_IN - _RIGHT_IN) / _WIDTH_IN,
            lane.height_in / height,
        )
        axes = figure.add_axes(box)
        _time_axis(axes, timeline, labelled=number == len(wanted))
        found.append(axes)
        top -= lane.below_in
    return figure, found


def _time_axis(axes: "Axes", timeline: Timeline, *, labelled: bool) -> None:
    whole, step = timeline.length_s / 60, timeline.tick_step_min()
    ticks = np.arange(0, whole + step * 1e-6, step)
    axes.set_xlim(0, whole)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks] if labelled else [""] * ticks.size)
    axes.margins(y=0.08)
    if labelled:
        axes.set_xlabel("minutes since the start", fontsize=7.5, color=MUTED, labelpad=2)


def name_lane(axes: "Axes", name: str, unit: str = "", colour: str = INK) -> None:
    """Write name and unit of a strip into the left margin."""
    from matplotlib.transforms import ScaledTranslation

    figure = axes.get_figure(root=True)
    assert figure is not None
    shift = ScaledTranslation(0.04 - _LEFT_IN, 0, figure.dpi_scale_trans)
    where = axes.transAxes + shift
    axes.text(0, 1, name, transform=where, va="top", weight="bold", fontsize=8.5, color=colour)
    if unit:
        below = where + ScaledTranslation(0, -0.17, figure.dpi_scale_trans)
        axes.text(0, 1, unit, transform=below, va="top", fontsize=7.5, color=MUTED)


def write(axes: "Axes", x: float, y: float, words: str, **look: Any) -> None:
    """Write at a place given as shares of a strip's width and height."""
    axes.text(x, y, words, transform=axes.transAxes, **({"fontsize": 7.5} | look))


def spans(axes: "Axes", intervals_s: Iterable[tuple[float, float]], **look: Any) -> None:
    """Shade intervals of time over the full height, as one path however many there are."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    corners: list[tuple[float, float]] = []
    for first, last in intervals_s:
        a, b = first / 60, last / 60
        corners += [(a, 0.0), (b, 0.0), (b, 1.0), (a, 1.0), (a, 0.0)]
    if not corners:
        return
    one = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    path = Path(corners, one * (len(corners) // 5))
    style = {"linewidth": 0, "zorder": 0} | look
    patch = PathPatch(path, transform=axes.get_xaxis_transform(), **style)
    axes.add_patch(patch)


def hatched(
    axes: "Axes",
    stretches: Sequence[Stretch],
    face: str,
    line: str,
    hatch: str = "////",
    above: float = 0.0,
) -> None:
    """Shade stretches with a pattern, so that they don't rest on colour alone."""
    intervals = [(s.start_s, s.end_s) for s in stretches]
    spans(axes, intervals, facecolor=SIGNAL[face], zorder=above + 0.1)
    spans(
        axes, intervals, facecolor="none", edgecolor=SIGNAL[line], hatch=hatch, zorder=above + 0.15
    )


def _columns(
    times_s: Array, values: Array, rate_hz: float, column_s: float
) -> tuple[Array, Array, Array]:
    """Smallest and largest value of each column of one gap-free segment; NaN if it has none."""
    width = max(column_s, 2 / rate_hz)
    starts = np.flatnonzero(np.diff(np.floor(times_s / width), prepend=-np.inf))
    low = np.fmin.reduceat(values, starts)
    high = np.fmax.reduceat(values, starts)
    return times_s[starts], low, high


def dots(
    times_ns: NDArray[np.int64], values: Array, timeline: Timeline
) -> tuple[Array, Array, Array]:
    """Give minute, smallest and largest value per pixel column of samples that keep no rate."""
    times_s = (times_ns - timeline.start_ns) / 1e9
    at_s, low, high = _columns(times_s, values, 2 / timeline.column_s, timeline.column_s)
    return at_s / 60, low, high


def envelope(
    stream: RecordedStream, values: Array, timeline: Timeline
) -> tuple[Array, Array, Array]:
    """Give the range of values per pixel column.

    Parameters
    ----------
    stream : RecordedStream
        Regular; says where the gaps are.
    values : numpy.ndarray, (n_samples,)
        One value for each of its samples.
    timeline : Timeline
        Of the report.

    Returns
    -------
    minutes, low, high : numpy.ndarray, (n_columns,)
        NaN between segments and where a column has no number: nothing is interpolated.
    """
    found: list[tuple[Array, Array, Array]] = []
    at = 0
    for segment in stream.segments:
        part = values[at : at + len(segment)]
        at += len(segment)
        if not part.size:
            continue
        times_s = (segment.times_ns() - timeline.start_ns) / 1e9
        t, low, high = _columns(times_s, part, stream.info.rate_hz, timeline.column_s)
        end_s = (segment.end_ns - timeline.start_ns) / 1e9
        nan = np.array([np.nan])
        found.append(
            (
                np.concatenate([t, [end_s, end_s]]) / 60,
                np.concatenate([low, low[-1:], nan]),
                np.concatenate([high, high[-1:], nan]),
            )
        )
    if not found:
        return np.empty(0), np.empty(0), np.empty(0)
    minutes, lows, highs = zip(*found, strict=True)
    return np.concatenate(minutes), np.concatenate(lows), np.concatenate(highs)


def trace(stream: RecordedStream, values: Array, timeline: Timeline) -> tuple[Array, Array]:
    """Give a line that passes the lowest and highest value of every column; NaN breaks it.

    Parameters and what breaks the line are those of `envelope`.

    Returns
    -------
    minutes, values : numpy.ndarray, (2 * n_columns,)
    """
    minutes, low, high = envelope(stream, values, timeline)
    return np.repeat(minutes, 2), np.stack([low, high], axis=1).ravel()


def alone(values: Array) -> NDArray[np.bool_]:
    """Tell numbers without a neighbour, which no line would show."""
    known = np.isfinite(values)
    beside = np.zeros(known.size + 2, dtype=bool)
    beside[1:-1] = known
    return np.asarray(known & ~beside[:-2] & ~beside[2:])


_ROUND = re.compile(r"(\d+\.\d{2})\d+")
_PATHS = re.compile(r' d="[^"]*"', re.DOTALL)
_NOISE = re.compile(r'<metadata>.*?</metadata>|<style type="text/css">.*?</style>', re.DOTALL)
_GROUP_ID = re.compile(r'<g id="[^"]*"')
_SIZE = re.compile(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>')


def svg(figure: "Figure", name: str) -> str:
    """Give a figure as SVG for the page: text stays text, the same figure gives the same bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Drawn inside `plot_style`.
    name : str
        Keeps the identifiers of two figures apart.
    """
    from matplotlib import rc_context

    buffer = io.StringIO()
    with rc_context({"svg.hashsalt": name}), warnings.catch_warnings():
        # text stays text: the browser's fonts draw it, whatever matplotlib's own font lacks
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = _NOISE.sub("", text[text.index("<svg") :])
    text = _GROUP_ID.sub("<g", text)
    text = _PATHS.sub(lambda match: _ROUND.sub(r"\1", match[0]), text)
    return _SIZE.sub(
        r'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        r'viewBox="\1" aria-hidden="true" focusable="false">',
        text,
        count=1,
    ).strip()
