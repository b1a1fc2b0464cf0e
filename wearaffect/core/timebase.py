"""Time, and the only place where seconds become samples.

Time inside the library is an integer count of nanoseconds on the host's monotonic clock (or, for a
recording, since its own start). ``int(0.7 * 700)`` is 489, so durations are read as the decimals
people write and multiplied exactly.
"""

import math
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "NS_PER_S",
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
