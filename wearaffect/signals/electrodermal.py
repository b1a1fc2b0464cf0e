"""What a window of skin conductance says: level, slope and skin conductance responses."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["EDA_FEATURES", "eda_features", "find_scrs", "level_at_end"]

EDA_FEATURES = (
    "eda_level",
    "eda_slope",
    "eda_sd",
    "scr_count",
    "scr_amplitude",
    "scr_sum",
    "eda_driver",
)

_SCR_MIN_US = 0.03
_DRIVER_DECAY_S = 2.77


def find_scrs(eda: NDArray[np.float64], sampling_rate: float) -> NDArray[np.float64]:
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
        Onset s, peak s (from the start of the window) and amplitude µS of every rise of at least
        0.03 µS, an absolute threshold in the range 0.01-0.05 µS of Boucsein et al. 2012
        (doi 10.1111/j.1469-8986.2012.01384.x). A rise doesn't reach across a gap.
    """
    at = np.flatnonzero(np.isfinite(eda))
    runs = np.split(at, np.flatnonzero(np.diff(at) > 1) + 1)
    found = [_rises(eda[run], int(run[0]), sampling_rate) for run in runs if run.size >= 3]
    return np.concatenate([np.empty((0, 3)), *found])


def _rises(level: NDArray[np.float64], first: int, sampling_rate: float) -> NDArray[np.float64]:
    """Give the rises of a gap-free piece that starts at a sample."""
    step = np.sign(np.diff(level))
    # a plateau goes on in the direction it came from
    for i in np.flatnonzero(step == 0):
        step[i] = step[i - 1] if i else 0
    turn = np.flatnonzero(np.diff(step) != 0) + 1
    corners = np.concatenate([[0], turn, [level.size - 1]])
    rise = level[corners[1:]] - level[corners[:-1]]
    big = rise >= _SCR_MIN_US
    onset, peak = first + corners[:-1][big], first + corners[1:][big]
    return np.stack([onset / sampling_rate, peak / sampling_rate, rise[big]], axis=1)


def eda_features(eda: NDArray[np.float64], sampling_rate: float) -> dict[str, float]:
    """Describe skin conductance in one window.

    Parameters
    ----------
    eda : numpy.ndarray, (n_samples,)
        Low-passed skin conductance, µS; NaN in gaps.
    sampling_rate : float
        Hz.

    Returns
    -------
    dict of str to float
        ``eda_level`` (natural logarithm of the mean in µS), ``eda_slope`` (µS/min), ``eda_sd``
        (logarithm, µS), ``scr_count`` (1/min), ``scr_amplitude`` (logarithm of the mean of
        responses, µS; that of the threshold where there are none), ``scr_sum`` (logarithm of
        summed amplitudes per minute plus 0.03, µS/min, so that none is a number) and
        ``eda_driver`` (logarithm of the mean positive part of ``y' + y_ac / 2.77 s``, where y_ac
        is the level above the lowest that follows in the window: the sudomotor input of a one-pole
        skin with the fast time constant of Amin & Faghih 2022, doi 10.1371/journal.pcbi.1010275).
        NaN with under 10 s of signal.
        Logarithms because amplitudes differ between people by factors, not by sums.
    """
    good = np.isfinite(eda)
    if good.sum() < 10 * sampling_rate:
        return dict.fromkeys(EDA_FEATURES, float("nan"))
    level = eda[good]
    time_min = np.flatnonzero(good) / sampling_rate / 60
    centred = time_min - time_min.mean()
    minutes = level.size / sampling_rate / 60
    scrs = find_scrs(eda, sampling_rate)
    amplitude = scrs[:, 2]
    phasic = level - np.minimum.accumulate(level[::-1])[::-1]
    follows = np.diff(np.flatnonzero(good)) == 1
    driver = (np.diff(level) * sampling_rate + phasic[1:] / _DRIVER_DECAY_S)[follows]
    return {
        "eda_level": _log(level.mean()),
        "eda_slope": float(centred @ (level - level.mean()) / (centred @ centred)),
        "eda_sd": _log(level.std()),
        "scr_count": float(amplitude.size / minutes),
        "scr_amplitude": _log(amplitude.mean() if amplitude.size else _SCR_MIN_US),
        "scr_sum": _log(_SCR_MIN_US + amplitude.sum() / minutes),
        "eda_driver": _log(np.maximum(driver, 0).mean()),
    }


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


def _log(value: float) -> float:
    """Natural logarithm with a floor below anything an electrode resolves."""
    return float(np.log(max(float(value), 1e-3)))
