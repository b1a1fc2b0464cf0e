"""Beats from a pulse wave, intervals without artefacts, and what they say of heart rate."""

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.streams import SignalKind
from wearaffect.signals.feature import Feature
from wearaffect.signals.rows import (
    Matrix,
    Vector,
    mean,
    only_where,
    quantile,
    sd,
    slope_per_min,
    sorted_rows,
)

__all__ = ["HEART_FEATURES", "Beats", "IbiClass", "find_beats", "heart_features"]

_TASK_FORCE = "Task Force 1996, doi 10.1161/01.CIR.93.5.1043"
_CHOICE = "engineering choice"


def _row(name: str, unit: str, formula: str, source: str = _CHOICE) -> Feature:
    return Feature(name, SignalKind.BVP, unit, formula, source)


HEART_FEATURES = (
    _row("hr_mean", "1/min", "60 / mean of accepted intervals"),
    _row("hr_median", "1/min", "60 / median of accepted intervals"),
    _row("hr_p10", "1/min", "10th percentile of 60 / interval"),
    _row("hr_p90", "1/min", "90th percentile of 60 / interval"),
    _row("hr_sd", "1/min", "SD of 60 / interval, ddof 1"),
    _row("hr_slope", "1/min^2", "least-squares slope of 60 / interval"),
    _row("hrv_sdnn", "ms", "SD of accepted intervals, ddof 1", _TASK_FORCE),
    _row("hrv_rmssd", "ms", "root mean square of differences of successive ones", _TASK_FORCE),
    _row("hrv_pnn50", "1", "share of those differences above 50 ms", _TASK_FORCE),
    # the share of a missed beat in a median is one in n, not one squared
    _row("hrv_masd", "ln ms", "log of the median of those differences, absolute, at least 1 ms"),
    _row("bvp_amplitude", "ln 1", "log of the median height of beats in the filtered pulse"),
    _row("bvp_amplitude_cv", "1", "SD of that height / its mean"),
    _row("ibi_coverage", "1", "share of the window that accepted intervals span"),
)

_REFRACTORY_S = 0.33  # 180 beats a minute, above any seated heart rate
_IBI_RANGE_S = (0.33, 1.5)
_IBI_CHANGE = 0.25
_LOCAL_SD_S = 3.0
_THRESHOLD_SD = 0.5
# A filter rings down from a pulse that stops, and rounding goes on for ever: neither beats.
_LEAST_OF_HIGHEST = 1e-3
_LEAST_HEIGHT = 1e-6


_FEW_INTERVALS = 10
_FEW_STEPS = 5


class IbiClass(IntEnum):
    """What an interval between two pulses is taken for, live or at the desk.

    Attributes
    ----------
    NORMAL
        A heart could have made it, and its neighbours agree.
    SHORT, LONG
        Live: outside 0.33-1.5 s, an extra pulse, or a missed one or a gap. At the desk: shorter or
        longer than its neighbours allow, by a beat that is misplaced.
    IRREGULAR
        Live: more than 25 % from the median of its five neighbours.
    NONE
        There is no interval: before the first beat.
    ECTOPIC, MISSED, EXTRA
        At the desk: an early or late beat, a beat too few, a beat too many.
    """

    NORMAL = 0
    SHORT = 1
    LONG = 2
    IRREGULAR = 3
    NONE = 4
    ECTOPIC = 5
    MISSED = 6
    EXTRA = 7


@dataclass(frozen=True, eq=False)
class Beats:
    """Beats of several windows, one row a window, padded at the end.

    Attributes
    ----------
    times_s : numpy.ndarray, (n_windows, n_most)
        Seconds from the start of the window, between samples by a parabola; NaN is padding.
    height : numpy.ndarray, (n_windows, n_most)
        Filtered pulse at the beat, device units.
    interval_s : numpy.ndarray, (n_windows, n_most)
        Time since the beat before; NaN at a window's first.
    classes : numpy.ndarray, (n_windows, n_most), uint8
        `IbiClass` of that interval.
    """

    times_s: Matrix
    height: Matrix
    interval_s: Matrix
    classes: NDArray[np.uint8]

    @cached_property
    def ibi_s(self) -> Matrix:
        """Intervals that passed the artefact rule, at the beat that ends them; else NaN."""
        return np.where(self.classes == IbiClass.NORMAL, self.interval_s, np.nan)

    @cached_property
    def spanned_s(self) -> Vector:
        """Seconds of each window that accepted intervals span, (n_windows,)."""
        return np.asarray(
            np.where(self.classes == IbiClass.NORMAL, self.interval_s, 0.0).sum(axis=1)
        )

    @cached_property
    def last_accepted_s(self) -> Vector:
        """When the last accepted interval of each window ended, (n_windows,); -inf without one."""
        ends_s = np.where(self.classes == IbiClass.NORMAL, self.times_s, -np.inf)
        return np.asarray(ends_s.max(axis=1, initial=-np.inf))


