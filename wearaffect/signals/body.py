"""What windows of acceleration and skin temperature say."""

import numpy as np
from numpy.typing import NDArray

from wearaffect.signals.rows import Matrix, Vector, mean, quantile, slope_per_min, sorted_rows

__all__ = [
    "MOTION_FEATURES",
    "TEMPERATURE_FEATURES",
    "motion_features",
    "second_spreads",
    "temperature_features",
]

MOTION_FEATURES = ("acc_motion", "acc_peak", "acc_still")
TEMPERATURE_FEATURES = ("temp_slope",)

_STILL_G = 0.01
_LEAST_S = 10


def motion_features(acc: NDArray[np.float64], sampling_rate: float) -> dict[str, Vector]:
    """Describe movement in windows, without posture.

    Parameters
    ----------
    acc : numpy.ndarray, (n_windows, 3, n_samples)
        Acceleration, g; NaN in gaps.
    sampling_rate : float
        Hz.

    Returns
    -------
    dict of str to numpy.ndarray, (n_windows,)
        ``acc_motion`` (natural logarithm of the mean over seconds of the standard deviation of
        magnitude, g), ``acc_peak`` (the same, 95th percentile over seconds), ``acc_still`` (share
        of seconds below 0.01 g, engineering choice). NaN with under 10 s of signal. The direction
        of gravity is left out on purpose: in a laboratory it tells which task is on.
    """
    spread = second_spreads(acc, sampling_rate)
    ordered, count = sorted_rows(spread)
    still = np.where(np.isfinite(spread), (spread < _STILL_G).astype(float), np.nan)
    features = {
        "acc_motion": np.log(np.maximum(mean(spread), 1e-3)),
        "acc_peak": np.log(np.maximum(quantile(ordered, count, 0.95), 1e-3)),
        "acc_still": mean(still),
    }
    for values in features.values():
        values[count < _LEAST_S] = np.nan
    return features


def second_spreads(acc: NDArray[np.float64], sampling_rate: float) -> Matrix:
    """Give the standard deviation of acceleration's magnitude in each second of windows.

    Parameters
    ----------
    acc : numpy.ndarray, (n_windows, 3, n_samples)
        Acceleration, g; NaN in gaps.
    sampling_rate : float
        Hz.

    Returns
    -------
    numpy.ndarray, (n_windows, n_seconds)
        g; NaN where a sample is missing.
    """
    second = max(1, round(sampling_rate))
    usable = acc.shape[2] // second
    squares = acc[:, :, : usable * second] ** 2
    magnitude = np.sqrt(squares.sum(axis=1))
    return np.asarray(magnitude.reshape(acc.shape[0], usable, second).std(axis=2))


def temperature_features(temp: Matrix, sampling_rate: float) -> dict[str, Vector]:
    """Describe the course of skin temperature in windows.

    Parameters
    ----------
    temp : numpy.ndarray, (n_windows, n_samples)
        Low-passed skin temperature, degC; NaN in gaps.
    sampling_rate : float
        Hz.

    Returns
    -------
    dict of str to numpy.ndarray, (n_windows,)
        ``temp_slope`` (degC/min). NaN with under 10 s of signal. The level is left out on
        purpose: it drifts with time on the wrist and would tell the clock.
    """
    times_s = np.broadcast_to(np.arange(temp.shape[1]) / sampling_rate, temp.shape)
    slope = slope_per_min(temp, times_s)
    slope[np.isfinite(temp).sum(axis=1) < _LEAST_S * sampling_rate] = np.nan
    return {"temp_slope": slope}
