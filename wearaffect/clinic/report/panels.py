"""The recording as it came: signals with their quality, markers, rest and movement."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wearaffect.clinic.report.drawing import (
    Lane,
    Timeline,
    alone,
    dots,
    envelope,
    hatched,
    lanes,
    name_lane,
    spans,
    svg,
    trace,
    write,
)
from wearaffect.clinic.report.facts import (
    feature_track,
    quality_stretches,
    rest_interval_s,
    speaks_from_s,
)
from wearaffect.clinic.report.reported import Reported
from wearaffect.clinic.report.style import INK, MUTED, SIGNAL
from wearaffect.clinic.report.wear import marked
from wearaffect.clinic.report.wording import unit
from wearaffect.core.streams import Marker, SignalKind
from wearaffect.core.units import Unit, convert
from wearaffect.recording.session import RecordedStream

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_labels", "motion_figure", "signals_drawn", "signals_figure"]

Array = NDArray[np.float64]

_LANES = {
    SignalKind.EDA: Lane(1.1),
    SignalKind.BVP: Lane(1.05),
    SignalKind.ACC: Lane(0.7),
    SignalKind.TEMP: Lane(0.7),
}
_OTHER = Lane(0.7)
_MARKER_ROWS = 2
_LETTER_SHARE = 0.0085  # of the width that one letter of a marker takes


def signals_figure(told: Reported, timeline: Timeline) -> str:
    """Draw the signals over their quality.

    Parameters
    ----------
    told : Reported
        The recording.
    timeline : Timeline
        Of the report.

    Returns
    -------
    str
        Inline SVG.
    """
    wanted = signals_drawn(told)
    heights = [_LANES.get(kind, _OTHER) for kind, _ in wanted]
    figure, (events, *strips) = lanes(timeline, [Lane(0.34, 0.06), *heights])
    _draw_events(events, told, timeline)
    for (kind, stream), axes in zip(wanted, strips, strict=True):
        if stream is None or stream is told.session.of_kind(kind):
            draw_quality(axes, told, kind)
        draw_markers(axes, told)
        if stream is not None:
            hatched(axes, marked(told, stream.info.id), "artefact", "artefact_line", "xxxx")
        if stream is None or not stream.n_samples:
            _draw_absent(axes, kind)
        else:
            _DRAW.get(kind, draw_other)(axes, stream, timeline)
        if kind == SignalKind.BVP and stream is not None:
            _draw_heart_rate(axes, told)
    return svg(figure, "signals")


def signals_drawn(told: Reported) -> list[tuple[SignalKind, RecordedStream | None]]:
    """Give what to draw: the wrist's four signals first, then all other streams."""
    streams = told.session.streams.values()
    found: list[tuple[SignalKind, RecordedStream | None]] = []
    for kind in _LANES:
        there = [stream for stream in streams if stream.info.kind == kind]
        # a session says under completeness which streams it has; an export may lack a file
        found += [(kind, stream) for stream in there] or (
            [] if told.custody is not None else [(kind, None)]
        )
    return found + [(s.info.kind, s) for s in streams if s.info.kind not in _LANES]


def draw_quality(axes: "Axes", told: Reported, kind: SignalKind) -> None:
    """Shade where a signal is doubtful, hatch where it is poor."""
    stretches = quality_stretches(told, kind)
    doubtful = [(s.start_s, s.end_s) for s in stretches if s.what == "doubtful"]
    spans(axes, doubtful, facecolor=SIGNAL["doubtful"])
    hatched(axes, [s for s in stretches if s.what == "poor"], "poor", "poor_line")


def draw_markers(axes: "Axes", told: Reported) -> None:
    """Draw a thin line at every marker."""
    for marker in told.session.markers:
        minute = (marker.time_ns - told.session.start_ns) / 60e9
        axes.axvline(minute, color=INK, linewidth=0.5, alpha=0.45, zorder=1)


