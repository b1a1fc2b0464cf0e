"""Intervals between beats, which of them are artefacts and of what kind, and their correction.

Lipponen & Tarvainen 2019, doi 10.1080/03091902.2019.1640306. Intervals are numbered as they come;
interval n lies between beats n and n + 1.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wearaffect.analysis.ranges import rows_of
from wearaffect.signals.cardiac import IbiClass
from wearaffect.signals.rows import quantile

__all__ = ["Intervals", "classify_intervals", "correct_intervals"]

Array = NDArray[np.float64]
Kinds = NDArray[np.int8]

# Lipponen & Tarvainen 2019
_AROUND, _NEAR = 91, 11  # intervals in the surroundings of a threshold and of a median
_ALPHA = 5.2
_SLOPE, _OFFSET = 0.13, 0.17
_FAR_FROM_MEDIAN = 3.0
# Beats on a grid of 1/64 s differ by a step where nothing differs; engineering choice.
_LEAST_THRESHOLD_S = 0.02


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
        An `IbiClass` each: ``ECTOPIC`` if the beat it starts with came too early or too late, so
        that it and the one before are wrong; ``MISSED`` if a beat in its middle was missed;
        ``EXTRA`` if the beat it ends with isn't one, so that it and the one after are one interval;
        ``LONG`` or ``SHORT`` if it is out of line in another way; else ``NORMAL``.
    """

    end_s: Array
    ibi_s: Array
    kind: Kinds

    @property
    def normal(self) -> NDArray[np.bool_]:
        """Which of them no artefact touches, (n,): what `hrv_time` takes as `usable`."""
        wrong: NDArray[np.bool_] = self.kind != IbiClass.NORMAL
        wrong[:-1] |= self.kind[1:] == IbiClass.ECTOPIC
        wrong[1:] |= self.kind[:-1] == IbiClass.EXTRA
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

    NeuroKit2's ``signal_fixpeaks(method="kubios")`` reads the paper otherwise in three places. It
    looks at an interval of mean length before the first beat; of ectopic beats that follow directly
    on one another it marks all, here it is every other one, counted from the largest step, as each
    covers two intervals; and the other interval of an ectopic or extra beat is long or short there,
    and not marked here (`Intervals.normal` leaves it out all the same).
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
        (_every_other(ectopic, np.abs(step)), IbiClass.ECTOPIC),
        (long, IbiClass.LONG),
        (short, IbiClass.SHORT),
        (missed, IbiClass.MISSED),
        (_every_other(extra, np.abs(step)), IbiClass.EXTRA),
    ):
        kind[which] = name
    other_half = np.zeros(kind.size, dtype=bool)
    other_half[:-1] |= kind[1:] == IbiClass.ECTOPIC
    other_half[1:] |= kind[:-1] == IbiClass.EXTRA
    other_half &= (kind == IbiClass.LONG) | (kind == IbiClass.SHORT)
    kind[other_half] = IbiClass.NORMAL
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
    return [quantile(rows, last - first, share) for share in shares]


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
    ectopic = np.flatnonzero(kind == IbiClass.ECTOPIC)
    ectopic = ectopic[ectopic > 0]
    half = (ibi[ectopic - 1] + ibi[ectopic]) / 2
    begin[ectopic] = begin[ectopic - 1] + half
    ibi[ectopic - 1] = ibi[ectopic] = half
    extra = np.flatnonzero(kind[:-1] == IbiClass.EXTRA)
    ibi[extra] += ibi[extra + 1]
    times = np.ones(ibi.size, dtype=np.int64)
    times[extra + 1] = 0
    missed = (kind == IbiClass.MISSED) & (times > 0)
    ibi[missed] /= 2
    times[missed] = 2
    odd = (kind == IbiClass.LONG) | (kind == IbiClass.SHORT)
    begin, ibi, odd = (np.repeat(part, times) for part in (begin, ibi, odd))
    second = (np.cumsum(times) - 1)[missed]
    begin[second] += ibi[second]
    end = begin + ibi
    if odd.any() and not odd.all():
        ibi[odd] = np.interp(end[odd], end[~odd], ibi[~odd])
    return Intervals(end, ibi, np.zeros(ibi.size, dtype=np.int8))
