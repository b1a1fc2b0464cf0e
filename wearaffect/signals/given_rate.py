"""Heart rate as a device gives it, in windows that have no pulse wave to find beats in."""

from dataclasses import replace

import numpy as np

from wearaffect.core.streams import SignalKind
from wearaffect.signals.batches import WindowBatch
from wearaffect.signals.rows import (
    Matrix,
    Vector,
    mean,
    only_where,
    quantile,
    sd,
    slope_per_min,
    sorted_rows,
)

__all__ = ["HEART_RATE_RANGE", "given_rate_features", "pulse_first"]

HEART_RATE_RANGE = (30.0, 220.0)
"""What a heart does between deep sleep and exhaustion, 1/min (engineering choice)."""

_LEAST_S = 10.0


def pulse_first(batch: WindowBatch) -> WindowBatch:
    """Take given heart rate out of every window that has any pulse wave: beats say more.

    Parameters
    ----------
    batch : WindowBatch
        As it was cut.

    Returns
    -------
    WindowBatch
        With heart rate in the windows without a pulse wave, and without the kind if there are none.
    """
    rate, pulse = (batch.signals.get(kind) for kind in (SignalKind.HR, SignalKind.BVP))
    if rate is None or pulse is None:
        return batch
    coverage = np.where(pulse.coverage > 0, 0.0, rate.coverage)
    signals = dict(batch.signals)
    if coverage.any():
        signals[SignalKind.HR] = replace(rate, coverage=coverage)
    else:
        del signals[SignalKind.HR]
    return replace(batch, signals=signals)


def given_rate_features(rate: Matrix, sampling_rate: float) -> dict[str, Vector]:
    """Describe heart rate in windows by its samples.

    Parameters
    ----------
    rate : numpy.ndarray, (n_windows, n_samples)
        Heart rate, 1/min; NaN in gaps. What lies outside `HEART_RATE_RANGE` doesn't count.
    sampling_rate : float
        Hz.

    Returns
    -------
    dict of str to numpy.ndarray, (n_windows,)
        The ``hr_`` rows of `wearaffect.signals.cardiac.HEART_FEATURES`, of samples in place of
        beats: the mean over time is 60 / the mean interval. A device smooths what it gives, so
        spread and outer percentiles lie closer to the median than those of beats. NaN with under
        10 s of heart rate.
    """
    low, high = HEART_RATE_RANGE
    rate = np.where((rate >= low) & (rate <= high), rate, np.nan)
    ordered, count = sorted_rows(rate)
    times_s = np.arange(rate.shape[1])[None] / sampling_rate
    features = {
        "hr_mean": mean(rate),
        "hr_median": quantile(ordered, count, 0.5),
        "hr_p10": quantile(ordered, count, 0.1),
        "hr_p90": quantile(ordered, count, 0.9),
        "hr_sd": sd(rate, ddof=1),
        "hr_slope": slope_per_min(rate, times_s),
    }
    return only_where(count >= _LEAST_S * sampling_rate, features)
