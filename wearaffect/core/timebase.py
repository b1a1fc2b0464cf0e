"""Clocks, and the only place where seconds become samples.

Time inside the library is an integer count of nanoseconds on the host's monotonic clock (or, for a
recording, since its own start). ``int(0.7 * 700)`` is 489, so durations are read as the decimals
people write and multiplied exactly.
"""

import itertools
import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "NS_PER_S",
    "ClockMap",
    "exact_rate",
    "n_samples",
    "ns_from_s",
    "s_from_ns",
    "sample_at",
    "sample_times_ns",
    "samples_ns",
]

NS_PER_S = 1_000_000_000


def exact(number: float) -> Fraction:
    """Read a float as the shortest decimal that gives it: 0.7 is seven tenths."""
    if not math.isfinite(number):
        msg = f"expected a finite number, got {number}"
        raise ValueError(msg)
    return Fraction(repr(float(number)))


@lru_cache(maxsize=256)
def exact_rate(sampling_rate: float) -> Fraction:
    """Read a rate as a fraction with a denominator of at most a million (64.006 Hz exists)."""
    return exact(sampling_rate).limit_denominator(1_000_000)


@lru_cache(maxsize=256)
def n_samples(duration_s: float, sampling_rate: float) -> int:
    """Count the whole samples in a duration, exactly.

    Parameters
    ----------
    duration_s : float
        Seconds, ≥ 0.
    sampling_rate : float
        Hz, > 0.

    Returns
    -------
    int
        ``floor(duration_s * sampling_rate)`` in exact arithmetic. A duration that is the closest
        float to a whole number of samples (``3 / 130``) counts as that number.

    Raises
    ------
    ValueError
        The duration is negative or not finite, or the rate isn't positive.
    """
    if duration_s < 0 or not sampling_rate > 0:
        msg = (
            f"expected duration_s >= 0 and sampling_rate > 0, got {duration_s} and {sampling_rate}"
        )
        raise ValueError(msg)
    rate = exact_rate(sampling_rate)
    count = exact(duration_s) * rate
    nearest = round(count)
    if float(nearest / rate) == float(duration_s):
        return nearest
    return math.floor(count)


@lru_cache(maxsize=256)
def ns_from_s(seconds: float) -> int:
    """Give seconds as integer nanoseconds, rounded to the nearest."""
    return round(exact(seconds) * NS_PER_S)


def s_from_ns(nanoseconds: int) -> float:
    """Give integer nanoseconds as seconds."""
    return nanoseconds / NS_PER_S


def sample_times_ns(start_ns: int, count: int, sampling_rate: float) -> NDArray[np.int64]:
    """Give the time of each sample of a regular stream.

    Parameters
    ----------
    start_ns : int
        Time of sample 0.
    count : int
        Number of samples.
    sampling_rate : float
        Hz.

    Returns
    -------
    numpy.ndarray, (count,), int64
        ``start_ns + floor(i / sampling_rate)``; the error never accumulates.
    """
    rate = exact_rate(sampling_rate)
    step = NS_PER_S * rate.denominator
    whole, part = divmod(step, rate.numerator)
    index = np.arange(count, dtype=np.int64)
    # split so that index * remainder stays far inside 63 bits for any real recording
    return start_ns + index * whole + (index * part) // rate.numerator


def samples_ns(count: int, sampling_rate: float) -> int:
    """Give the time that a count of samples takes, in whole nanoseconds, rounded down."""
    rate = exact_rate(sampling_rate)
    return count * NS_PER_S * rate.denominator // rate.numerator


