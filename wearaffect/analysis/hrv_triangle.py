"""The geometrical figures of heart rate variability: what the histogram of intervals looks like.

Task Force 1996, doi 10.1161/01.CIR.93.5.1043; the triangle as NeuroKit2 fits it.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["ROUNDING_MS", "triangle_figures"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

ROUNDING_MS = 1e-6
"""Intervals are differences of times in seconds; what is this close to a border lies on it."""

_BIN_MS = 1000 / 128  # Task Force 1996
_MOST_ERROR = 2.0**14  # where NeuroKit2 gives up


def triangle_figures(rows: Array, count: Index) -> tuple[Array, Array]:
    """Give triangular index and triangular base of each row.

    Parameters
    ----------
    rows : numpy.ndarray, (n_rows, width)
        Intervals in ms, ascending.
    count : numpy.ndarray, (n_rows,)
        How many intervals each row starts with, ≥ 1.

    Returns
    -------
    triangular, base : numpy.ndarray, (n_rows,)
        Intervals over the highest bin; ms, 0 where no triangle fits.
    """
    inside = np.arange(rows.shape[1]) < count[:, None]
    bins = np.floor((rows[inside] + ROUNDING_MS) / _BIN_MS).astype(np.int64)
    end = np.cumsum(count) - 1
    # the last bin holds its upper border too
    highest = np.ceil((rows[inside][end] - ROUNDING_MS) / _BIN_MS).astype(np.int64) - 1
    row = np.repeat(np.arange(count.size), count)
    bins = np.minimum(bins, np.maximum(highest, bins[end + 1 - count])[row])
    new = np.ones(bins.size, dtype=bool)
    new[1:] = (bins[1:] != bins[:-1]) | (row[1:] != row[:-1])
    at = np.flatnonzero(new)
    heights = np.diff(at, append=bins.size)
    first = np.searchsorted(row[at], np.arange(count.size))
    peak = np.maximum.reduceat(heights, first)
    return count / peak, _triangle(row[at], bins[at], heights, first, peak)


def _triangle(row: Index, bins: Index, heights: Index, first: Index, peak: Index) -> Array:
    """Give the base of the triangle that fits each histogram best.

    The apex is the highest bin; the base begins one bin above the shortest interval, and ends at
    the bin, below the longest, for which the squared error up to there is least. Histograms come as
    their occupied bins, row by row, so that one odd interval doesn't make them long.

    With M bins from apex to end, S, T and C the sums of y, k y and y² over bins k ≤ M above the
    apex, the error there is C - 2 peak S + 2 peak T / M + peak² (M + 1) (2 M + 1) / (6 M): convex
    between two occupied bins, where the sums don't change. Its least integer is next to
    sqrt(6 T / peak + 1/2).
    """
    n_rows = first.size
    index = np.arange(row.size)
    apex = np.minimum.reduceat(np.where(heights == peak[row], index, row.size), first)
    reach = bins - bins[apex][row]
    beyond = reach >= 0
    y, k, top = heights[beyond], reach[beyond], peak[row[beyond]].astype(np.float64)
    start = np.searchsorted(row[beyond], np.arange(n_rows))
    s, t, c = (_sums_since(term, start, row[beyond]) for term in (y, k * y, y * y))
    low, high = np.maximum(k, 1), np.append(k[1:] - 1, 0)
    ends = np.append(start[1:], k.size) - 1
    high[ends] = k[ends]
    stationary = np.floor(np.sqrt(6 * t / top + 0.5)).astype(np.int64)
    spans = np.stack([np.clip(stationary + more, low, high) for more in (0, 1)], axis=1)
    m = np.maximum(spans, 1).astype(np.float64)
    error = (c - 2 * top * s)[:, None] + 2 * (top * t)[:, None] / m
    error += (top**2)[:, None] * (m + 1) * (2 * m + 1) / (6 * m)
    error[low > high] = np.inf
    flat, start = error.ravel(), 2 * start
    least = np.minimum.reduceat(flat, start)
    is_least = flat == np.repeat(least, np.diff(start, append=flat.size))
    best = np.minimum.reduceat(np.where(is_least, np.arange(flat.size), flat.size), start)
    rise = bins[apex] - bins[first] - 1
    missed = least + _left_error(row, bins - bins[first][row] - 1, heights, rise, peak)
    fits = (missed < _MOST_ERROR) & (rise > 0)
    return np.where(fits, (rise + m.ravel()[best]) * _BIN_MS, 0.0)


def _sums_since(term: Index, start: Index, row: Index) -> Array:
    """Give running sums that start anew with each row; of integers, so without rounding."""
    running = np.cumsum(term)
    return np.asarray((running - (running[start] - term[start])[row]).astype(np.float64))


def _left_error(row: Index, place: Index, heights: Index, rise: Index, peak: Index) -> Array:
    """Give the squared error left of the apex; `place` counts bins from where the base begins."""
    left = (place >= 0) & (place < rise[row])
    on, y, i = row[left], heights[left], place[left]
    square = np.bincount(on, weights=y * y, minlength=rise.size)
    weighted = np.bincount(on, weights=i * y, minlength=rise.size)
    length = np.maximum(rise, 1).astype(np.float64)
    slope = peak / length
    return square - 2 * slope * weighted + slope * peak * (length - 1) * (2 * length - 1) / 6
