"""What windows of skin conductance say: level, slope and skin conductance responses."""

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.streams import SignalKind
from wearaffect.signals.feature import Feature
from wearaffect.signals.rows import Matrix, Vector, mean, only_where, sd, slope_per_min

__all__ = ["EDA_FEATURES", "eda_features", "find_scrs", "level_at_end"]

_SCR = "threshold in the range of Boucsein et al. 2012, doi 10.1111/j.1469-8986.2012.01384.x"
_SKIN = "fast time constant of Amin & Faghih 2022, doi 10.1371/journal.pcbi.1010275"
_CHOICE = "engineering choice"


def _row(name: str, unit: str, formula: str, source: str = _CHOICE) -> Feature:
    return Feature(name, SignalKind.EDA, unit, formula, source)


# Logarithms because amplitudes differ between people by factors, not by sums.
EDA_FEATURES = (
    _row("eda_level", "ln uS", "log of the mean"),
    _row("eda_slope", "uS/min", "least-squares slope"),
    _row("eda_sd", "ln uS", "log of the SD, ddof 0"),
    _row("scr_count", "1/min", "rises of at least 0.03 uS from a trough to the next peak", _SCR),
    _row("scr_amplitude", "ln uS", "log of their mean; of 0.03 uS where there are none", _SCR),
    _row("scr_sum", "ln uS/min", "log of their sum per minute plus 0.03 uS", _SCR),
    _row(
        "eda_driver",
        "ln uS/s",
        "log of the mean positive part of y' + (y - lowest that follows) / 2.77 s",
        _SKIN,
    ),
)

_SCR_MIN_US = 0.03
_DRIVER_DECAY_S = 2.77


_LEAST_S = 10.0


def find_scrs(eda: Vector, sampling_rate: float) -> Matrix:
    """Find skin conductance responses as rises from a trough to the next peak.

    Parameters
    ----------
    eda : numpy.ndarray, (n_samples,)
        Low-passed skin conductance, µS; NaN in gaps.
    sampling_rate : float
        Hz.

    Returns
    -------
    numpy.ndarray, (n_scr, 3)
        Onset s, peak s (from the start) and amplitude µS of every rise of at least 0.03 µS, an
        absolute threshold in the range 0.01-0.05 µS of Boucsein et al. 2012
        (doi 10.1111/j.1469-8986.2012.01384.x). A rise doesn't reach across a gap.
    """
    if eda.size < 2:
        return np.empty((0, 3))
    step = np.sign(np.diff(eda))
    # a plateau goes on in the direction it came from
    index = np.arange(step.size)
    moving = np.maximum.accumulate(np.where(step != 0, index, 0))
    step = step[moving]
    # sides differ at a peak, a trough, and where a gap begins or ends (NaN differs from all)
    padded = np.concatenate([[np.nan], step, [np.nan]])
    corner = np.flatnonzero((padded[1:] != padded[:-1]) & np.isfinite(eda))
    gaps = np.cumsum(np.isnan(eda))
    onset, peak = corner[:-1], corner[1:]
    rise = eda[peak] - eda[onset]
    big = (rise >= _SCR_MIN_US) & (gaps[onset] == gaps[peak])
    return np.stack([onset[big] / sampling_rate, peak[big] / sampling_rate, rise[big]], axis=1)


def eda_features(eda: Matrix, sampling_rate: float) -> dict[str, Vector]:
    """Describe skin conductance in windows.

    Parameters
    ----------
    eda : numpy.ndarray, (n_windows, n_samples)
        Low-passed skin conductance, µS; NaN in gaps.
    sampling_rate : float
        Hz.

    Returns
    -------
    dict of str to numpy.ndarray, (n_windows,)
        The rows of `EDA_FEATURES`. NaN with under 10 s of signal.
    """
    n_windows, n_samples = eda.shape
    count = np.isfinite(eda).sum(axis=1)
    minutes = np.maximum(count, 1) / sampling_rate / 60
    times_s = np.arange(n_samples)[None] / sampling_rate
    # one sample of nothing between windows keeps their responses apart
    apart = np.pad(eda, ((0, 0), (0, 1)), constant_values=np.nan)
    scrs = find_scrs(apart.ravel(), 1.0)
    window = scrs[:, 0].astype(np.int64) // (n_samples + 1)
    n_scrs = np.bincount(window, minlength=n_windows)
    total = np.bincount(window, scrs[:, 2], minlength=n_windows)
    features = {
        "eda_level": _log(mean(eda)),
        "eda_slope": slope_per_min(eda, times_s),
        "eda_sd": _log(sd(eda)),
        "scr_count": n_scrs / minutes,
        "scr_amplitude": _log(np.where(n_scrs > 0, total / np.maximum(n_scrs, 1), _SCR_MIN_US)),
        "scr_sum": _log(_SCR_MIN_US + total / minutes),
        "eda_driver": _log(mean(np.maximum(_driver(eda, sampling_rate), 0))),
    }
    return only_where(count >= _LEAST_S * sampling_rate, features)


def _driver(eda: Matrix, sampling_rate: float) -> Matrix:
    """Sudomotor input of a one-pole skin, µS/s, at every sample that follows another."""
    phasic = eda - np.fmin.accumulate(eda[:, ::-1], axis=1)[:, ::-1]
    return np.diff(eda, axis=1) * sampling_rate + phasic[:, 1:] / _DRIVER_DECAY_S


def level_at_end(eda: NDArray[np.float32], sampling_rate: float) -> float:
    """Give the last known conductance of the last second of a window.

    Parameters
    ----------
    eda : numpy.ndarray, (n_samples,)
        Skin conductance, µS; NaN in gaps.
    sampling_rate : float
        Hz.

    Returns
    -------
    float
        µS; NaN where the last second is missing.
    """
    tail = eda[-max(1, round(sampling_rate)) :]
    known = tail[np.isfinite(tail)]
    return float(known[-1]) if known.size else float("nan")


def _log(value: Vector) -> Vector:
    """Natural logarithm with a floor below anything an electrode resolves."""
    return np.asarray(np.log(np.maximum(value, 1e-3)))
