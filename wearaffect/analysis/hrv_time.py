"""Heart rate variability in the time domain, for one range of beats or thousands.

Every figure is that of NeuroKit2's ``hrv_time``, to 1e-9 for equal beats; the definitions are those
of Task Force 1996 (doi 10.1161/01.CIR.93.5.1043) and Pham et al. 2021 (doi 10.3390/s21123998).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wearaffect.analysis.hrv_triangle import ROUNDING_MS, triangle_figures
from wearaffect.analysis.ranges import batches, mean_and_sd, rows_of
from wearaffect.signals.rows import quantile

__all__ = ["HRV_TIME", "Tachogram", "hrv_time", "tachogram", "time_figures"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

HRV_TIME = (
    "hrv_meannn",
    "hrv_sdnn",
    "hrv_sdann1",
    "hrv_sdnni1",
    "hrv_sdann2",
    "hrv_sdnni2",
    "hrv_sdann5",
    "hrv_sdnni5",
    "hrv_rmssd",
    "hrv_sdsd",
    "hrv_cvnn",
    "hrv_cvsd",
    "hrv_mediannn",
    "hrv_madnn",
    "hrv_mcvnn",
    "hrv_iqrnn",
    "hrv_sdrmssd",
    "hrv_prc20nn",
    "hrv_prc80nn",
    "hrv_pnn50",
    "hrv_pnn20",
    "hrv_minnn",
    "hrv_maxnn",
    "hrv_hti",
    "hrv_tinn",
)
"""Names of the columns, in NeuroKit2's order."""

_STRETCHES_MIN = (1, 2, 5)
_TYPICAL_MS = (100.0, 10_000.0)  # half of all intervals: what no unit but seconds gives
_MAD_TO_SD = 1.4826  # of a normal distribution


@dataclass(frozen=True, slots=True, eq=False)
class Tachogram:
    """Intervals that count, and which of them lie between two beats.

    Attributes
    ----------
    end_s : numpy.ndarray, (n_intervals,)
        When each interval ends.
    ms : numpy.ndarray, (n_intervals,)
        Its length.
    steps_ms : numpy.ndarray, (n_steps,)
        Differences between intervals that follow directly on one another.
    intervals_before, steps_before : numpy.ndarray, (n_beats,), int64
        How many intervals, and steps, end at or before each beat; (1,) where there is no beat.
    """

    end_s: Array
    ms: Array
    steps_ms: Array
    intervals_before: Index
    steps_before: Index

    def intervals(self, first: Index, last: Index) -> tuple[Index, Index]:
        """Give the range of intervals between the beats of each range."""
        return self._within(self.intervals_before, first, last, 1)

    def steps(self, first: Index, last: Index) -> tuple[Index, Index]:
        """Give the range of steps between the beats of each range."""
        return self._within(self.steps_before, first, last, 2)

    @staticmethod
    def _within(before: Index, first: Index, last: Index, reach: int) -> tuple[Index, Index]:
        # the first figure that lies inside ends `reach` beats after the first beat
        start = before[np.minimum(first + reach - 1, before.size - 1)]
        return start, np.maximum(start, before[np.maximum(last - 1, 0)])


def tachogram(beat_times_s: ArrayLike, usable: ArrayLike | None = None) -> Tachogram:
    """Give the intervals between beats, without those that don't count.

    Parameters
    ----------
    beat_times_s : array_like, (n_beats,)
        Ascending, finite; seconds from the start of the recording.
    usable : array_like, (n_beats - 1,), bool, optional
        Which intervals count; all by default.

    Returns
    -------
    Tachogram
        Of what counts.

    Raises
    ------
    ValueError
        Beats that don't ascend, aren't finite, or lie as far apart as if they weren't in seconds,
        or a flag too many or too few.
    """
    times = np.asarray(beat_times_s, dtype=np.float64)
    if times.ndim != 1 or not np.isfinite(times).all() or np.any(np.diff(times) <= 0):
        msg = f"expected a vector of finite, ascending beat times, got shape {times.shape}"
        raise ValueError(msg)
    ms = np.diff(times) * 1000.0
    good = np.ones(ms.size, dtype=bool) if usable is None else np.asarray(usable, dtype=bool)
    if good.shape != ms.shape:
        msg = f"expected a flag for each of {ms.size} intervals, got shape {good.shape}"
        raise ValueError(msg)
    typical = float(np.median(ms[good])) if good.any() else 1000.0
    if not _TYPICAL_MS[0] <= typical <= _TYPICAL_MS[1]:
        msg = f"expected beat times in seconds, got a median interval of {typical / 1000:g} s"
        raise ValueError(msg)
    both = good[1:] & good[:-1]
    return Tachogram(
        times[1:][good],
        ms[good],
        np.diff(ms)[both],
        np.cumsum(np.concatenate([[False], good])),
        np.cumsum(np.concatenate([[False, False], both])[: max(1, times.size)]),
    )