def find_beats(bvp: Matrix, sampling_rate: float) -> Beats:
    """Find pulses in band-passed pulse waves.

    Parameters
    ----------
    bvp : numpy.ndarray, (n_windows, n_samples)
        Band-passed pulse waves; NaN in gaps.
    sampling_rate : float
        Hz.

    Returns
    -------
    Beats
        Local maxima above half the local standard deviation (3 s), the higher one of two that are
        closer than 0.33 s; a threshold that moves with the local spread follows the pulse through
        vasoconstriction and motion, where a fixed one doesn't. Nothing below a thousandth of the
        highest is a beat.

    Notes
    -----
    An interval is kept if it lies in 0.33-1.5 s and within 25 % of the median of its five
    neighbours, a form of the rule in Task Force 1996 (doi 10.1161/01.CIR.93.5.1043) that a single
    artefact can't move. Thresholds are engineering choices.
    """
    n_windows, n_samples = bvp.shape
    known = np.isfinite(bvp)
    wave = bvp if known.all() else np.where(known, bvp, 0.0)
    inner = wave[:, 1:-1]
    tops = np.flatnonzero((inner > wave[:, :-2]) & (inner >= wave[:, 2:]))
    row, peak = np.divmod(tops, max(n_samples - 2, 1))
    peak += 1
    least = np.maximum(_LEAST_OF_HIGHEST * inner.max(axis=1, initial=0.0), _LEAST_HEIGHT)
    spread = _local_sd(wave, row, peak, max(3, round(_LOCAL_SD_S * sampling_rate)))
    high = wave[row, peak] > np.maximum(_THRESHOLD_SD * spread, least[row])
    row, peak = row[high], peak[high]
    distance = round(_REFRACTORY_S * sampling_rate)
    # rows lie too far apart to meet
    kept = _higher_of_neighbours(row * (n_samples + distance) + peak, wave[row, peak], distance)
    row, peak = row[kept], peak[kept]
    before, at, after = wave[row, peak - 1], wave[row, peak], wave[row, peak + 1]
    bend = before - 2 * at + after
    offset = np.where(bend < 0, 0.5 * (before - after) / np.where(bend < 0, bend, 1.0), 0.0)
    # the same width for every batch: sums over a row must not depend on its neighbours
    shape = (n_windows, n_samples // max(distance, 1) + 2)
    place = (row, np.arange(row.size) - np.searchsorted(row, np.arange(n_windows))[row])
    times_s, height = np.full(shape, np.nan), np.full(shape, np.nan)
    times_s[place] = (peak + offset) / sampling_rate
    height[place] = at
    interval_s = np.diff(times_s, axis=1, prepend=np.nan)
    return Beats(times_s, height, interval_s, _classes(interval_s))


def _local_sd(wave: Matrix, row: NDArray[np.int64], at: NDArray[np.int64], width: int) -> Vector:
    """Standard deviation around samples; the edges use the part that is there."""
    half = width // 2
    low, high = np.maximum(at - half, 0), np.minimum(at + half + 1, wave.shape[1])
    total, square = np.empty((2, wave.shape[0], wave.shape[1] + 1))
    total[:, 0] = square[:, 0] = 0.0
    np.cumsum(wave, axis=1, out=total[:, 1:])
    np.cumsum(wave * wave, axis=1, out=square[:, 1:])
    share = 1.0 / (high - low)
    middle = (total[row, high] - total[row, low]) * share
    variance = (square[row, high] - square[row, low]) * share - middle * middle
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)))


