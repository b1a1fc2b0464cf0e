"""Intervals between beats, which of them are artefacts and of what kind, and their correction.

Lipponen & Tarvainen 2019, doi 10.1080/03091902.2019.1640306. Intervals are numbered as they come;
interval n lies between beats n and n + 1.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wearaffect.analysis.ranges import rows_of, sorted_quantile

__all__ = ["IntervalKind", "Intervals", "classify_intervals", "correct_intervals"]

Array = NDArray[np.float64]
Kinds = NDArray[np.int8]

# Lipponen & Tarvainen 2019
_AROUND, _NEAR = 91, 11  # intervals in the surroundings of a threshold and of a median
_ALPHA = 5.2
_SLOPE, _OFFSET = 0.13, 0.17
_FAR_FROM_MEDIAN = 3.0
# Beats on a grid of 1/64 s differ by a step where nothing differs; engineering choice.
_LEAST_THRESHOLD_S = 0.02


class IntervalKind(IntEnum):
    """What an interval is taken for."""

    NORMAL = 0
    ECTOPIC = 1
    """The beat it starts with came too early or too late: it and the one before are wrong."""
    LONG = 2
    SHORT = 3
    MISSED = 4
    """A beat in its middle was missed."""
    EXTRA = 5
    """The beat it ends with isn't one: it and the one after are one interval."""


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """Intervals between beats.

    Attributes
    ----------
    end_s : numpy.ndarray, (n,)
        When each ends.
    ibi_s : numpy.ndarray, (n,)
        Its length, seconds.
    kind : numpy.ndarray, (n,), int8
        An `IntervalKind` each.
    """

    end_s: Array
    ibi_s: Array
    kind: Kinds

    @property
    def rate_per_min(self) -> Array:
        """Heart rate of each, (n,), beats per minute."""
        return 60.0 / self.ibi_s

    @property
    def normal(self) -> NDArray[np.bool_]:
        """Which of them no artefact touches, (n,): what `hrv_time` takes as `usable`."""
        wrong: NDArray[np.bool_] = self.kind != IntervalKind.NORMAL
        wrong[:-1] |= self.kind[1:] == IntervalKind.ECTOPIC
        wrong[1:] |= self.kind[:-1] == IntervalKind.EXTRA
        return np.asarray(~wrong)


def classify_intervals(beat_times_s: ArrayLike) -> Intervals:
    """Give the intervals between beats and tell artefacts apart.

    Parameters
    ----------
    beat_times_s : array_like, (n_beats,)
        Ascending, finite, seconds.

    Returns
    -------
    Intervals
        n_beats - 1 of them; none for fewer than two beats.

    Raises
    ------
    ValueError
        Beats that don't ascend or aren't finite.

    Notes
    -----
    Differences between successive intervals, and deviations from the median of 11 (doubled where
    negative), are measured in thresholds: 5.2 quartile deviations of their size in the 91 intervals
    around (at the ends: as many as there are), at least 20 ms (engineering choice; the paper has no
    floor, and a perfectly steady heart would have no threshold). A difference beyond 1 between two
    opposite ones is an ectopic beat; beyond 1 and followed by an opposite one, or a deviation
    beyond 3, makes an interval long or short; a long one of twice the median is a missed beat, a
    short one that gives the median together with the next is an extra beat.
    """
    times = np.asarray(beat_times_s, dtype=np.float64)
    if times.ndim != 1 or not np.isfinite(times).all() or np.any(np.diff(times) <= 0):
        msg = f"expected a vector of finite, ascending beat times, got shape {times.shape}"
        raise ValueError(msg)
    ibi = np.diff(times)
    kind = np.zeros(ibi.size, dtype=np.int8)
    if ibi.size >= 3:
        kind = _kinds(ibi)
    return Intervals(times[1:], ibi, kind)