def hrv_time(beat_times_s: ArrayLike, *, usable: ArrayLike | None = None) -> dict[str, float]:
    """Describe heart rate variability in the time domain.

    Parameters
    ----------
    beat_times_s : array_like, (n_beats,)
        Ascending; seconds from the start of the recording.
    usable : array_like, (n_beats - 1,), bool, optional
        Which intervals count, e.g. those `wearaffect.analysis.ibi` calls normal; all by default.
        Differences are taken only between two that count and follow on one another.

    Returns
    -------
    dict of str to float
        The columns `HRV_TIME`; NaN with fewer than two intervals. In ms: ``hrv_meannn``,
        ``hrv_sdnn``, ``hrv_rmssd``, ``hrv_sdsd``, ``hrv_mediannn``, ``hrv_madnn`` (times 1.4826),
        ``hrv_iqrnn``, ``hrv_prc20nn``, ``hrv_prc80nn``, ``hrv_minnn``, ``hrv_maxnn``, and
        ``hrv_sdann1`` to ``hrv_sdnni5`` (standard deviation of the means, and mean of the standard
        deviations, of 1, 2 and 5 min; NaN below two and a half such stretches). Ratios:
        ``hrv_cvnn``, ``hrv_cvsd``, ``hrv_mcvnn``, ``hrv_sdrmssd``. Percent: ``hrv_pnn50``,
        ``hrv_pnn20``. From a histogram with bins of 1/128 s: ``hrv_hti`` (intervals over the
        highest bin) and ``hrv_tinn`` (ms, base of the fitted triangle).

    Raises
    ------
    ValueError
        Beats that don't ascend or aren't finite, or a flag too many or too few.

    Notes
    -----
    Task Force 1996 (doi 10.1161/01.CIR.93.5.1043) asks for 5 min in short recordings; the
    geometrical figures need 20 min, better 24 h. ``hrv_tinn`` is NeuroKit2's figure: the triangle
    begins at the first bin above the shortest interval, only its end is searched for, and it is 0
    where the squared error exceeds 2**14, as it does in most recordings of an hour.
    """
    beats = tachogram(beat_times_s, usable)
    whole = np.array([0]), np.array([beats.intervals_before.size])
    figures = time_figures(beats, *whole)
    return {name: float(values[0]) for name, values in figures.items()}


def time_figures(beats: Tachogram, first: Index, last: Index) -> dict[str, Array]:
    """Describe many ranges of beats.

    Parameters
    ----------
    beats : Tachogram
        Of the recording.
    first, last : numpy.ndarray, (n_ranges,)
        Ranges of beats, `last` exclusive.

    Returns
    -------
    dict of str to numpy.ndarray, (n_ranges,)
        The columns `HRV_TIME`.
    """
    figures = {name: np.full(first.size, np.nan) for name in HRV_TIME}
    if beats.ms.size < 2:
        return figures
    ranges = beats.intervals(first, last)
    for group in batches(ranges[1] - ranges[0]):
        start, stop = (border[group] for border in ranges)
        enough = stop - start >= 2
        if enough.any():
            found = _of_lengths(beats.ms, start[enough], stop[enough])
            for name, values in found.items():
                figures[name][group[enough]] = values
    between, within = _of_stretches(beats.ms, *ranges)
    for i, minutes in enumerate(_STRETCHES_MIN):
        figures[f"hrv_sdann{minutes}"], figures[f"hrv_sdnni{minutes}"] = between[i], within[i]
    return figures | _of_steps(beats, first, last, figures)


