"""The picture of the detection study."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from draw_agreement import BLUE, INK, MUTED, RULE, SAND, STYLE, title
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

_TEAL, _PLUM, _GREY, _BROWN = "#17806d", "#7b5a86", "#8a949d", "#a8896b"
_LOOKS: Mapping[str, tuple[str, float, str]] = {
    "wearaffect live": (BLUE, 2.4, "-"),
    "wearaffect desk": (_TEAL, 2.4, "-"),
    "wearaffect convex": (_TEAL, 2.4, "-"),
    "neurokit2": (SAND, 1.4, "-"),
    "neurokit2 cvxeda": (_BROWN, 1.4, "-"),
    "biosppy": (_PLUM, 1.4, "-"),
    "biosppy 0.05 µS": (_PLUM, 1.4, (0, (3, 2))),  # type: ignore[dict-item]
    "heartpy": (_GREY, 1.4, "-"),
}


def draw(found: Mapping[str, Any], path: Path) -> None:
    """Draw F1 above and the error of what was found below, beats left and responses right."""
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(2, 2, figsize=(9.6, 8.4))
        beats, scrs = found["beats"], found["scrs"]
        _curves(axes[0][0], beats, "f1", (0.7, 1.005), "F1")
        title(axes[0][0], "Beats", "found within 0.15 s; our desk detector is NeuroKit2's")
        _curves(axes[0][1], scrs, "f1", (0, 1.0), "F1")
        title(axes[0][1], "Skin conductance responses", "of at least 0.05 µS, onset within 1 s")
        _curves(axes[1][0], beats, "ibi_ms_error", (0, 40), "ms")
        title(axes[1][0], "Error of the interval", "median, of intervals between beats found")
        _curves(axes[1][1], scrs, "amplitude_percent_error", (0, 60), "%")
        title(axes[1][1], "Error of the amplitude", "median, of responses found")
        figure.subplots_adjust(
            left=0.065, right=0.83, top=0.925, bottom=0.065, hspace=0.45, wspace=0.78
        )
        figure.savefig(path)
        plt.close(figure)


def _curves(
    axes: Axes, table: Mapping[str, Any], key: str, limits: tuple[float, float | None], unit: str
) -> None:
    ends = {}
    for name, by_snr in table.items():
        levels = [level for level in by_snr if level != "delay_s"]
        values = [by_snr[level][key] for level in levels]
        colour, width, dash = _LOOKS[name]
        axes.plot(range(len(levels)), values, color=colour, lw=width, ls=dash, zorder=2 + width)
        ends[name] = values[-1]
        axes.set_xticks(range(len(levels)), [level.replace("-", "−") for level in levels])
    axes.set(ylim=limits, xlim=(0, len(levels) - 1), ylabel=unit, xlabel="signal to noise, dB")
    axes.grid(axis="y", color=RULE, lw=0.6)
    axes.tick_params(length=0)
    _label_ends(axes, ends)


def _label_ends(axes: Axes, ends: Mapping[str, float]) -> None:
    """Name each line at its end, pushed apart where two would meet."""
    low, high = axes.get_ylim()
    apart = 0.062 * (high - low)
    order = sorted((name for name in ends if np.isfinite(ends[name])), key=lambda name: ends[name])
    places = [float(np.clip(ends[name], low, high)) for name in order]
    for _ in range(200):
        for k in range(1, len(places)):
            close = apart - (places[k] - places[k - 1])
            if close > 0:
                places[k] += close / 2
                places[k - 1] -= close / 2
        places = [min(max(p, low + 0.01 * (high - low)), high) for p in places]
    right = axes.get_xlim()[1]
    for name, place in zip(order, places, strict=True):
        colour, width, _ = _LOOKS[name]
        axes.annotate(
            name, (right, ends[name]), (right * 1.1, place), fontsize=9, color=colour,
            va="center", annotation_clip=False, weight="bold" if width > 2 else "normal",
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.5, "shrinkA": 2, "shrinkB": 1,
                        "relpos": (0, 0.5)},
        )  # fmt: skip
    axes.xaxis.label.set_color(MUTED)
    axes.yaxis.label.set_color(INK)
