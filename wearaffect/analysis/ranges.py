"""Sums and order statistics over many ranges of one sequence, without a loop over the ranges.

A range is a pair of indices, `first` inclusive and `last` exclusive. Sliding windows over beats are
ranges that overlap; so are the neighbourhoods of a moving quantile.
"""

import math
from collections.abc import Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "batches",
    "mean_and_sd",
    "range_sums",
    "ranges_of_windows",
    "rows_of",
    "sorted_quantile",
]

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Number = TypeVar("Number", np.float64, np.complex128)

_BATCH_CELLS = 2**19  # 4 MiB of doubles stays in cache between passes; engineering choice


def ranges_of_windows(
    times_s: Array, starts_s: ArrayLike, window_s: float
) -> tuple[Index, Index, Index]:
    """Find which events lie in each window, and name windows with the same events once.

    Parameters
    ----------
    times_s : numpy.ndarray, (n,)
        Of the events, ascending.
    starts_s : array_like, (n_windows,)
        Start of each window, in any order.
    window_s : float
        Length of every window, > 0; an event at its end is outside.

    Returns
    -------
    first, last : numpy.ndarray, (n_ranges,)
        Distinct ranges of events, ascending.
    where : numpy.ndarray, (n_windows,)
        The range of each window.

    Raises
    ------
    ValueError
        A start isn't finite, or the window isn't positive.
    """
    starts = np.asarray(starts_s, dtype=np.float64)
    if starts.ndim != 1 or not np.isfinite(starts).all() or not 0 < window_s < math.inf:
        msg = f"expected finite starts and window_s > 0, got {starts.shape} and {window_s}"
        raise ValueError(msg)
    first = np.searchsorted(times_s, starts)
    last = np.searchsorted(times_s, starts + window_s)
    key, where = np.unique(first * (times_s.size + 1) + last, return_inverse=True)
    return key // (times_s.size + 1), key % (times_s.size + 1), where


def batches(widths: Index, cells: int = _BATCH_CELLS) -> Iterator[Index]:
    """Group rows of similar width, so that each padded group stays small.

    Parameters
    ----------
    widths : numpy.ndarray, (n_rows,)
        Of each row.
    cells : int
        Most cells in a padded group; a single row may have more.

    Yields
    ------
    numpy.ndarray, (n_in_group,)
        Indices of rows; every row comes once.
    """
    order = np.argsort(widths, kind="stable")
    ascending = np.maximum(widths[order], 1)
    start = 0
    while start < order.size:
        padded = np.arange(1, order.size - start + 1) * ascending[start:]
        stop = start + max(1, int(np.searchsorted(padded, cells, side="right")))
        yield order[start:stop]
        start = stop


def rows_of(values: Array, first: Index, last: Index) -> tuple[Array, NDArray[np.bool_]]:
    """Lay ranges out as the rows of a matrix.

    Parameters
    ----------
    values : numpy.ndarray, (n,)
        The sequence.
    first, last : numpy.ndarray, (n_ranges,)
        Ranges; at least one isn't empty.

    Returns
    -------
    rows : numpy.ndarray, (n_ranges, width)
        Padded with infinity at the end, so that sorting leaves the padding there.
    inside : numpy.ndarray, (n_ranges, width), bool
        Where `rows` holds values.
    """
    count = last - first
    width = int(count.max())
    inside = np.arange(width) < count[:, None]
    padded = np.concatenate([values, np.full(width, np.inf)])
    rows = np.lib.stride_tricks.sliding_window_view(padded, width)[first]
    rows[~inside] = np.inf
    return rows, inside


def sorted_quantile(rows: Array, count: Index, share: float) -> Array:
    """Give a quantile of each sorted row, linear between values.

    Parameters
    ----------
    rows : numpy.ndarray, (n_ranges, width)
        Ascending.
    count : numpy.ndarray, (n_ranges,)
        How many values each row starts with, ≥ 1.
    share : float
        0 to 1.

    Returns
    -------
    numpy.ndarray, (n_ranges,)
        As `numpy.quantile` gives it.
    """
    place = share * (count - 1)
    low = np.floor(place).astype(np.int64)
    row = np.arange(len(rows))
    below, above = rows[row, low], rows[row, np.minimum(low + 1, count - 1)]
    return np.asarray(below + (place - low) * (above - below))


def mean_and_sd(values: Array, first: Index, last: Index) -> tuple[Array, Array]:
    """Give mean and standard deviation of each range, the latter from deviations.

    Parameters
    ----------
    values : numpy.ndarray, (n,)
        The sequence; NaN is left out.
    first, last : numpy.ndarray, (n_ranges,)
        Ranges.

    Returns
    -------
    mean, sd : numpy.ndarray, (n_ranges,)
        `sd` divides by n - 1. NaN where there are too few values.
    """
    known = np.isfinite(values)
    before = np.concatenate([[0], np.cumsum(known)])
    values, first, last = values[known], before[first], before[np.maximum(first, last)]
    count = last - first
    mean, sd = np.full(count.size, np.nan), np.full(count.size, np.nan)
    for group in batches(count):
        if not (width := count[group]).any():
            continue
        rows, inside = rows_of(values, first[group], last[group])
        rows[~inside] = 0.0
        with np.errstate(invalid="ignore", divide="ignore"):
            mean[group] = rows.sum(axis=1) / width
            rows -= mean[group][:, None]
            rows[~inside] = 0.0
            sd[group] = np.sqrt(np.einsum("ij,ij->i", rows, rows) / (width - 1.0))
    sd[count < 2] = np.nan
    return mean, sd


def range_sums(values: NDArray[Number], first: Index, last: Index) -> NDArray[Number]:
    """Sum sequences over many ranges in time linear in their length and the ranges.

    Parameters
    ----------
    values : numpy.ndarray, (n, n_sequences)
        Side by side; finite, real or complex.
    first, last : numpy.ndarray, (n_ranges,)
        Ranges, the same for all.

    Returns
    -------
    numpy.ndarray, (n_ranges, n_sequences)
        Sums.

    Notes
    -----
    Running sums start anew in every block of the longest range's length. A range then touches at
    most two blocks, so that what is far away can't round off what is near, as it does in one
    running sum over hours.
    """
    if first.size == 1:
        return np.asarray(values[first[0] : last[0]].sum(axis=0, keepdims=True))
    n, n_sequences = values.shape
    width = int(max(1, (last - first).max(initial=1)))
    n_blocks = n // width + 1
    padded = np.zeros((n_blocks * width, n_sequences), dtype=values.dtype)
    padded[:n] = values
    blocks = padded.reshape(n_blocks, width, n_sequences)
    running = np.zeros_like(blocks)
    np.cumsum(blocks[:, :-1], axis=1, out=running[:, 1:])
    total = running[:, -1] + blocks[:, -1]
    before = running.reshape(n_blocks * width, n_sequences)
    sums = before[last] - before[first]
    crossing = np.flatnonzero(last // width > first // width)
    sums[crossing] += total[first[crossing] // width]
    return np.asarray(sums)
