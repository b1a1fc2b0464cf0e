"""Sums, extremes and moments of sliding windows at a cost that doesn't know how far they slide.

A record is cut in blocks, blocks in groups of one window's length. A window is the end of one group
and the beginning of the next, so its value is one merge of two that are kept: a suffix and a prefix
(van Herk 1992, doi 10.1016/0167-8655(92)90069-C). No sum is taken from another, so nothing cancels,
and with equal blocks a window's bits depend on where it lies, not on the step that led there.
"""

from dataclasses import dataclass
from functools import reduce
from math import gcd
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Moments", "Sliding"]

Array = NDArray[np.float64]


class Moments(NamedTuple):
    """Count, mean and sums of powers about the mean; each of one shape."""

    n: Array
    mean: Array
    m2: Array
    m3: Array
    m4: Array

    def merged(self, other: "Moments") -> "Moments":
        """Give the moments of two sets together (Pebay 2008, doi 10.2172/1028931)."""
        a, mean_a, a2, a3, a4 = self
        b, mean_b, b2, b3, b4 = other
        count = a + b
        part_a, part_b = a / np.maximum(count, 1), b / np.maximum(count, 1)
        apart = mean_b - mean_a
        square = apart * apart
        ab = a * part_b
        return Moments(
            count,
            mean_a + apart * part_b,
            a2 + b2 + square * ab,
            a3 + b3 + apart * (square * ab * (part_a - part_b) + 3 * (part_a * b2 - part_b * a2)),
            a4
            + b4
            + square * square * ab * (part_a * part_a - part_a * part_b + part_b * part_b)
            + 6 * square * (part_a * part_a * b2 + part_b * part_b * a2)
            + 4 * apart * (part_a * b3 - part_b * a3),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Sliding:
    """Windows of equal length over a record.

    Attributes
    ----------
    starts : numpy.ndarray, (n_windows,), int64
        First sample of each.
    length : int
        Samples of each.
    block : int
        Samples of a block; divides the length and every start.
    """

    starts: NDArray[np.int64]
    length: int
    block: int

    @classmethod
    def on(cls, starts: NDArray[np.int64], length: int, quarter: int) -> "Sliding":
        """Choose the largest block that fits and divides a quarter of a second."""
        return cls(starts, length, reduce(gcd, starts.tolist(), gcd(length, max(quarter, 1))))

    @property
    def n_samples(self) -> int:
        """Samples that a record must have, a whole number of groups."""
        reached = int(self.starts.max(initial=0)) + self.length
        return -(-reached // self.length) * self.length

    def filled(self, values: Array, fill: float = 0.0) -> Array:
        """Cut or continue a record to the samples that windows need.

        Parameters
        ----------
        values : numpy.ndarray, (n_samples, n_channels)
            Of any length.
        fill : float
            What stands where the record is over.
        """
        values = values[: self.n_samples]
        short = self.n_samples - values.shape[0]
        return np.pad(values, ((0, short), (0, 0)), constant_values=fill) if short else values

    def sums(self, values: Array, times: Array | None = None) -> Array:
        """Sum each window.

        Parameters
        ----------
        values : numpy.ndarray, (n_samples, n_channels)
            Finite.
        times : numpy.ndarray, same shape, or None
            What each value is multiplied by first.

        Returns
        -------
        numpy.ndarray, (n_windows, n_channels)
        """
        shape = (-1, self.block, values.shape[1])
        if times is None:
            blocks = _summed(values.reshape(shape))
        else:
            blocks = np.einsum("nbc,nbc->nc", values.reshape(shape), times.reshape(shape))
        return self._accumulated(blocks, np.add)

    def minima(self, values: Array) -> Array:
        """Give the least of each window; see `sums`, but infinite values may stand for none."""
        rows = values.reshape(-1, self.block, values.shape[1])
        blocks = reduce(np.minimum, (rows[:, i] for i in range(self.block)))
        return self._accumulated(blocks, np.minimum)

    def moments(self, values: Array) -> Moments:
        """Give the moments of each window.

        Parameters
        ----------
        values : numpy.ndarray, (n_samples, n_channels)
            NaN is absent.

        Returns
        -------
        Moments
            Of arrays (n_windows, n_channels).
        """
        per_group, n_channels = self.length // self.block, values.shape[1]
        # groups forwards, then the same groups backwards: one scan gives what comes before each
        # block and what comes after it
        blocks = (
            part.reshape(-1, per_group, n_channels).swapaxes(0, 1)
            for part in _of_blocks(values.reshape(-1, self.block, n_channels))
        )
        both_ways = Moments(*(np.concatenate([part, part[::-1]], axis=1) for part in blocks))
        running = _scanned(both_ways)
        first, last, whole = self._ends()
        n_groups = both_ways.n.shape[1] // 2
        suffix = Moments(
            *(p[per_group - 1 - first % per_group, n_groups + first // per_group] for p in running)
        )
        prefix = Moments(*(p[last % per_group, last // per_group] for p in running))
        both = suffix.merged(prefix)
        return Moments(*(np.where(whole[:, None], a, b) for a, b in zip(suffix, both, strict=True)))

    def _ends(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """First and last block of each window, and whether it is a whole group."""
        per_group = self.length // self.block
        first = self.starts // self.block
        return first, first + per_group - 1, first % per_group == 0

    def _accumulated(self, blocks: Array, ufunc: np.ufunc) -> Array:
        grouped = blocks.reshape(-1, self.length // self.block, blocks.shape[1])
        prefix = ufunc.accumulate(grouped, axis=1).reshape(blocks.shape)
        suffix = ufunc.accumulate(grouped[:, ::-1], axis=1)[:, ::-1].reshape(blocks.shape)
        first, last, whole = self._ends()
        return np.where(whole[:, None], suffix[first], ufunc(suffix[first], prefix[last]))


def _of_blocks(values: Array) -> Moments:
    """Give the moments of each block, (n_blocks, block, n_channels); NaN is absent."""
    total = _summed(values)
    count = np.full(total.shape, float(values.shape[1]))
    if not np.isfinite(total).all():
        known = np.isfinite(values)
        count = _summed(known.astype(np.float64))
        total = _summed(np.where(known, values, 0.0))
    mean = total / np.maximum(count, 1)
    off = values - mean[:, None]
    if not count.all() or count.min() < values.shape[1]:
        off = np.where(np.isfinite(off), off, 0.0)
    square = off * off
    powers = (np.einsum("nbc,nbc->nc", square, part) for part in (off, square))
    return Moments(count, mean, _summed(square), *powers)


def _summed(values: Array) -> Array:
    """Sum over the middle axis, as einsum does many times faster than a sum of short rows."""
    return np.asarray(np.einsum("nbc->nc", values))


def _scanned(along: Moments) -> Moments:
    """Merge blocks along the first axis, one after another."""
    out = Moments(*(np.empty_like(part) for part in along))
    state: Moments | None = None
    for i in range(len(along.n)):
        block = Moments(*(part[i] for part in along))
        state = block if state is None else state.merged(block)
        for kept, part in zip(out, state, strict=True):
            kept[i] = part
    return out