def _of_lengths(ms: Array, first: Index, last: Index) -> dict[str, Array]:
    """Give what depends on the lengths of the intervals and not on their order."""
    rows, _ = rows_of(ms, first, last)
    rows.sort(axis=1)
    count = last - first
    low, median, high = (quantile(rows, count, share) for share in (0.25, 0.5, 0.75))
    away = np.abs(rows - median[:, None])
    away.sort(axis=1)
    spread = _MAD_TO_SD * quantile(away, count, 0.5)
    mean, sd = mean_and_sd(ms, first, last)
    triangular, base = triangle_figures(rows, count)
    return {
        "hrv_meannn": mean,
        "hrv_sdnn": sd,
        "hrv_cvnn": sd / mean,
        "hrv_mediannn": median,
        "hrv_madnn": spread,
        "hrv_mcvnn": spread / median,
        "hrv_iqrnn": high - low,
        "hrv_prc20nn": quantile(rows, count, 0.2),
        "hrv_prc80nn": quantile(rows, count, 0.8),
        "hrv_minnn": rows[:, 0],
        "hrv_maxnn": rows[np.arange(count.size), count - 1],
        "hrv_hti": triangular,
        "hrv_tinn": base,
    }


def _of_steps(
    beats: Tachogram, first: Index, last: Index, figures: dict[str, Array]
) -> dict[str, Array]:
    """Give what depends on the differences between successive intervals."""
    start, stop = beats.steps(first, last)
    count = stop - start
    square, _ = mean_and_sd(beats.steps_ms**2, start, stop)
    _, sd = mean_and_sd(beats.steps_ms, start, stop)
    rmssd = np.sqrt(square)
    found = {"hrv_rmssd": rmssd, "hrv_sdsd": sd, "hrv_cvsd": rmssd / figures["hrv_meannn"]}
    found["hrv_sdrmssd"] = np.divide(
        figures["hrv_sdnn"], rmssd, out=np.full(rmssd.size, np.nan), where=rmssd > 0
    )
    for border in (50, 20):
        beyond = np.abs(beats.steps_ms) > border + ROUNDING_MS
        before = np.concatenate([[0], np.cumsum(beyond)])
        share = 100.0 * (before[stop] - before[start]) / (count + 1)
        found[f"hrv_pnn{border}"] = np.where(count > 0, share, np.nan)
    return found


def _of_stretches(ms: Array, first: Index, last: Index) -> tuple[Array, Array]:
    """Give the spread of the means, and the mean spread, of stretches of 1, 2 and 5 min.

    Both have a row for each length and a column for each range.
    """
    shape = len(_STRETCHES_MIN), first.size
    first, last = (np.tile(border, shape[0]) for border in (first, last))
    length_ms = 60_000.0 * np.repeat(_STRETCHES_MIN, shape[1])
    passed = np.concatenate([[0.0], np.cumsum(ms)])
    n_stretches = np.round((passed[last] - passed[first]) / length_ms).astype(np.int64)
    n_stretches[n_stretches < 3] = 0
    behind = np.cumsum(n_stretches)
    owner = np.repeat(np.arange(first.size), n_stretches)
    place = np.arange(n_stretches.sum()) - np.repeat(behind - n_stretches, n_stretches)
    origin = passed[first[owner]] + place * length_ms[owner] - ROUNDING_MS
    # `passed[i + 1]` is when interval i ends; the last one that ends in a stretch is left out
    start = np.maximum(np.searchsorted(passed[1:], origin), first[owner])
    stop = np.minimum(np.searchsorted(passed[1:], origin + length_ms[owner]), last[owner]) - 1
    mean, sd = mean_and_sd(ms, start, stop)
    _, between = mean_and_sd(mean, behind - n_stretches, behind)
    within, _ = mean_and_sd(sd, behind - n_stretches, behind)
    return between.reshape(shape), within.reshape(shape)
