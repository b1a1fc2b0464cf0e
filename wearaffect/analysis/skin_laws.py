"""The law of a sample that a burst made: an exponential part and a normal rest."""

import math

import numpy as np
from numpy.typing import NDArray

from wearaffect.analysis.compiled import compiled

__all__ = ["burst_given", "log_sum"]

Array = NDArray[np.float64]

_FAR = -30.0  # where the normal tail is taken from its asymptote


@compiled
def _log_normal_cdf(z: float) -> float:
    if z > _FAR:
        return math.log(0.5 * math.erfc(-z / math.sqrt(2.0)))
    return -0.5 * z * z - math.log(-z * math.sqrt(2.0 * math.pi))


@compiled
def burst_given(surprise: float, spread: float, reach: float) -> tuple[float, float, float]:
    """Give log density of a surprise that a burst made, and mean and variance of its part in it.

    The part is exponential of mean `reach`, the rest normal of variance `spread`.
    """
    deviation = math.sqrt(spread)
    z = surprise / deviation - deviation / reach
    below = _log_normal_cdf(z)
    log_density = below - math.log(reach) - (surprise - 0.5 * spread / reach) / reach
    if z <= _FAR:
        return log_density, -deviation / z, spread / (z * z)
    mills = math.exp(-0.5 * z * z - 0.5 * math.log(2.0 * math.pi) - below)
    return log_density, deviation * (z + mills), spread * max(1.0 - mills * (z + mills), 1e-12)


@compiled
def log_sum(a: Array, b: Array) -> float:
    """Give the logarithm of the sum of what two arrays hold the logarithms of."""
    top = max(a.max(), b.max())
    total = 0.0
    for value in a:
        total += math.exp(value - top)
    for value in b:
        total += math.exp(value - top)
    return float(top + math.log(total))
