"""The statistics that wearable toolkits take of every channel, for thousands of windows at once."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wearaffect.analysis.sliding import Array, Moments, Sliding
from wearaffect.signals.rows import quantile

__all__ = ["STATISTICS", "Statistic", "statistics_in_windows"]

_FLIRT = "set of Foell et al. 2021, doi 10.1016/j.cmpb.2021.106461"
_BANDT = "Bandt & Pompe 2002, doi 10.1103/PhysRevLett.88.174102"
_ROBERTS = "Roberts et al. 1999, doi 10.1007/BF02513272"
_DELAY = 3
_SORTED_AT_ONCE = 1 << 20  # samples; 8 MB, which the cache nearly holds


@dataclass(frozen=True, slots=True)
class Statistic:
    """One statistic: name, unit relative to the channel's (``u``), formula, source."""

    name: str
    unit: str
    formula: str
    source: str = _FLIRT


STATISTICS = (
    Statistic("mean", "u", "mean"),
    Statistic("std", "u", "standard deviation, ddof 0"),
    Statistic("min", "u", "least"),
    Statistic("max", "u", "greatest"),
    Statistic("ptp", "u", "greatest - least"),
    Statistic("sum", "u", "sum"),
    Statistic("energy", "u^2", "sum of squares"),
    Statistic("skewness", "1", "m3 / m2^1.5, m_k = mean of (x - mean)^k; none where constant"),
    Statistic("kurtosis", "1", "m4 / m2^2 - 3; none where constant"),
    Statistic("peaks", "1", "local maxima inside the window, a flat top once"),
    Statistic("rms", "u", "root mean square"),
    Statistic("lineintegral", "u", "sum of |x[i+1] - x[i]|"),
    Statistic("n_above_mean", "1", "samples above the mean"),
    Statistic("n_below_mean", "1", "samples below the mean"),
    Statistic("n_sign_changes", "1", "times that the sign of x changes; that of 0 is 0"),
    Statistic("iqr", "u", "75th - 25th percentile"),
    Statistic("iqr_5_95", "u", "95th - 5th percentile"),
    Statistic("pct_5", "u", "5th percentile, linear between order statistics"),
    Statistic("pct_95", "u", "95th percentile"),
    Statistic("entropy", "nat", "-sum p ln p, p = x / sum; none where the sign changes"),
    Statistic(
        "perm_entropy", "bit", "of order 2, delay 3: entropy of whether x[i+3] < x[i]", _BANDT
    ),
    Statistic(
        "svd_entropy",
        "bit",
        "of order 2, delay 3: entropy of the singular values of rows (x[i], x[i+3])",
        _ROBERTS,
    ),
)


def statistics_in_windows(values: Array, sliding: Sliding) -> dict[str, Array]:
    """Compute every statistic of every channel in every window.

    Parameters
    ----------
    values : numpy.ndarray, (n_samples, n_channels)
        One regular record; NaN where a sample is missing, which passes it over.
    sliding : Sliding
        The windows; they may reach past the end of the record, where nothing is known.

    Returns
    -------
    dict of str to numpy.ndarray, (n_windows, n_channels)
        The rows of `STATISTICS`; NaN where a window has no sample, or not what one needs.
    """
    padded = sliding.filled(values, np.nan)
    x = np.where(np.isfinite(padded), padded, 0.0)
    step = _step(padded)
    total, energy, x_log_x = sliding.sums(x), sliding.sums(x, x), sliding.sums(x, _log(x))
    path = sliding.sums(step) - step[sliding.starts + sliding.length - 1]
    moments = sliding.moments(padded)
    count = moments.n
    n = np.where(count > 0, count, np.nan)
    least = sliding.minima(np.where(np.isfinite(padded), padded, np.inf))
    most = -sliding.minima(np.where(np.isfinite(padded), -padded, np.inf))
    # rounding must not put the mean of a constant beside it
    mean = np.clip(total / n, least, most)
    found = {
        "mean": mean,
        "std": np.sqrt(np.where(_constant(moments, n), 0.0, moments.m2 / n)),
        "min": np.where(count > 0, least, np.nan),
        "max": np.where(count > 0, most, np.nan),
        "ptp": np.where(count > 0, most, np.nan) - np.where(count > 0, least, np.nan),
        "sum": np.where(count > 0, total, np.nan),
        "energy": np.where(count > 0, energy, np.nan),
        **_shape(moments, n),
        "rms": np.sqrt(energy / n),
        "lineintegral": np.where(count > 1, path, np.nan),
        **_order(padded, mean, count, sliding),
        **_counts(padded, count, sliding),
        "entropy": _entropy(total, x_log_x, least, most),
        "perm_entropy": _permutation_entropy(padded, sliding),
        "svd_entropy": _svd_entropy(padded, sliding),
    }
    return {row.name: found[row.name] for row in STATISTICS}