def _higher_of_neighbours(
    place: NDArray[np.int64], height: Vector, distance: int
) -> NDArray[np.int64]:
    """Choose the higher of two peaks that are closer than a distance, from left to right."""
    if not place.size:
        return place
    close = np.diff(place) < distance
    alone = ~np.concatenate([[False], close]) & ~np.concatenate([close, [False]])
    chosen: list[int] = []
    last, best = 0, 0.0
    crowded = np.flatnonzero(~alone)
    for i, at, high in zip(
        crowded.tolist(), place[crowded].tolist(), height[crowded].tolist(), strict=True
    ):
        if chosen and at - last < distance:
            if high > best:
                chosen[-1], last, best = i, at, high
        else:
            chosen.append(i)
            last, best = at, high
    return np.sort(np.concatenate([np.flatnonzero(alone), np.array(chosen, dtype=np.int64)]))


def _classes(interval_s: Matrix) -> NDArray[np.uint8]:
    """Tell intervals that a heart could have made from artefacts."""
    low, high = _IBI_RANGE_S
    exists = np.isfinite(interval_s)
    inside = (interval_s >= low) & (interval_s <= high)
    n_windows, n_most = interval_s.shape
    around = np.full((n_windows, n_most + 4), np.nan)
    around[:, 2:-2] = np.where(inside, interval_s, np.nan)
    five = np.lib.stride_tricks.sliding_window_view(around, 5, axis=1)[exists]
    typical = np.full(interval_s.shape, np.nan)
    typical[exists] = quantile(*sorted_rows(five), 0.5)
    regular = np.abs(interval_s - typical) <= _IBI_CHANGE * typical
    enough = exists.sum(axis=1, keepdims=True) >= 3
    return np.asarray(
        np.select(
            [~exists, interval_s < low, interval_s > high, ~regular | ~enough],
            [IbiClass.NONE, IbiClass.SHORT, IbiClass.LONG, IbiClass.IRREGULAR],
            IbiClass.NORMAL,
        ),
        dtype=np.uint8,
    )


def heart_features(beats: Beats, window_s: float) -> dict[str, Vector]:
    """Describe heart rate and its variability in windows.

    Parameters
    ----------
    beats : Beats
        Of the windows.
    window_s : float
        Their length.

    Returns
    -------
    dict of str to numpy.ndarray, (n_windows,)
        The rows of `HEART_FEATURES`. NaN with fewer than ten accepted intervals, except the
        coverage.
    """
    ibi = beats.ibi_s
    rate = 60.0 / ibi
    by_rate, count = sorted_rows(rate)
    height = np.maximum(beats.height, _LEAST_HEIGHT)
    features = {
        "hr_mean": 60.0 / mean(ibi),
        "hr_median": 60.0 / quantile(*sorted_rows(ibi), 0.5),
        "hr_p10": quantile(by_rate, count, 0.1),
        "hr_p90": quantile(by_rate, count, 0.9),
        "hr_sd": sd(rate, ddof=1),
        "hr_slope": slope_per_min(rate, beats.times_s),
        "hrv_sdnn": 1000 * sd(ibi, ddof=1),
        **_successive(1000 * ibi),
        "bvp_amplitude": np.log(quantile(*sorted_rows(height), 0.5)),
        "bvp_amplitude_cv": sd(height) / mean(height),
    }
    coverage = np.minimum(1.0, beats.spanned_s / window_s)
    return only_where(count >= _FEW_INTERVALS, features) | {"ibi_coverage": coverage}


def _successive(ibi_ms: Matrix) -> dict[str, Vector]:
    """Describe the differences between intervals that follow directly on one another."""
    steps_ms = np.abs(np.diff(ibi_ms, axis=1))
    ordered, count = sorted_rows(steps_ms)
    above = np.where(np.isfinite(steps_ms), steps_ms > 50, np.nan)
    features = {
        "hrv_rmssd": np.sqrt(mean(steps_ms * steps_ms)),
        "hrv_pnn50": mean(above),
        "hrv_masd": np.log(np.maximum(quantile(ordered, count, 0.5), 1.0)),
    }
    return only_where(count >= _FEW_STEPS, features)
