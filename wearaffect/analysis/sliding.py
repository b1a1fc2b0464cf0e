"""Sums, extremes and moments of sliding windows at a cost that doesn't know how far they slide.

A record is cut in blocks, blocks in groups of one window's length. A window is the end of one group
and the beginning of the next, so its value is one merge of two that are kept: a suffix and a prefix
(van Herk 1992, doi 10.1016/0167-8655(92)90069-C). Nothing is ever subtracted, so nothing cancels,
and a window's bits depend on where it lies, not on the step that led there.
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

    def sums(self, values: Array) -> Array:
        """Sum each window.

        Parameters
        ----------
        values : numpy.ndarray, (n_samples, n_channels)
            Finite.

        Returns
        -------
        numpy.ndarray, (n_windows, n_channels)
        """
        blocks = np.einsum("nbc->nc", values.reshape(-1, self.block, values.shape[1]))
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
        # one row a sample of the block, so that sums over a block are sums of long rows
        rows = np.ascontiguousarray(values.reshape(-1, self.block, n_channels).swapaxes(0, 1))
        known = np.isfinite(rows)
        count = known.sum(axis=0).astype(np.float64)
        mean = np.where(known, rows, 0.0).sum(axis=0) / np.maximum(count, 1)
        off = np.where(known, rows - mean, 0.0)
        square = off * off
        m3, m4 = (square * off).sum(axis=0), (square * square).sum(axis=0)
        blocks = Moments(
            *(
                part.reshape(-1, per_group, n_channels)
                for part in (count, mean, square.sum(axis=0), m3, m4)
            )
        )
        # the scan runs along the first axis: blocks of a group
        along = Moments(*(np.ascontiguousarray(part.swapaxes(0, 1)) for part in blocks))
        prefix, suffix = _scanned(along, 1), _scanned(along, -1)
        first, last, whole = self._ends()
        alone = Moments(*(part[first] for part in suffix))
        both = alone.merged(Moments(*(part[last] for part in prefix)))
        return Moments(*(np.where(whole[:, None], a, b) for a, b in zip(alone, both, strict=True)))

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


def _scanned(along: Moments, step: int) -> Moments:
    """Merge blocks one after another within groups; give them in the order of time."""
    n_blocks, _, n_channels = along.n.shape
    out = Moments(*(np.empty_like(part) for part in along))
    state: Moments | None = None
    for i in range(n_blocks)[::step]:
        block = Moments(*(part[i] for part in along))
        if state is not None:
            block = state.merged(block) if step > 0 else block.merged(state)
        state = block
        for kept, part in zip(out, state, strict=True):
            kept[i] = part
    return Moments(*(part.swapaxes(0, 1).reshape(-1, n_channels) for part in out))
