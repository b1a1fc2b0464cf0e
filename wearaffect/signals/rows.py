"""Statistics along the rows of a matrix that pass over what is missing.

A row is a window. Each row's result depends on that row alone, to the bit, so that windows may be
worked one at a time or a thousand together.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Matrix",
    "Vector",
    "mean",
    "only_where",
    "quantile",
    "sd",
    "slope_per_min",
    "sorted_rows",
]

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]


def mean(rows: Matrix) -> Vector:
    """Give the mean of each row; NaN where nothing is known."""
    total = rows.sum(axis=1)
    if rows.shape[1] and np.isfinite(total).all():  # nothing is missing
        return np.asarray(total / rows.shape[1])
    known = np.isfinite(rows)
    return _ratio(np.where(known, rows, 0.0).sum(axis=1), known.sum(axis=1))


def sd(rows: Matrix, ddof: int = 0) -> Vector:
    """Give the standard deviation of each row; NaN where too little is known."""
    off = rows - mean(rows)[:, None]
    total = (off * off).sum(axis=1)
    if rows.shape[1] > ddof and np.isfinite(total).all():
        return np.asarray(np.sqrt(total / (rows.shape[1] - ddof)))
    known = np.isfinite(off)
    off = np.where(known, off, 0.0)
    return np.asarray(np.sqrt(_ratio((off * off).sum(axis=1), known.sum(axis=1) - ddof)))


def slope_per_min(rows: Matrix, times_s: Matrix) -> Vector:
    """Give the least-squares slope of each row against its times, (n, m) or (1, m), per minute."""
    off = rows - mean(rows)[:, None]
    known = np.isfinite(off)
    if not known.all():
        off = np.where(known, off, 0.0)
        times_s = np.where(known, times_s, np.nan)
    time_min = (times_s - mean(times_s)[:, None]) / 60
    if not known.all():
        time_min = np.where(known, time_min, 0.0)
    return _ratio((time_min * off).sum(axis=1), (time_min * time_min).sum(axis=1))


def sorted_rows(rows: Matrix) -> tuple[Matrix, NDArray[np.int64]]:
    """Sort each row, what is missing last; give the count of what is known beside it."""
    if not rows.shape[1]:
        rows = np.full((rows.shape[0], 1), np.nan)
    ordered = np.sort(rows, axis=1)
    return ordered, np.isfinite(ordered).sum(axis=1)


def quantile(ordered: NDArray[Any], count: NDArray[np.int64], share: float) -> Vector:
    """Give a quantile of rows from `sorted_rows`, linear between order statistics."""
    place = share * np.maximum(count - 1, 0)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(count - 1, 0))
    row = np.arange(ordered.shape[0])
    low, high = (ordered[row, at].astype(np.float64) for at in (below, above))
    return np.asarray(np.where(count > 0, low + (high - low) * (place - below), np.nan))


def only_where(enough: NDArray[np.bool_], features: dict[str, Vector]) -> dict[str, Vector]:
    """Keep features of the rows that have enough to go by; the others' are NaN."""
    if enough.all():
        return features
    return {name: np.where(enough, values, np.nan) for name, values in features.items()}


def _ratio(above: Vector, below: NDArray[np.float64] | NDArray[np.int64]) -> Vector:
    out = np.full(above.shape, np.nan)
    return np.asarray(np.divide(above, below, out=out, where=below > 0))
