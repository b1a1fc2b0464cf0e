"""What the counter column of an LSL stream says, and which of its values say nothing."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["MODULI", "UNREADABLE", "filled", "read_counts"]

UNREADABLE = -1
MODULI = (2**8, 2**16, 2**24, 2**32)
"""Where counters of the widths that devices have begin again."""


def read_counts(column: NDArray[Any]) -> NDArray[np.int64]:
    """Read a column of counts.

    Parameters
    ----------
    column : numpy.ndarray, (n,)
        As the sender formats its stream: any LSL number.

    Returns
    -------
    numpy.ndarray, (n,), int64
        Counts of 0 and more; signed integers as the unsigned of their width, so that they wrap and
        don't turn negative. `UNREADABLE` for what isn't a count, and for what a floating-point
        number can't tell from its neighbour: float32 counts to 2^24, which is 18 h at 256 Hz.
    """
    if column.dtype.kind == "i":
        column = column.view(f"u{column.dtype.itemsize}")
    if column.dtype.kind != "f":
        wide = column.astype(np.uint64)
        return np.where(wide < 2**63, wide, 0).astype(np.int64)
    most = 2 ** (np.finfo(column.dtype).nmant + 1)
    exact = np.isfinite(column) & (column >= 0) & (column < most)
    exact &= np.floor(column) == column
    return np.where(exact, column, UNREADABLE).astype(np.int64)


def filled(counts: NDArray[np.int64], due: int | None) -> NDArray[np.int64]:
    """Give rows without a readable count the one that follows on the row before.

    Parameters
    ----------
    counts : numpy.ndarray, (n,), int64
        As `read_counts` gives them, at least one of them readable.
    due : int or None
        The count after the last row so far; None where it isn't known.

    Returns
    -------
    numpy.ndarray, (n,), int64
        May begin below 0 where `due` isn't known.
    """
    known = np.flatnonzero(counts >= 0)
    if len(known) == len(counts):
        return counts
    rows = np.arange(len(counts))
    # a count less its row is the same all along a stretch that nothing is missing from
    begins = counts[known] - known
    before = np.searchsorted(known, rows, side="right") - 1
    first = int(begins[0]) if due is None else due
    return rows + np.where(before >= 0, begins[np.maximum(before, 0)], first)
