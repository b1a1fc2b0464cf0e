"""The picture of the agreement study."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

mpl.use("agg")
from matplotlib import pyplot as plt

Array = NDArray[np.float64]

INK, MUTED, RULE = "#1d2733", "#5c6975", "#d5dbe1"
BLUE, RED, SAND = "#1f5f8b", "#b0401f", "#c07a12"
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": "#9aa5af",
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlepad": 24,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "figure.dpi": 100,
    "savefig.dpi": 180,
}


def title(axes: Axes, what: str, how: str) -> None:
    """Say what a panel shows and how to read it."""
    axes.set_title(what)
    axes.text(0, 1.03, how, transform=axes.transAxes, fontsize=9, color=MUTED)


def _bland_altman(axes: Axes, found: Mapping[str, float]) -> None:
    """Draw bias and limits of agreement, named on the right."""
    axes.axhline(0, color=RULE, lw=0.8, zorder=0)
    for key, name in (("upper", "+1.96 SD"), ("bias", "bias"), ("lower", "−1.96 SD")):
        value = found[key]
        axes.axhline(value, color=RED, lw=1.4 if key == "bias" else 1.0, zorder=3)
        axes.text(
            1.01, value, f"{value:+.1f}\n{name}".replace("-", "−"), color=RED, fontsize=9,
            va="center", transform=axes.get_yaxis_transform(),
        )  # fmt: skip


def _beyond(axes: Axes, differences: Array) -> None:
    """Say how many differences the frame leaves out."""
    low, high = axes.get_ylim()
    out = int(((differences < low) | (differences > high)).sum())
    if out:
        axes.text(0.985, 0.02, f"{out} outside the frame", color=MUTED, fontsize=9, ha="right",
                  transform=axes.transAxes)  # fmt: skip


def draw(
    minutes: Sequence[tuple[Array, Array, Array]],
    intervals: Sequence[tuple[Array, Array]],
    found: Mapping[str, Any],
    path: Path,
) -> None:
    """Draw heart rate, its limits by quality, intervals, and how many are found."""
    with plt.rc_context(STYLE):
        figure, ((rate, bins), (ibi, share)) = plt.subplots(
            2, 2, figsize=(9.6, 8.0), width_ratios=[1.25, 1]
        )
        _rate(rate, minutes, found)
        _by_quality(bins, found)
        _intervals(ibi, intervals, found["ibi_live"])
        _found(share, found)
        figure.subplots_adjust(
            left=0.08, right=0.955, top=0.92, bottom=0.07, hspace=0.5, wspace=0.48
        )
        figure.savefig(path)
        plt.close(figure)


def _rate(
    axes: Axes, minutes: Sequence[tuple[Array, Array, Array]], found: Mapping[str, Any]
) -> None:
    ours, theirs, quality = (np.concatenate(part) for part in zip(*minutes, strict=True))
    good = quality >= 0.8
    limits = found["hr_chain_0.8_1"]
    axes.plot(
        ((ours + theirs) / 2)[good], (ours - theirs)[good], "o", ms=3, mew=0, color=BLUE, alpha=0.35
    )
    _bland_altman(axes, limits)
    axes.set(ylim=(-32, 32), xlabel="mean of both, beats/min", ylabel="ours − Empatica, beats/min")
    _beyond(axes, (ours - theirs)[good])
    title(
        axes, "Heart rate, minutes of good signal",
        f"{limits['pairs']} minutes of {limits['people']} people; half within "
        f"±{limits['median_absolute']:.1f}",
    )  # fmt: skip


def _by_quality(axes: Axes, found: Mapping[str, Any]) -> None:
    names = [key for key in found if key.startswith("hr_chain_")][1:]
    for place, key in enumerate(names):
        limits = found[key]
        last = place == len(names) - 1
        colour = BLUE if last else "#8aa5ba"
        axes.plot([place] * 2, [limits["lower"], limits["upper"]], color=colour, lw=9,
                  solid_capstyle="butt")  # fmt: skip
        axes.plot([place - 0.12, place + 0.12], [limits["bias"]] * 2, color="white", lw=2)
        axes.text(place, limits["upper"] + 2, f"{limits['pairs']}\nminutes", ha="center",
                  fontsize=9, color=MUTED)  # fmt: skip
    axes.axhline(0, color=RULE, lw=0.8, zorder=0)
    labels = [key.removeprefix("hr_chain_").replace("_", "–") for key in names]
    labels[0] += "\nwithheld"
    axes.set_xticks(range(len(names)), labels)
    axes.set(ylim=(-52, 58), xlim=(-0.5, len(names) - 0.5), xlabel="our quality of the pulse",
             ylabel="limits of agreement, beats/min")  # fmt: skip
    title(axes, "Poor signal, poor agreement", "bias ± 1.96 SD of heart rate, by quality")


def _intervals(
    axes: Axes, intervals: Sequence[tuple[Array, Array]], limits: Mapping[str, float]
) -> None:
    ours, theirs = (np.concatenate(part) for part in zip(*intervals, strict=True))
    step = 1000 / 64
    cells = axes.hexbin(
        (ours + theirs) / 2, ours - theirs, gridsize=(60, 40), extent=(400, 1300, -200, 200),
        bins="log", cmap="Blues", mincnt=1, linewidths=0,
    )  # fmt: skip
    cells.set_clim(0.6, None)
    _bland_altman(axes, limits)
    axes.set(xlim=(400, 1300), ylim=(-200, 200), xlabel="mean of both, ms",
             ylabel="ours − Empatica, ms")  # fmt: skip
    _beyond(axes, ours - theirs)
    title(
        axes, "Intervals between beats",
        f"{limits['pairs'] / 1000:.0f} thousand intervals; half within "
        f"±{limits['median_absolute']:.0f} ms (a sample is {step:.1f})",
    )  # fmt: skip


def _found(axes: Axes, found: Mapping[str, Any]) -> None:
    live, desk = found["clocks_live"], found["clocks_desk"]
    order = sorted(live, key=lambda name: -live[name]["found"])
    at = np.arange(len(order))
    theirs = np.array([desk[name]["found"] for name in order])
    ours = np.array([live[name]["found"] for name in order])
    axes.vlines(at, 100 * theirs, 100 * ours, color=RULE, lw=1.2)
    axes.plot(at, 100 * ours, "o", ms=5, color=BLUE)
    axes.plot(at, 100 * theirs, "o", ms=5, mfc="white", mec=SAND)
    axes.text(0, 103, "live detector", color=BLUE, fontsize=9.5)
    axes.text(0, 18, "Elgendi, whole recording", color=SAND, fontsize=9.5)
    axes.set(ylim=(0, 110), ylabel="% of Empatica's intervals", xlabel="recordings")
    axes.set_xticks([])
    title(
        axes, "Beats that Empatica believed in", "share whose last beat lies within 0.15 s of ours"
    )
