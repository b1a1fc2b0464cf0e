"""What a window of acceleration and skin temperature says."""

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "MOTION_FEATURES",
    "TEMPERATURE_FEATURES",
    "motion_features",
    "temperature_features",
]

MOTION_FEATURES = ("acc_motion", "acc_peak", "acc_still")
TEMPERATURE_FEATURES = ("temp_slope",)

_STILL_G = 0.01


def motion_features(acc: NDArray[np.float64], sampling_rate: float) -> dict[str, float]:
    """Describe movement in one window, without posture.

    Parameters
    ----------
    acc : numpy.ndarray, (3, n_samples)
        Acceleration, g; NaN in gaps.
    sampling_rate : float
        Hz.

    Returns
    -------
    dict of str to float
        ``acc_motion`` (natural logarithm of the mean over seconds of the standard deviation of
        magnitude, g), ``acc_peak`` (the same, 95th percentile over seconds), ``acc_still`` (share
        of seconds below 0.01 g, engineering choice). NaN with under 10 s of signal. The direction
        of gravity is left out on purpose: in a laboratory it tells which task is on.
    """
    second = round(sampling_rate)
    usable = acc.shape[1] // second
    magnitude = np.sqrt((acc[:, : usable * second] ** 2).sum(axis=0)).reshape(usable, second)
    magnitude = magnitude[np.isfinite(magnitude).all(axis=1)]
    if magnitude.shape[0] < 10:
        return dict.fromkeys(MOTION_FEATURES, float("nan"))
    spread = magnitude.std(axis=1)
    return {
        "acc_motion": float(np.log(max(spread.mean(), 1e-3))),
        "acc_peak": float(np.log(max(float(np.quantile(spread, 0.95)), 1e-3))),
        "acc_still": float((spread < _STILL_G).mean()),
    }


def temperature_features(temp: NDArray[np.float64], sampling_rate: float) -> dict[str, float]:
    """Describe the course of skin temperature in one window.

    Parameters
    ----------
    temp : numpy.ndarray, (n_samples,)
        Low-passed skin temperature, degC; NaN in gaps.
    sampling_rate : float
        Hz.

    Returns
    -------
    dict of str to float
        ``temp_slope`` (degC/min). NaN with under 10 s of signal. The level is left out on
        purpose: it drifts with time on the wrist and would tell the clock.
    """
    good = np.isfinite(temp)
    if good.sum() < 10 * sampling_rate:
        return {"temp_slope": float("nan")}
    time_min = np.flatnonzero(good) / sampling_rate / 60
    centred = time_min - time_min.mean()
    return {"temp_slope": float(centred @ (temp[good] - temp[good].mean()) / (centred @ centred))}