def _draw_events(axes: "Axes", told: Reported, timeline: Timeline) -> None:
    """Name rest and markers above the signals."""
    draw_labels(axes, told.session.markers, timeline)
    rest = rest_interval_s(told)
    if rest is None:
        return
    bar = (rest[0] / 60, (rest[1] - rest[0]) / 60)
    axes.broken_barh([bar], (0, 0.3), facecolor=SIGNAL["rest"], linewidth=0)
    if rest[1] - rest[0] > 0.035 * timeline.length_s:
        middle = sum(rest) / 2 / timeline.length_s
        write(axes, middle, 0.14, "rest", ha="center", va="center", fontsize=6.5, color="white")


def draw_labels(axes: "Axes", markers: Sequence[Marker], timeline: Timeline) -> None:
    """Write the labels of markers into a strip without axes, as far as they don't collide."""
    axes.set_axis_off()
    axes.set_ylim(0, 1)
    for minute, label, row in _placed(markers, timeline):
        axes.text(minute, 0.36 + 0.36 * row, label, fontsize=7, color=INK, va="bottom")


def _placed(markers: Sequence[Marker], timeline: Timeline) -> list[tuple[float, str, int]]:
    """Find a row for the label of each marker; one that would cover another is left to the text."""
    whole = timeline.length_s / 60
    free = [-np.inf] * _MARKER_ROWS
    placed = []
    for marker in sorted(markers, key=lambda m: m.time_ns):
        minute = (marker.time_ns - timeline.start_ns) / 60e9
        label = marker.label if len(marker.label) <= 18 else marker.label[:17] + "…"
        needs = (len(label) + 1) * _LETTER_SHARE * whole
        row = next((r for r, edge in enumerate(free) if minute >= edge), None)
        if row is None or not 0 <= minute <= whole:
            continue
        free[row] = minute + needs
        placed.append((minute, label, row))
    return placed


def _draw_absent(axes: "Axes", kind: SignalKind) -> None:
    name_lane(axes, kind.upper())
    axes.set_yticks([])
    write(axes, 0.5, 0.5, "not in this recording", color=MUTED, ha="center", va="center")


def _first_channel(stream: RecordedStream, target: Unit) -> Array:
    values = stream.samples()[1][:, 0]
    return convert(values, stream.info.channels[0].unit, target)


def _draw_eda(axes: "Axes", stream: RecordedStream, timeline: Timeline) -> None:
    level = _first_channel(stream, Unit.MICROSIEMENS)
    axes.plot(*trace(stream, level, timeline), color=SIGNAL["eda"], linewidth=0.9)
    name_lane(axes, "EDA", unit("uS"), SIGNAL["eda"])
    _few_ticks(axes)


def _draw_bvp(axes: "Axes", stream: RecordedStream, timeline: Timeline) -> None:
    values = stream.samples()[1][:, 0].astype(np.float64)
    minutes, low, high = envelope(stream, values, timeline)
    axes.fill_between(minutes, low, high, color=SIGNAL["bvp"], linewidth=0.3)
    known = values[np.isfinite(values)]
    if known.size and np.ptp(known) > 0:
        # a knock on the wrist is tens of times a pulse and would flatten the rest
        reach = 1.6 * float(np.quantile(np.abs(known), 0.99))
        axes.set_ylim(max(-reach, float(known.min())), min(reach, float(known.max())))
    name_lane(axes, "BVP", "sensor units", "#4f6f89")
    _few_ticks(axes)


def _draw_acc(axes: "Axes", stream: RecordedStream, timeline: Timeline) -> None:
    values = stream.samples()[1].astype(np.float64)
    magnitude = convert(
        np.sqrt((values**2).sum(axis=1)), stream.info.channels[0].unit, Unit.GRAVITY
    )
    minutes, low, high = envelope(stream, magnitude, timeline)
    axes.fill_between(minutes, low, high, color=SIGNAL["acc"], linewidth=0.5)
    name_lane(axes, "ACC", "magnitude, g", SIGNAL["acc"])
    _few_ticks(axes)