def _log(x: Array) -> Array:
    """Give ln |x|, and 0 for 0, which counts for nothing in x ln |x|."""
    size = np.abs(x)
    return np.log(size, out=np.zeros_like(size), where=size > 0)


def _step(x: Array) -> Array:
    """Distance to the next sample; 0 where one is missing."""
    step = np.abs(np.diff(x, axis=0, append=np.nan))
    return np.where(np.isfinite(step), step, 0.0)


def _constant(moments: Moments, n: Array) -> NDArray[np.bool_]:
    """Tell where the spread is no more than what rounding leaves of a constant."""
    return moments.m2 / n <= (2 * np.finfo(float).eps * moments.mean) ** 2


def _shape(moments: Moments, n: Array) -> dict[str, Array]:
    m2, m3, m4 = moments.m2 / n, moments.m3 / n, moments.m4 / n
    safe = np.where(_constant(moments, n), np.nan, m2)
    return {"skewness": m3 / safe**1.5, "kurtosis": m4 / safe**2 - 3}


def _order(x: Array, mean: Array, count: Array, sliding: Sliding) -> dict[str, Array]:
    """Percentiles and counts about the mean, from sorted windows."""
    shares = (0.05, 0.25, 0.75, 0.95)
    cuts = np.full((len(shares), *mean.shape), np.nan)
    above, below = np.full(mean.shape, np.nan), np.full(mean.shape, np.nan)
    at_once = max(1, _SORTED_AT_ONCE // sliding.length)
    for channel in range(x.shape[1]):
        # what a sensor gives is float32: half the bytes to sort, the same order
        small = x[:, channel].astype(np.float32)
        column: NDArray[Any] = x[:, channel]
        column = small if np.array_equal(small, column, equal_nan=True) else column
        views = np.lib.stride_tricks.sliding_window_view(column, sliding.length)
        for first in range(0, len(sliding.starts), at_once):
            rows = slice(first, first + at_once)
            ordered = views[sliding.starts[rows]]
            ordered.sort(axis=1)  # NaN goes last
            n, middle = count[rows, channel].astype(np.int64), mean[rows, channel]
            above[rows, channel] = n - _rank(ordered, n, middle, np.less_equal)
            below[rows, channel] = _rank(ordered, n, middle, np.less)
            for i, share in enumerate(shares):
                cuts[i, rows, channel] = quantile(ordered, n, share)
    p5, p25, p75, p95 = np.where(count > 0, cuts, np.nan)
    return {
        "n_above_mean": np.where(count > 0, above, np.nan),
        "n_below_mean": np.where(count > 0, below, np.nan),
        "iqr": p75 - p25,
        "iqr_5_95": p95 - p5,
        "pct_5": p5,
        "pct_95": p95,
    }


def _rank(ordered: NDArray[Any], count: NDArray[np.int64], value: Array, before: np.ufunc) -> Array:
    """Count what lies before a value in each sorted row, by bisection of all rows at once."""
    row = np.arange(len(ordered))
    low, high = np.zeros_like(count), count
    while (low < high).any():
        middle = (low + high) // 2
        lies_before = before(ordered[row, np.minimum(middle, count - 1)], value) & (low < high)
        low, high = np.where(lies_before, middle + 1, low), np.where(lies_before, high, middle)
    return np.asarray(low, dtype=np.float64)


def _counts(x: Array, count: Array, sliding: Sliding) -> dict[str, Array]:
    first, last = sliding.starts, sliding.starts + sliding.length - 1
    with np.errstate(invalid="ignore"):
        sign = np.sign(x)
        changes = (sign[1:] != sign[:-1]) & np.isfinite(x[1:]) & np.isfinite(x[:-1])
    peaks = np.stack([_peaks(x[:, i], first, last) for i in range(x.shape[1])], axis=1)
    return {
        "peaks": np.where(count > 0, peaks, np.nan),
        "n_sign_changes": np.where(count > 0, _pairs_in(changes, 1, sliding), np.nan),
    }


def _pairs_in(events: NDArray[np.bool_], apart: int, sliding: Sliding) -> Array:
    """Count events of pairs of samples that lie wholly in each window: whole numbers, exactly."""
    filled = np.zeros((len(events) + apart, events.shape[1]))
    filled[:-apart] = events
    ends = sliding.starts + sliding.length - 1
    beyond = sum(filled[ends - k] for k in range(apart))
    return np.asarray(sliding.sums(filled) - beyond)


def _peaks(x: Array, first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count the tops of each window that fall off on both sides inside it."""
    with np.errstate(invalid="ignore"):
        borders = np.flatnonzero(np.diff(x) != 0)  # NaN differs from everything
        rises = np.diff(x)[borders] > 0
        falls = np.diff(x)[borders] < 0
    top = np.flatnonzero(rises[:-1] & falls[1:])
    before, after = borders[top], borders[top + 1] + 1
    inside = np.searchsorted(after, last, "right") - np.searchsorted(before, first, "left")
    return np.asarray(np.maximum(inside, 0), dtype=np.int64)


def _entropy(total: Array, x_log_x: Array, least: Array, most: Array) -> Array:
    one_sign = ((least >= 0) | (most <= 0)) & (total != 0)
    whole = np.where(one_sign, total, np.nan)
    return np.log(np.abs(whole)) - x_log_x / whole


def _permutation_entropy(x: Array, sliding: Sliding) -> Array:
    step = x[_DELAY:] - x[:-_DELAY]
    pairs = _pairs_in(np.isfinite(step), _DELAY, sliding)
    with np.errstate(invalid="ignore"):
        falling = _pairs_in(step < 0, _DELAY, sliding)
    p = falling / np.where(pairs > _DELAY, pairs, np.nan)
    return _binary_entropy(p, 1 - p)


def _svd_entropy(x: Array, sliding: Sliding) -> Array:
    """Two singular values from sums of a = x[i] and d = x[i+3] - x[i].

    The matrix of a and d has the determinant of that of a and x[i+3], but nothing cancels in it
    where the signal hardly moves.
    """
    d = np.full(x.shape, np.nan)
    np.subtract(x[_DELAY:], x[:-_DELAY], out=d[:-_DELAY])
    both = np.isfinite(d)
    a, d = np.where(both, x, 0.0), np.where(both, d, 0.0)
    beyond = [sliding.starts + sliding.length - 1 - k for k in range(_DELAY)]
    aa, ad, dd = (
        sliding.sums(p, q) - sum(p[at] * q[at] for at in beyond)
        for p, q in ((a, a), (a, d), (d, d))
    )
    bb = aa + 2 * ad + dd
    half, apart = (aa + bb) / 2, np.hypot((aa - bb) / 2, aa + ad)
    larger = half + apart
    determinant = np.maximum(aa * dd - ad * ad, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        first, second = np.sqrt(larger), np.sqrt(determinant / larger)
        p = second / np.where(larger > 0, first + second, np.nan)
    return _binary_entropy(p, 1 - p)


def _binary_entropy(p: Array, q: Array) -> Array:
    parts = (part * np.log2(np.where(part > 0, part, 1.0)) for part in (p, q))
    return np.asarray(-sum(parts) + 0.0)