def sample_at(time_ns: int, start_ns: int, sampling_rate: float) -> int:
    """Give the index of the first sample of a regular stream at or after a time.

    Parameters
    ----------
    time_ns, start_ns : int
        The time asked for, and the time of sample 0.
    sampling_rate : float
        Hz.

    Returns
    -------
    int
        Smallest i ≥ 0 whose exact time ``start_ns + i / sampling_rate`` is ≥ `time_ns`, to the
        nanosecond that `sample_times_ns` rounds down to.
    """
    if time_ns <= start_ns:
        return 0
    rate = exact_rate(sampling_rate)
    # t_i = floor(i * NS / rate) >= d  <=>  i >= d * rate / NS; whole numbers are quicker
    return -(-(time_ns - start_ns) * rate.numerator // (rate.denominator * NS_PER_S))


@dataclass(frozen=True, slots=True)
class ClockMap:
    """One straight piece of the map from a device's clock to the host's.

    Attributes
    ----------
    device_ns, host_ns : int
        A pair of readings on the line.
    rate_ppm : float
        How much faster the host's clock runs than the device's, in parts per million.
    residual_ns : int
        Ninetieth percentile of arrival minus line: how late packets usually come.
    """

    device_ns: int = 0
    host_ns: int = 0
    rate_ppm: float = 0.0
    residual_ns: int = 0

    def to_host_ns(self, device_ns: int) -> int:
        """Give the host time of a device time."""
        elapsed = device_ns - self.device_ns
        return self.host_ns + elapsed + round(elapsed * self.rate_ppm * 1e-6)

    @staticmethod
    def fit(device_ns: NDArray[np.int64], arrival_ns: NDArray[np.int64]) -> "ClockMap":
        """Fit the line that lies under all arrivals and closest to them.

        A radio never delivers early, so the earliest arrivals carry the clock and the mean
        carries the traffic. The constant minimum delay can't be seen one way and stays in.

        Parameters
        ----------
        device_ns : numpy.ndarray, (n,), int64
            The device's own stamps, strictly increasing.
        arrival_ns : numpy.ndarray, (n,), int64
            When each was received, on the host's monotonic clock.

        Returns
        -------
        ClockMap
            The lower-envelope line with the smallest mean residual.

        Raises
        ------
        ValueError
            No pairs, unequal lengths, or stamps that don't increase.

        Notes
        -----
        The best supporting line of the lower convex hull is the hull edge that spans the mean
        device time (linear programming in two variables), found in O(n).
        """
        if device_ns.size == 0 or device_ns.shape != arrival_ns.shape:
            msg = f"expected as many stamps as arrivals, got {device_ns.shape}, {arrival_ns.shape}"
            raise ValueError(msg)
        if np.any(np.diff(device_ns) <= 0):
            msg = "expected strictly increasing device stamps"
            raise ValueError(msg)
        origin_device, origin_host = int(device_ns[0]), int(arrival_ns[0])
        x = (device_ns - origin_device).astype(np.float64)
        # the excess over a perfect clock is small, so doubles lose nothing
        y = ((arrival_ns - origin_host) - (device_ns - origin_device)).astype(np.float64)
        hull = _lower_hull(x, y)
        mean_x = float(x.mean())
        slope, at = 0.0, hull[0]
        for left, right in itertools.pairwise(hull):
            if x[left] <= mean_x <= x[right]:
                slope = float((y[right] - y[left]) / (x[right] - x[left]))
                at = left
                break
        late = y - (y[at] + slope * (x - x[at]))
        return ClockMap(
            device_ns=int(device_ns[at]),
            host_ns=int(arrival_ns[at]),
            rate_ppm=slope * 1e6,
            residual_ns=round(float(np.quantile(late, 0.9))),
        )


def _lower_hull(x: NDArray[np.float64], y: NDArray[np.float64]) -> list[int]:
    """Give the indices of the lower convex hull of points sorted by x."""
    hull: list[int] = []
    for i in range(x.size):
        while len(hull) >= 2:
            a, b = hull[-2], hull[-1]
            if (x[b] - x[a]) * (y[i] - y[a]) - (y[b] - y[a]) * (x[i] - x[a]) > 0:
                break
            hull.pop()
        hull.append(i)
    return hull