def _draw_temp(axes: "Axes", stream: RecordedStream, timeline: Timeline) -> None:
    level = _first_channel(stream, Unit.CELSIUS)
    axes.plot(*trace(stream, level, timeline), color=SIGNAL["temp"], linewidth=0.9)
    name_lane(axes, "TEMP", unit("degC"), SIGNAL["temp"])
    _few_ticks(axes)


def draw_other(axes: "Axes", stream: RecordedStream, timeline: Timeline) -> None:
    """Draw the first channel of any other stream: a band, or dots where it keeps no rate."""
    times_ns, data = stream.samples()
    values, ink = data[:, 0].astype(np.float64), SIGNAL["acc"]
    if stream.info.sampling_rate is None:
        minutes, low, high = dots(times_ns, values, timeline)
        axes.plot(minutes, low, ".", minutes, high, ".", color=ink, markersize=1.5)
    else:
        minutes, low, high = envelope(stream, values, timeline)
        axes.fill_between(minutes, low, high, color=ink, linewidth=0.5)
    name_lane(axes, stream.info.kind.upper(), unit(str(stream.info.channels[0].unit)), ink)
    _few_ticks(axes)


_DRAW: dict[SignalKind, Callable[["Axes", RecordedStream, Timeline], None]] = {
    SignalKind.EDA: _draw_eda,
    SignalKind.BVP: _draw_bvp,
    SignalKind.ACC: _draw_acc,
    SignalKind.TEMP: _draw_temp,
}


def _few_ticks(axes: "Axes") -> None:
    from matplotlib.ticker import MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, min_n_ticks=2))


def _draw_heart_rate(axes: "Axes", told: Reported) -> None:
    """Draw heart rate over the pulse wave, on a scale of its own at the right."""
    end_s, rate = feature_track(told, "hr_median", SignalKind.BVP)
    if not np.isfinite(rate).any():
        return
    right = axes.twinx()
    right.plot(end_s / 60, rate, color="white", linewidth=2.6, alpha=0.8)
    right.plot(end_s / 60, rate, color=SIGNAL["hr"], linewidth=1.3)
    single = alone(rate)
    right.plot(end_s[single] / 60, rate[single], ".", color=SIGNAL["hr"], markersize=2.5)
    right.spines["right"].set_visible(True)
    right.spines["right"].set_color(SIGNAL["hr"])
    right.tick_params(axis="y", colors=SIGNAL["hr"])
    right.margins(y=0.15)
    _few_ticks(right)
    low, high = right.get_ylim()
    if high - low < 20:  # a calm heart should look calm
        right.set_ylim((low + high) / 2 - 10, (low + high) / 2 + 10)
    write(right, 1.045, 1.0, "heart rate", va="top", weight="bold", color=SIGNAL["hr"])
    write(right, 1.045, 0.84, "/min", va="top", color=SIGNAL["hr"])


def motion_figure(told: Reported, timeline: Timeline) -> str:
    """Draw the share of time in movement, window by window.

    Parameters
    ----------
    told : Reported
        The recording.
    timeline : Timeline
        Of the report.

    Returns
    -------
    str
        Inline SVG.
    """
    figure, (axes,) = lanes(timeline, [Lane(0.55, 0.0)])
    end_s, still = feature_track(told, "acc_still", SignalKind.ACC)
    hop_s = told.spec.hop_s
    begin_s = [speaks_from_s(window, hop_s) for window in told.windows]
    edges = np.stack([np.array(begin_s), end_s], axis=1).ravel() / 60
    moving = np.repeat(100 * (1 - still), 2)
    axes.fill_between(edges, 0, moving, color=SIGNAL["acc"], alpha=0.75, linewidth=0)
    draw_markers(axes, told)
    axes.set_ylim(0, 100)
    axes.set_yticks([0, 50, 100])
    name_lane(axes, "Moving", "% of window", SIGNAL["acc"])
    return svg(figure, "motion")
