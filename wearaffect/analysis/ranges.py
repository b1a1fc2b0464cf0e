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
    "most_within",
    "range_sums",
    "ranges_of_windows",
    "rows_of",
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
        `sd` divides by n - 1. NaN where there are too few values. Bits don't depend on what other
        ranges there are.
    """
    known = np.isfinite(values)
    before = np.concatenate([[0], np.cumsum(known)])
    values, first, last = values[known], before[first], before[np.maximum(first, last)]
    count = last - first
    mean, sd = np.full((2, count.size), np.nan)
    for group in batches(count):
        filled = group[count[group] > 0]
        if not filled.size:
            continue
        width = count[filled]
        start = np.cumsum(width) - width
        part = values[np.repeat(first[filled] - start, width) + np.arange(width.sum())]
        mean[filled] = np.add.reduceat(part, start) / width
        part -= np.repeat(mean[filled], width)
        part *= part
        sd[filled] = np.sqrt(np.add.reduceat(part, start) / np.maximum(width - 1, 1))
    sd[count < 2] = np.nan
    return mean, sd


def most_within(times_s: Array, window_s: float) -> int:
    """Give how many events a window holds at most, wherever it begins."""
    if not times_s.size:
        return 0
    return int((np.searchsorted(times_s, times_s + window_s) - np.arange(times_s.size)).max())


def range_sums(
    values: NDArray[Number], first: Index, last: Index, width: int = 1
) -> NDArray[Number]:
    """Sum sequences over many ranges in time linear in their length and the ranges.

    Parameters
    ----------
    values : numpy.ndarray, (n, n_sequences)
        Side by side; finite, real or complex.
    first, last : numpy.ndarray, (n_ranges,)
        Ranges, the same for all.
    width : int
        Of a block; no less than the longest range is taken.

    Returns
    -------
    numpy.ndarray, (n_ranges, n_sequences)
        Sums.

    Notes
    -----
    Running sums start anew in every block. A range touches at most two of them, so that what is far
    away can't round off what is near, as it does in one running sum over hours. With a `width` of
    the longest range there may ever be, bits don't depend on what other ranges there are.
    """
    n, n_sequences = values.shape
    width = max(width, int((last - first).max(initial=1)))
    if first.size == 1 and first[0] % width == 0 and n_sequences > 1:
        # from the border of a block on: row by row, as the running sum there
        return np.asarray(values[first[0] : last[0]].sum(axis=0, keepdims=True))
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