def _kinds(ibi: Array) -> Kinds:
    step = np.diff(ibi, prepend=ibi[0])
    step /= _threshold(step)
    (typical,) = _moving_quantiles(ibi, _NEAR, (0.5,))
    away = ibi - typical
    away[away < 0] *= 2
    threshold = _threshold(away)
    away /= threshold

    before, after, second = (_shifted(step, by) for by in (1, -1, -2))
    rises = step > 0
    beside = np.where(rises, np.maximum(before, after), np.minimum(before, after))
    follows = np.where(rises, np.minimum(after, second), np.maximum(after, second))
    ectopic = (step > 1) & (beside < -_SLOPE * step - _OFFSET)
    ectopic |= (step < -1) & (beside > -_SLOPE * step + _OFFSET)

    odd = ((np.abs(step) > 1) | (np.abs(away) > _FAR_FROM_MEDIAN)) & ~ectopic
    # the one after an odd interval is looked at too, unless what comes next changes less
    odd[1:] |= odd[:-1] & ~ectopic[1:] & (np.abs(step) < np.abs(after))[1:]
    far = np.abs(away) > _FAR_FROM_MEDIAN
    long = odd & (((step > 1) & (follows < -1)) | (far & (away > 0)))
    short = odd & (((step < -1) & (follows > 1)) | (far & (away < 0)))
    joined = ibi + _shifted(ibi, -1)
    missed = long & (np.abs(ibi / 2 - typical) < threshold)
    extra = short & (np.abs(joined - typical) < threshold)

    kind = np.zeros(ibi.size, dtype=np.int8)
    for which, name in (
        (_every_other(ectopic, np.abs(step)), IntervalKind.ECTOPIC),
        (long, IntervalKind.LONG),
        (short, IntervalKind.SHORT),
        (missed, IntervalKind.MISSED),
        (_every_other(extra, np.abs(step)), IntervalKind.EXTRA),
    ):
        kind[which] = name
    other_half = np.zeros(kind.size, dtype=bool)
    other_half[:-1] |= kind[1:] == IntervalKind.ECTOPIC
    other_half[1:] |= kind[:-1] == IntervalKind.EXTRA
    other_half &= (kind == IntervalKind.LONG) | (kind == IntervalKind.SHORT)
    kind[other_half] = IntervalKind.NORMAL
    return kind


def _every_other(marked: NDArray[np.bool_], size: Array) -> NDArray[np.bool_]:
    """Keep one mark of each two in a row, starting from the largest of the row.

    Such an artefact covers two intervals, and both may look like its beginning.
    """
    at = np.flatnonzero(marked)
    kept = np.zeros_like(marked)
    if at.size:
        begins = np.diff(at, prepend=-2) > 1
        first, row = np.flatnonzero(begins), np.cumsum(begins) - 1
        largest = size[at] == np.maximum.reduceat(size[at], first)[row]
        anchor = np.minimum.reduceat(np.where(largest, at, marked.size), first)
        kept[at[(at - anchor[row]) % 2 == 0]] = True
    return kept


def _threshold(values: Array) -> Array:
    """Give 5.2 quartile deviations of the sizes around each value."""
    low, high = _moving_quantiles(np.abs(values), _AROUND, (0.25, 0.75))
    return np.maximum(_ALPHA * (high - low) / 2, _LEAST_THRESHOLD_S)


def _moving_quantiles(values: Array, width: int, shares: tuple[float, ...]) -> list[Array]:
    """Give quantiles of the values around each; the ends use the part that is there."""
    index = np.arange(values.size)
    first = np.maximum(index - width // 2, 0)
    last = np.minimum(index + width // 2 + 1, values.size)
    rows, _ = rows_of(values, first, last)
    rows.sort(axis=1)
    return [sorted_quantile(rows, last - first, share) for share in shares]


def _shifted(values: Array, by: int) -> Array:
    """Move values later by a number of places; zeros come in at the end."""
    moved = np.zeros_like(values)
    if by > 0:
        moved[by:] = values[:-by]
    else:
        moved[:by] = values[-by:]
    return moved


def correct_intervals(intervals: Intervals) -> Intervals:
    """Put plausible intervals in the place of artefacts.

    Parameters
    ----------
    intervals : Intervals
        From `classify_intervals`.

    Returns
    -------
    Intervals
        All normal. The two parts of an interval cut by an extra beat are joined, one with a missed
        beat is halved, an ectopic beat is moved half-way between its neighbours: none of these
        changes the time that passes. Long and short intervals are interpolated between normal ones,
        linearly in time (the paper leaves open how), so that ``end_s`` needn't differ by them.

    Notes
    -----
    Nothing is interpolated where nothing is normal.
    """
    kind, ibi = intervals.kind, intervals.ibi_s.copy()
    begin = intervals.end_s - ibi
    ectopic = np.flatnonzero(kind == IntervalKind.ECTOPIC)
    ectopic = ectopic[ectopic > 0]
    half = (ibi[ectopic - 1] + ibi[ectopic]) / 2
    begin[ectopic] = begin[ectopic - 1] + half
    ibi[ectopic - 1] = ibi[ectopic] = half
    extra = np.flatnonzero(kind[:-1] == IntervalKind.EXTRA)
    ibi[extra] += ibi[extra + 1]
    times = np.ones(ibi.size, dtype=np.int64)
    times[extra + 1] = 0
    missed = (kind == IntervalKind.MISSED) & (times > 0)
    ibi[missed] /= 2
    times[missed] = 2
    odd = (kind == IntervalKind.LONG) | (kind == IntervalKind.SHORT)
    begin, ibi, odd = (np.repeat(part, times) for part in (begin, ibi, odd))
    second = (np.cumsum(times) - 1)[missed]
    begin[second] += ibi[second]
    end = begin + ibi
    if odd.any() and not odd.all():
        ibi[odd] = np.interp(end[odd], end[~odd], ibi[~odd])
    return Intervals(end, ibi, np.zeros(ibi.size, dtype=np.int8))
